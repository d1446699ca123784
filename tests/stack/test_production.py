"""docker-compose.production.yml: TLS in nginx, and services that come back by themselves"""

import os
import shutil
import ssl
import stat
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from deploy.native import certificate
from tests.native.stacks import ROOT, wait_for
from tests.stack.production import Production, unverified
from tests.stack.small import last_line

pytestmark = [pytest.mark.xdist_group("stack"), pytest.mark.engine]

TWO_YEARS = "max-age=63072000"
HOOK = ROOT / "deploy/containers/certificates.sh"
TOKEN = Path("webroot/.well-known/acme-challenge/token")


@pytest.fixture(scope="module")
def production(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Production]:
    folder = tmp_path_factory.mktemp("production")
    folder.chmod(0o755)
    stack = Production(folder / "certificates")
    try:
        stack.compose("build")
        stack.start(1)
        yield stack
    finally:
        stack.end()


def test_browsers_trust_the_certificate_and_speak_http_2(production: Production) -> None:
    trusting = ssl.create_default_context(cafile=str(production.certificates / "fullchain.pem"))
    # It is its own authority, and not one that says so for others.
    trusting.verify_flags &= ~ssl.VERIFY_X509_STRICT
    trusting.set_alpn_protocols(["h2", "http/1.1"])

    with production.greet(trusting) as greeted:
        assert greeted.selected_alpn_protocol() == "h2"
        assert greeted.version() == "TLSv1.3"


def test_old_versions_of_tls_are_refused(production: Production) -> None:
    old, older = unverified(), unverified()
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    # A client that would do it: whoever refuses is the server.
    older.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning):
        older.minimum_version = older.maximum_version = ssl.TLSVersion.TLSv1_1

    with production.greet(old) as greeted:
        assert greeted.version() == "TLSv1.2"
    with pytest.raises(ssl.SSLError, match="ALERT_PROTOCOL_VERSION"):
        production.greet(older)


@pytest.mark.parametrize("path", ["/", "/post/none", "/api/me", "/metrics", "/static/none.css", "/post/" + "x" * 9000])
def test_every_answer_over_tls_says_to_stay_with_it(production: Production, path: str) -> None:
    assert production.ask(path).headers["strict-transport-security"] == TWO_YEARS


def test_a_page_of_nginx_itself_says_so_too(production: Production) -> None:
    reply = production.ask("/api/media", "POST", b"x" * 7_000_000)

    assert (reply.status, reply.headers["strict-transport-security"]) == (413, TWO_YEARS)


@pytest.mark.parametrize("host", ["localhost", "evil.example"])
def test_plain_http_leads_to_the_blogs_own_address(production: Production, host: str) -> None:
    reply = production.plain.ask("/post/a%20b?q=1&r=%2F", host=host)

    assert reply.status == 308
    assert reply.headers["location"] == f"https://{production.host}/post/a%20b?q=1&r=%2F"
    assert "strict-transport-security" not in reply.headers


def test_an_authority_finds_what_it_asked_for(production: Production) -> None:
    (production.certificates / TOKEN).parent.mkdir(parents=True)
    (production.certificates / TOKEN).write_text("the answer")

    reply = production.plain.ask("/.well-known/acme-challenge/token")

    assert (reply.status, reply.body) == (200, b"the answer")
    for path in ("none", "../../../privkey.pem", "..%2f..%2f..%2fprivkey.pem"):
        answer = production.plain.ask(f"/.well-known/acme-challenge/{path}")
        assert (answer.status == 200, b"PRIVATE" in answer.body) == (False, False)


def test_signing_in_over_https(production: Production) -> None:
    credentials = {"email": "admin@example.org", "password": production.secret("admin_password")}

    reply = production.send("POST", "/api/authenticate", credentials)

    cookie = reply.headers["set-cookie"]
    assert cookie.startswith("__Host-inkstone_session=")
    assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= {part.strip() for part in cookie.split(";")}
    assert production.api("GET", "/api/me").json()["role"] == "administrator"
    assert f'<link rel="canonical" href="https://{production.host}/">'.encode() in production.ask("/").body


def test_a_new_certificate_is_shown_after_a_signal_and_nobody_notices(production: Production) -> None:
    before = production.shown()
    failed, stop = [], threading.Event()

    def read() -> None:
        while not stop.is_set():
            try:
                if production.ask("/healthz").status != 200:
                    failed.append("an answer")
            except OSError as error:
                failed.append(repr(error))

    reader = threading.Thread(target=read)
    reader.start()
    try:
        renewed = production.renew()
        assert production.shown() == before
        production.compose("kill", "--signal=HUP", "nginx")
        wait_for(lambda: production.shown() == renewed)
    finally:
        stop.set()
        reader.join()

    assert failed == []
    assert renewed.public_bytes(Encoding.PEM) == (production.certificates / "fullchain.pem").read_bytes()


def test_what_certbot_renewed_is_taken_over(production: Production, tmp_path: Path) -> None:
    renewed = certificate.write(tmp_path, "localhost")
    root = [] if os.geteuid() == 0 else ["sudo", "--preserve-env"]
    try:
        production.run(*root, "env", f"RENEWED_LINEAGE={tmp_path}", str(HOOK), str(production.certificates))

        # The key belongs to nginx, and nobody else may read it.
        facts = (production.certificates / "privkey.pem").stat()
        assert (facts.st_uid, stat.S_IMODE(facts.st_mode)) == (101, 0o400)
        wait_for(lambda: production.shown() == renewed)
    finally:
        production.run(*root, "chown", str(os.getuid()), str(production.certificates / "privkey.pem"))
        production.run(*root, "chmod", "644", str(production.certificates / "privkey.pem"))
    assert "privkey.pem" not in production.compose("logs", "nginx")


