"""The cache contract: what pages say about how long they may be kept, by whom, and in which form"""

import gzip

import aiohttp
import pytest

from tests.conftest import Browser, visit
from tests.samples import SAMPLES

PUBLIC = "public, max-age=0, s-maxage=1, stale-while-revalidate=1, stale-if-error=86400"
FOR_ALL = [
    "/", "/post/hello", "/tag/tea", "/archive", "/archive/2026-01", "/author/Alice", "/search?q=tea", "/feed.atom",
    "/feed.rss", "/feed.json", "/sitemap.xml", "/sitemap/2026-01.xml", "/robots.txt", "/register", "/signin",
]  # fmt: skip
FOR_MACHINES = {"GET /healthz", "GET /readyz", "GET /metrics"}
READING = [
    address
    for address, sample in SAMPLES.items()
    if address.startswith("GET /") and sample.status == 200 and address not in FOR_MACHINES
]
POST = {"tags": ["tea"], "published_at": "2026-01-02T03:04:05Z", "content": "Tea. " * 500}


@pytest.fixture(autouse=True)
async def _post(cast, write):
    await write(cast.alice, **POST)


@pytest.mark.parametrize("path", FOR_ALL)
async def test_a_visitors_page_is_everybodys_for_a_second(client: Browser, path):
    reply = await client.get(path)

    assert reply.status == 200
    assert reply.headers["Cache-Control"] == PUBLIC
    assert reply.headers["Vary"] == "Accept-Encoding, Cookie"
    assert reply.headers["ETag"].startswith('W/"')
    assert "X-Accel-Expires" not in reply.headers
    assert "Set-Cookie" not in reply.headers


@pytest.mark.parametrize("path", FOR_ALL)
async def test_nginx_keeps_a_page_until_the_second_ends_in_which_it_asked(client: Browser, path):
    asked = {"X-Request-Start": "t=1795363200.987"}  # by its own clock, whatever ours says

    page = await client.get(path, headers=asked)
    again = await client.get(path, headers=asked | {"If-None-Match": page.headers["ETag"]})

    assert (page.status, again.status) == (200, 304)
    assert page.headers["X-Accel-Expires"] == again.headers["X-Accel-Expires"] == "@1795363200"


@pytest.mark.parametrize("asked", ["", "t=", "1795363200.987", "t=x.000", "t=-1.000", "t=1795363200"])
async def test_who_does_not_say_when_is_not_told(client: Browser, asked):
    reply = await client.get("/", headers={"X-Request-Start": asked})

    assert (reply.status, "X-Accel-Expires" in reply.headers) == (200, False)


@pytest.mark.parametrize("path", FOR_ALL)
async def test_what_has_not_changed_is_not_sent_again(client: Browser, path):
    etag = (await client.get(path)).headers["ETag"]

    for header in (etag, f'"other", {etag}'):
        reply = await client.get(path, headers={"If-None-Match": header})
        assert (reply.status, reply.body) == (304, b"")
        assert reply.headers["ETag"] == etag
        assert reply.headers["Cache-Control"] == PUBLIC
        assert reply.headers["Vary"] == "Accept-Encoding, Cookie"
    assert (await client.get(path, headers={"If-None-Match": '"other"'})).status == 200


@pytest.mark.parametrize(
    "path", ["/", "/post/hello", "/tag/tea", "/author/Alice", "/feed.atom", "/feed.rss", "/feed.json"]
)
async def test_what_has_changed_is(client: Browser, browsers, cast, path):
    etag = (await client.get(path)).headers["ETag"]

    alice = browsers().sign_in(cast.alice)
    listed = (await alice.get("/api/posts")).json["items"][0]
    change = {"name": "Changed", "tags": ["tea"], "status": "published"}
    assert (await alice.put(f"/api/posts/{listed['id']}", json=change, headers={"If-Match": "*"})).status == 200

    assert (await client.get(path, headers={"If-None-Match": etag})).status == 200


