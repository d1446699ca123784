"""What is planted where secrets are, each time something else, to be looked for in logs."""

from tests.native.stacks import Site

LOCAL = "planted-in-a-local-7d1f"
WORD = "planted-in-words-90ab"
VALUE = "planted-in-a-statement-52c8"
COOKIE = "planted-in-a-cookie-3e6b"
FORM = "planted-in-a-form-c41d"
JSON = "planted-in-json-88f0"
AUTHORIZATION = "planted-in-authorization-19aa"
CSRF = "planted-against-forgery-6f2e"
QUERY = "planted-in-a-query-b7d3"
REFERER = "planted-in-a-referer-a0c5"
BROKEN = "planted-in-a-broken-header-f4e9"
SESSION = f"0193b5f0a5c07000-1893456000-{'5e' * 20}"

ALL = [value for name, value in list(globals().items()) if name.isupper()]


def found(text: str, *more: str) -> list[str]:
    """Which of them, and of other secrets, a log has in it."""
    return [mark for mark in (*ALL, *more) if mark in text]


def plant(site: Site) -> None:
    """Come with a secret wherever one may be."""
    headers = {
        "cookie": f"inkstone_session={SESSION}; other={COOKIE}",
        "authorization": f"Bearer {AUTHORIZATION}",
        "x_csrf_token": CSRF,
        "referer": f"http://{site.host}/?token={REFERER}",
    }
    for path in ("/", "/archive", "/search", "/api/me", "/nothing", "/static/x", "/healthz"):
        site.ask(f"{path}?token={QUERY}", **headers)
    form = f"email=bob%40blog.test&password={FORM}".encode()
    types = {"content_type": "application/x-www-form-urlencoded"}
    for origin in (f"http://{site.host}", "http://evil.test"):
        site.ask(f"/signin?token={QUERY}", "POST", form, origin=origin, **types, **headers)
    site.send("POST", "/api/authenticate", {"email": "bob@blog.test", "password": JSON})
    site.ask(f"/signin?token={QUERY}", "POST", b"x" * (7 * 1024**2), **headers)
    connection = site.connect()
    connection.connect()
    connection.sock.sendall(f"GET /?token={QUERY} HTTP/1.1\r\nCookie: {BROKEN}\x00\r\n\r\n".encode())
    assert b" 400 " in connection.sock.recv(4096)
    connection.close()