def no_certificate(folder: Path) -> None:
    (folder / "fullchain.pem").unlink()


def unreadable_key(folder: Path) -> None:
    (folder / "privkey.pem").chmod(0)


def other_key(folder: Path) -> None:
    certificate.write(folder / "other", "localhost")
    shutil.copy(folder / "other/privkey.pem", folder / "privkey.pem")


def key_of_another_kind(folder: Path) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    form = (Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "privkey.pem").write_bytes(key.private_bytes(*form))


def no_pem(folder: Path) -> None:
    (folder / "privkey.pem").write_text("nonsense")


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (no_certificate, "there is no fullchain.pem in the folder of certificates: put it there"),
        (unreadable_key, "privkey.pem can't be read by nginx, which is user 101 in here"),
        (other_key, "privkey.pem is not the key of the certificate in fullchain.pem"),
        (key_of_another_kind, "privkey.pem is not the key of the certificate in fullchain.pem"),
        (no_pem, "privkey.pem is no key in PEM form"),
    ],
)
def test_a_bad_certificate_is_one_line(
    production: Production, tmp_path: Path, spoil: Callable[[Path], None], reason: str
) -> None:
    tmp_path.chmod(0o755)
    certificate.write(tmp_path, "localhost")
    (tmp_path / "privkey.pem").chmod(0o644)
    spoil(tmp_path)

    done = production.attempt(
        "docker", "compose", "run", "--rm", "--no-deps", "-T", "nginx", CERTIFICATES=str(tmp_path)
    )

    assert done.returncode == 1
    assert reason in last_line(done.stderr)
    assert done.stderr.count("inkstone: ") == 1
    assert done.stdout == ""


@pytest.mark.parametrize("url", ["http://localhost", "https://localhost/blog", "localhost", ""])
def test_an_address_that_is_not_https_is_refused(production: Production, url: str) -> None:
    done = production.attempt("docker", "compose", "run", "--rm", "--no-deps", "-T", "nginx", INKSTONE_SITE_URL=url)

    assert done.returncode != 0
    assert "INKSTONE_SITE_URL" in last_line(done.stderr)
    assert "https://blog.example.org" in last_line(done.stderr)


def test_nginx_gives_the_reason_each_time_and_recovers_by_itself(production: Production) -> None:
    key = production.certificates / "privkey.pem"
    good = key.read_bytes()
    key.write_text("nonsense")
    try:
        production.run("docker", "restart", *production.containers("nginx"))
        wait_for(lambda: production.facts("nginx")[0]["RestartCount"] >= 2)
        said = production.compose("logs", "--no-log-prefix", "--tail=2", "nginx").splitlines()
    finally:
        key.write_bytes(good)

    assert [line.partition(", or")[0] for line in said] == ["inkstone: privkey.pem is no key in PEM form"] * 2
    wait_for(production.serves)


@pytest.mark.parametrize("service", ["web", "mysql", "nginx"])
def test_what_was_killed_comes_back_by_itself(production: Production, service: str) -> None:
    before = production.facts(service)[0]
    kill = f"import os; os.kill({before['State']['Pid']}, 9)"

    # Not by docker kill, which the engine takes for a person's wish.
    production.run(
        "docker", "run", "--rm", "--pid=host", "--network=none", "--user=0", "--cap-drop=ALL", "--cap-add=KILL",
        f"inkstone-web:{production.project}", "python", "-c", kill,
    )  # fmt: skip

    wait_for(lambda: production.facts(service)[0]["RestartCount"] == before["RestartCount"] + 1)
    wait_for(lambda: production.serves("/readyz"))


def test_web_with_a_bad_setting_gives_the_reason_each_time(production: Production) -> None:
    up = ("docker", "compose", "up", "--detach", "--wait", "--no-deps", "web")
    try:
        done = production.attempt(*up, INKSTONE_SESSION_DAYS="soon")
        wait_for(lambda: production.facts("web")[0]["RestartCount"] >= 2)
        restarts = production.facts("web")[0]["RestartCount"]
        said = production.compose("logs", "--no-log-prefix", "web").splitlines()
    finally:
        production.start(1)

    assert done.returncode != 0
    reasons = [line for line in said if line.startswith("inkstone: ")]
    assert set(reasons) == {"inkstone: INKSTONE_SESSION_DAYS makes no sense: it is a whole number from 1 to 365."}
    assert len(reasons) >= restarts
    assert [line for line in said if "ERROR" in line or "Traceback" in line] == []


def test_jobs_never_loop(production: Production) -> None:
    said = production.run("docker", "compose", "ps", "--all", "--format={{.Service}} {{.ID}}").splitlines()
    jobs = [line.split()[1] for line in said if line.split()[0] in {"secrets", "migrate"}]

    policies = production.run("docker", "inspect", "--format={{.HostConfig.RestartPolicy.Name}}", *jobs).split()

    assert policies == ["no", "no"]