class Watch:
    """A reader who looks at every page again and again, and remembers what each ETag stood for."""

    def __init__(self, client: Browser) -> None:
        self._client = client
        self._last: dict[str, bytes] = {}
        self._known: dict[tuple[str, str], bytes] = {}

    async def look(self, *, another: set[str]) -> None:
        """Among the pages that are others now are at least these; raises AssertionError for an ETag of two pages."""
        for path in FOR_ALL:
            page = await self._client.get(path)
            assert self._known.setdefault((path, page.headers.get("ETag", "")), page.body) == page.body, path
            assert path not in another or page.body != self._last[path], path
            self._last[path] = page.body


async def test_an_etag_stands_for_one_page(client: Browser, browsers, cast, database):
    """A page that became another one under the same ETag would be kept by nginx until it changes again."""
    alice, ada = browsers().sign_in(cast.alice), browsers().sign_in(cast.ada)
    post = (await alice.get("/api/posts")).json["items"][0]["id"]
    watch = Watch(client)

    async def save(**changes: object) -> None:
        draft = {"name": "Hello", "slug": "hello", "tags": ["tea"], "status": "published"} | changes
        assert (await alice.put(f"/api/posts/{post}", json=draft, headers={"If-Match": "*"})).status == 200

    async def rename(name: str) -> None:
        async with database.connection() as db:
            await db.run("UPDATE users SET name = %s WHERE id = %s", name, cast.alice.id)

    with_post = {"/", "/post/hello", "/tag/tea", "/feed.atom", "/feed.rss", "/feed.json"}
    with_number = {"/archive", "/archive/2026-01", "/sitemap.xml"}
    await watch.look(another=set())
    await save(content="Other words.")
    await watch.look(another={"/", "/post/hello", "/feed.atom"})
    await save(content="Other words.", name="Another")
    await watch.look(another=with_post)
    comment = await alice.post(f"/api/posts/{post}/comments", json={"content": "Yes."})
    await watch.look(another={"/", "/post/hello"})
    await rename("Alicia")
    await watch.look(another=with_post)
    await rename("Alice")
    assert (await ada.delete(f"/api/comments/{comment.json['id']}")).status == 204
    await watch.look(another=with_post)
    await save(content="Other words.", name="Another", tags=["Tea"])
    await watch.look(another={"/", "/post/hello", "/tag/tea"})
    await save(status="draft")
    await watch.look(another=with_post | with_number)
    await save(published_at="2026-01-02T03:04:05Z")
    await watch.look(another=with_post | with_number)


@pytest.mark.parametrize("path", FOR_ALL)
@pytest.mark.parametrize("cookie", ["good", "bad"])
async def test_with_a_session_cookie_it_is_ones_own(client: Browser, cast, path, cookie):
    if cookie == "good":
        client.sign_in(cast.alice)
    else:
        client.bring("nonsense")

    reply = await client.get(path, headers={"If-None-Match": "*"})

    assert reply.status == 200
    assert reply.headers["Cache-Control"] == "private, no-store"
    assert not {"ETag", "X-Accel-Expires"} & reply.headers.keys()


async def test_other_cookies_do_not_matter(client: Browser):
    reply = await client.get("/", headers={"Cookie": "theme=dark; _ga=1"})

    assert reply.headers["Cache-Control"] == PUBLIC


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/nothing", 404), ("GET", "/?before=x", 422), ("PUT", "/", 405), ("POST", "/signin", 400),
     ("POST", "/manage/posts/new", 401), ("GET", "/post/secret", 404), ("GET", "/static/none.css", 404)],
)  # fmt: skip
async def test_errors_are_kept_by_nobody(client: Browser, method, path, status):
    reply = await client.request(method, path)

    assert reply.status == status
    assert "no-store" in reply.headers["Cache-Control"]
    assert "ETag" not in reply.headers


async def test_the_way_to_the_sign_in_is_kept_by_nobody(client: Browser):
    reply = await client.get("/account")

    assert (reply.status, reply.headers["Cache-Control"]) == (303, "private, no-store")


