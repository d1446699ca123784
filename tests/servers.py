"""Real servers for the tests: a database, and the application as gunicorn runs it."""

import atexit
import contextlib
import functools
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import deploy.native.nginx
from deploy.native import database, keyring
from deploy.native.places import Places
from inkstone.config import DatabaseAddress

ROOT = Path(__file__).parents[1]
KEYS = ("the first key signs and is long enough", "the second key only verifies as after a change")
SITE_URL = "http://blog.test"
PASSWORD = "correct horse battery"  # everybody's
PATIENCE = 90


def wait_for(happened: Callable[[], bool], what: str) -> None:
    """Wait until something has happened; the limit only keeps a broken test from waiting for ever."""
    deadline = time.monotonic() + PATIENCE
    while not happened():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} did not happen within {PATIENCE} s")
        time.sleep(0.05)


@contextlib.contextmanager
def mariadb(*, durable: bool = False) -> Iterator[str]:
    """A private MariaDB; the URL of its empty database, as a user who may change the schema.

    One that is durable waits for the disk at each COMMIT, as the blog's own does.
    """
    folder = Path(tempfile.mkdtemp(prefix="ink-db-", dir="/tmp"))
    places = Places(folder, "127.0.0.1", 0)
    places.make()
    keyring.ensure(places)
    shutil.copytree(_files(), places.data)
    database.prepare(places)
    with (places.log / "mysql.log").open("w") as log:
        flush = f"--innodb-flush-log-at-trx-commit={1 if durable else 2}"
        command = ["mariadbd", f"--defaults-file={places.etc / 'mysql.cnf'}", flush]
        server = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
    try:
        url = keyring.read(places, "migrate_database_url")
        wait_for(lambda: answers(url), "an answer of MariaDB")
        yield url
    finally:
        server.send_signal(signal.SIGKILL)
        server.wait()
        shutil.rmtree(folder)


@functools.cache
def _files() -> Path:
    """A new server's, made once: most of the time until it runs goes into them."""
    folder = Path(tempfile.mkdtemp(prefix="ink-files-", dir="/tmp"))
    atexit.register(shutil.rmtree, folder)
    places = Places(folder, "127.0.0.1", 0)
    places.make()
    keyring.ensure(places)
    database.prepare(places)
    return places.data


@contextlib.contextmanager
def mysql() -> Iterator[str]:
    """A MySQL 9.7 in a container of its own; the URL of its empty database."""
    password = secrets.token_urlsafe(12)
    environment = [f"MYSQL_{name}={password}" for name in ("ROOT_PASSWORD", "PASSWORD")]
    options = [
        option for value in [*environment, "MYSQL_USER=ink", "MYSQL_DATABASE=inkstone"] for option in ("-e", value)
    ]
    run = ["docker", "run", "--rm", "--detach", "--publish", "127.0.0.1::3306", *options, "mysql:9.7"]
    # Nobody will miss this data: no log for replicas, and no waiting for the disk.
    hasty = ["--skip-log-bin", "--innodb-flush-log-at-trx-commit=0", "--innodb-doublewrite=OFF"]
    container = _output([*run, "--character-set-server=utf8mb4", *hasty])
    try:
        port = _output(["docker", "port", container, "3306/tcp"]).rpartition(":")[2]
        url = f"mysql://ink:{quote(password)}@127.0.0.1:{port}/inkstone"
        wait_for(lambda: answers(url), "an answer of MySQL")
        yield url
    finally:
        subprocess.run(["docker", "kill", container], check=False, capture_output=True)


def _output(command: list[str]) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def answers(url: str) -> bool:
    """Whether the server greets; before it's ready, Docker's proxy accepts a connection and hangs up."""
    address = DatabaseAddress.parse(url)
    family, place = (
        (socket.AF_UNIX, address.unix_socket) if address.unix_socket else (socket.AF_INET, (address.host, address.port))
    )
    with socket.socket(family) as connection:
        connection.settimeout(5)
        try:
            connection.connect(place)
            return connection.recv(1) != b""
        except OSError:
            return False


