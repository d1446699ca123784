"""The servers that are measured, all on 127.0.0.1 and gone at the end."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from deploy.native import nginx
from deploy.native.places import Places
from inkstone.config import DatabaseAddress
from inkstone.storage.migrate import migrate
from tests.bench.load import children
from tests.servers import KEYS, ROOT, mariadb

HOST = "127.0.0.1"
APPLICATION = "inkstone.app:application"
POOL_SIZE = 32
_PATIENCE = 60
_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True)
class Server:
    """A running master with workers; `url` has no slash at its end, and nginx has the application `behind` it."""

    process: "subprocess.Popen[bytes]"
    url: str
    log: Path
    behind: "Server | None" = None

    @property
    def workers(self) -> list[int]:
        """The processes that do the work, for as long as the server runs."""
        return workers(self.process.pid)

    def wait(self, path: str) -> "Server":
        """Wait until a path is answered with success; raises RuntimeError with what the server said, where it isn't."""
        deadline = time.monotonic() + _PATIENCE
        while not succeeds(self.url + path):
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{self.url}{path} is not answered: {self.log.read_text(errors='replace')[-2000:]}")
            time.sleep(0.02)
        return self


def workers(master: int) -> list[int]:
    """The processes of a server that do the work."""
    return [pid for pid in children(master) if not _passing(pid)]


def _passing(pid: int) -> bool:
    """nginx starts a process that looks through its cache and ends."""
    return b"cache loader" in Path(f"/proc/{pid}/cmdline").read_bytes()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def fetch(url: str, **headers: str) -> bytes:
    """The body of an answer, as it was sent."""
    request = urllib.request.Request(url, headers={name.replace("_", "-"): value for name, value in headers.items()})  # noqa: S310
    with _direct.open(request, timeout=10) as answer:
        body: bytes = answer.read()
        return body


def etag(url: str) -> str:
    """The ETag of an answer."""
    with _direct.open(url, timeout=10) as answer:
        found: str = answer.headers["ETag"]
        return found


def succeeds(url: str) -> bool:
    """Whether there is an answer, and it is a success."""
    try:
        fetch(url)
    except OSError:
        return False
    return True


@contextlib.contextmanager
def database(*, durable: bool = False) -> Iterator[str]:
    """The URL of a private database with the schema and nothing in it."""
    with mariadb(durable=durable) as url:
        migrate(DatabaseAddress.parse(url), wait_seconds=60, progress=lambda _: None)
        yield url


@contextlib.contextmanager
def gunicorn(application: str, database_url: str, **settings: str) -> Iterator[Server]:
    """An application with one worker, by the blog's own gunicorn.conf.py; `settings` are environment variables."""
    url = f"http://{HOST}:{free_port()}"
    wanted = {"INKSTONE_BIND": url.removeprefix("http://"), "INKSTONE_SITE_URL": url, "INKSTONE_WORKERS": "1"}
    command = [sys.executable, "-m", "gunicorn", "-c", str(ROOT / "services/web/gunicorn.conf.py"), application]
    with running(command, url, environment(database_url) | wanted | settings) as server:
        yield server


def environment(database_url: str) -> dict[str, str]:
    """This process's environment with the application's settings in place of those that are there."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("INKSTONE_")}
    return kept | {
        "PYTHONPATH": f"{ROOT}:{ROOT / 'services' / 'web'}",
        "INKSTONE_DATABASE_URL": database_url,
        "INKSTONE_DATABASE_POOL_SIZE": str(POOL_SIZE),
        "INKSTONE_SECRET_KEYS": KEYS[0],
    }


@contextlib.contextmanager
def site(database_url: str) -> Iterator[Server]:
    """The application behind the nginx that `make run` would start, with its own configuration."""
    with tempfile.TemporaryDirectory(prefix="ink-bench-") as folder:
        places = Places(Path(folder), HOST, free_port())
        places.make()
        nginx.prepare(places)
        behind = gunicorn(APPLICATION, database_url, INKSTONE_BIND=f"unix:{places.web_socket}")
        with behind as web, running(nginx.command(places), places.url.removesuffix("/")) as server:
            yield replace(server, behind=web)


@contextlib.contextmanager
def running(command: list[str], url: str, env: dict[str, str] | None = None) -> Iterator[Server]:
    """A server for as long as it is needed."""
    with tempfile.TemporaryDirectory(prefix="ink-bench-") as folder:
        log = Path(folder, "log")
        with log.open("wb") as output:
            process = subprocess.Popen(command, env=env, stdout=output, stderr=output, stdin=subprocess.DEVNULL)
        try:
            yield Server(process, url, log)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait()


def database_pid(url: str) -> int:
    """The process of a private database, by its URL."""
    path = DatabaseAddress.parse(url).unix_socket
    if path is None:
        raise ValueError("a private database has a socket")
    return int(Path(path).with_name("mysql.pid").read_text())