async def test_an_answer_to_a_form_is_kept_by_nobody(client: Browser, cast):
    wrong = await client.post("/signin", data={"email": "x", "password": "y"})
    right = await client.post("/signin", data={"email": "alice@blog.test", "password": "correct horse battery"})

    for reply, status in ((wrong, 422), (right, 303)):
        assert reply.status == status
        assert "no-store" in reply.headers["Cache-Control"]


@pytest.mark.parametrize("path", FOR_ALL)
@pytest.mark.parametrize("signed_in", [False, True])
async def test_a_compressed_page_is_the_same_page(client: Browser, cast, blog, path, signed_in):
    connector = aiohttp.UnixConnector(str(blog.socket))
    async with aiohttp.ClientSession("http://blog.test", connector=connector, auto_decompress=False) as session:
        browser = Browser(session)
        if signed_in:
            browser.sign_in(cast.alice)
        plain = await browser.get(path, headers={"Accept-Encoding": "identity"})
        packed = await browser.get(path, headers={"Accept-Encoding": "gzip"})

    assert "Content-Encoding" not in plain.headers
    if "Content-Encoding" in packed.headers:
        assert packed.headers["Content-Encoding"] == "gzip"
        assert gzip.decompress(packed.body) == plain.body
        assert len(packed.body) < len(plain.body)
    else:
        assert packed.body == plain.body
        assert len(plain.body) < 1000
    assert packed.headers.get("ETag") == plain.headers.get("ETag")


@pytest.mark.parametrize("path", FOR_ALL)
@pytest.mark.parametrize("encoding", ["identity", "gzip"])
async def test_head_is_get_without_the_body(client: Browser, path, encoding):
    headers = {"Accept-Encoding": encoding}
    get, head = [await client.request(method, path, headers=headers) for method in ("GET", "HEAD")]

    assert (head.status, head.body) == (200, b"")
    for name in ("Content-Type", "Cache-Control", "ETag", "Vary", "Content-Length"):
        if name in head.headers:
            assert head.headers[name] == get.headers[name]


@pytest.mark.parametrize("path", ["/", "/post/hello", "/search?q=tea", "/tag/tea"])
async def test_an_unknown_argument_leaves_no_trace(client: Browser, path):
    separator = "&" if "?" in path else "?"

    plain, marked = await client.get(path), await client.get(f"{path}{separator}utm_source=x&fbclid=<y>")

    assert marked.body == plain.body
    assert marked.headers["ETag"] == plain.headers["ETag"]


@pytest.mark.parametrize("address", READING)
async def test_a_page_is_guarded(client: Browser, cast, scene, address):
    reply = await scene.play(client.sign_in(cast.ada), address)

    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    if reply.headers["Content-Type"].startswith("text/html"):
        policy = reply.headers["Content-Security-Policy"]
        assert "default-src 'self'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "object-src 'none'" in policy
        assert "unsafe" not in policy
        assert reply.headers["Referrer-Policy"] == "strict-origin-when-cross-origin"


async def test_a_post_that_is_gone_is_gone_from_every_list(client: Browser, cast, browsers):
    alice = browsers().sign_in(cast.alice)
    listed = (await alice.get("/api/posts")).json["items"][0]
    await alice.delete(f"/api/posts/{listed['id']}")

    for path in ("/", "/author/Alice", "/feed.atom", "/archive/2026-01", "/search?q=tea", "/sitemap/2026-01.xml"):
        assert "/post/hello" not in (await client.get(path)).text
    assert (await client.get("/post/hello")).status == 404


async def test_behind_https_its_own_cookie_counts(private_blog):
    async with visit(private_blog) as browsers:
        plain = await browsers().get("/", headers={"Cookie": "inkstone_session=x"})
        own = await browsers().get("/", headers={"Cookie": "__Host-inkstone_session=x"})

    assert plain.headers["Cache-Control"] == PUBLIC
    assert own.headers["Cache-Control"] == "private, no-store"