@contextlib.contextmanager
def gunicorn(
    database_url: str, application: str = "tests.detecting:application", *, says_to: int | None = None, **settings: str
) -> Iterator["Blog"]:
    """The application with one worker; `settings` are further INKSTONE_ settings, by their plain names.

    What it says goes into a file, or to a descriptor.
    """
    environment = {name: value for name, value in os.environ.items() if not name.startswith("INKSTONE_")}
    wanted = {"DATABASE_URL": database_url, "SECRET_KEYS": ",".join(KEYS), "SITE_URL": SITE_URL, "WORKERS": "1"}
    with tempfile.TemporaryDirectory(prefix="ink-web-", dir="/tmp") as folder:
        wanted |= {"BIND": f"unix:{folder}/web.sock", "DATABASE_POOL_SIZE": "8"} | settings
        environment |= {f"INKSTONE_{name}": value for name, value in wanted.items()}
        environment["PYTHONPATH"] = f"{ROOT}:{ROOT / 'services' / 'web'}"
        log = Path(folder, "log")
        command = [
            sys.executable,
            "-m",
            "gunicorn",
            "--config",
            str(ROOT / "services/web/gunicorn.conf.py"),
            application,
        ]
        with log.open("w") as output:
            said = output if says_to is None else says_to
            process = subprocess.Popen(command, env=environment, stdout=said, stderr=said, stdin=subprocess.DEVNULL)
        blog = Blog(Path(folder, "web.sock"), log, process)
        try:
            yield blog
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait()


class Blog:
    """A running application."""

    def __init__(self, path: Path, log: Path, process: "subprocess.Popen[bytes]") -> None:
        self.socket = path
        self.process = process
        self._log = log

    @property
    def log(self) -> str:
        """All that it has said so far."""
        return self._log.read_text(errors="replace")

    def wait(self) -> "Blog":
        """Wait until it answers; raises RuntimeError with what it said, where it has ended instead."""
        wait_for(lambda: self.alive() or self.process.poll() is not None, "the start of the application")
        if self.process.poll() is not None:
            raise RuntimeError(self.log)
        return self

    def alive(self) -> bool:
        """Whether it answers GET /healthz."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(5)
            try:
                connection.connect(str(self.socket))
                connection.sendall(b"GET /healthz HTTP/1.0\r\n\r\n")
                return b" 200 " in connection.recv(100)
            except OSError:
                return False


@contextlib.contextmanager
def nginx(web: Path) -> Iterator["Front"]:
    """nginx as it stands before the application on one machine; `web` is the application's socket."""
    with tempfile.TemporaryDirectory(prefix="ink-front-", dir="/tmp") as folder:
        places = Places(Path(folder), "127.0.0.1", free_port())
        places.make()
        deploy.native.nginx.prepare(places)
        front = Front(places)
        front.lead_to(web)
        front.start()
        try:
            yield front
        finally:
            front.stop()


def free_port() -> int:
    """A TCP port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]  # type: ignore[no-any-return]


class Front:
    """A running nginx."""

    def __init__(self, places: Places) -> None:
        self.port = places.port
        self._places = places
        self._process: subprocess.Popen[bytes] | None = None

    def lead_to(self, web: Path) -> None:
        """Have the application at this socket answer from now on."""
        self._places.web_socket.unlink(missing_ok=True)
        self._places.web_socket.symlink_to(web)

    def start(self) -> None:
        with (self._places.log / "nginx.log").open("a") as log:
            command = deploy.native.nginx.command(self._places)
            self._process = process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        wait_for(lambda: self.listens() or process.poll() is not None, "the start of nginx")
        if process.poll() is not None:
            raise RuntimeError((self._places.log / "nginx.log").read_text())

    def listens(self) -> bool:
        """Whether it takes a connection."""
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=5).close()
        except OSError:
            return False
        return True

    def stop(self) -> None:
        if self._process:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait()
            self._process = None
