"""A database server of a test's own, that can be stopped and started again."""

import contextlib
import getpass
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol
from urllib.parse import quote

import pymysql

from deploy.native import database, keyring
from deploy.native.places import Places
from inkstone.config import DatabaseAddress
from tests.servers import answers, free_port, wait_for


class Server(Protocol):
    """A server that is running; its data outlive a stop."""

    url: str

    def stop(self) -> None: ...

    def start(self) -> None: ...


@contextlib.contextmanager
def mariadb(*options: str) -> Iterator[Server]:
    """A private MariaDB."""
    folder = Path(tempfile.mkdtemp(prefix="ink-db-", dir="/tmp"))
    server = _MariaDB(Places(folder, "127.0.0.1", 0), options)
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder)


class _MariaDB:
    def __init__(self, places: Places, options: Sequence[str]) -> None:
        places.make()
        keyring.ensure(places)
        database.prepare(places)
        self.url = keyring.read(places, "migrate_database_url")
        self._places = places
        self._options = options
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        if self._process:
            return
        command = ["mariadbd", f"--defaults-file={self._places.etc / 'mysql.cnf'}", *self._options]
        with (self._places.log / "mysql.log").open("a") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        wait_for(lambda: answers(self.url), "an answer of MariaDB")

    def stop(self) -> None:
        """At once, as a crash would."""
        if self._process:
            self._process.kill()
            self._process.wait()
            self._process = None


def as_root(server: Server, statements: str) -> None:
    """What only root may do, who is whoever started a private MariaDB and comes by its socket."""
    socket = DatabaseAddress.parse(server.url).unix_socket
    client = ["mariadb", "--no-defaults", f"--socket={socket}", f"--user={getpass.getuser()}", "inkstone"]
    subprocess.run([*client, "-e", statements], check=True)


@contextlib.contextmanager
def mysql(*options: str) -> Iterator["MySQL"]:
    """A MySQL 9.7 in a container."""
    server = MySQL(free_port(), secrets.token_urlsafe(12), options)
    try:
        server.start()
        yield server
    finally:
        server.remove()


class MySQL:
    def __init__(self, port: int, password: str, options: Sequence[str]) -> None:
        # The port is ours to choose: one that Docker chose would be another after a restart.
        self.url = f"mysql://ink:{quote(password)}@127.0.0.1:{port}/inkstone"
        settings = ("ROOT_PASSWORD", password), ("PASSWORD", password), ("USER", "ink"), ("DATABASE", "inkstone")
        environment = [option for name, value in settings for option in ("-e", f"MYSQL_{name}={value}")]
        publish = f"127.0.0.1:{port}:3306"
        self.container = _docker("create", "--publish", publish, *environment, "mysql:9.7", *options)

    def start(self) -> None:
        _docker("start", self.container)
        wait_for(lambda: answers(self.url), "an answer of MySQL")

    def stop(self) -> None:
        """At once, as a crash would."""
        _docker("stop", "--timeout", "0", self.container)

    def remove(self) -> None:
        _docker("rm", "--force", "--volumes", self.container)


def _docker(*arguments: str) -> str:
    return subprocess.run(["docker", *arguments], check=True, capture_output=True, text=True).stdout.strip()


def connect(url: str) -> "pymysql.Connection[pymysql.cursors.Cursor]":
    """A plain connection, past all that is tested."""
    address = DatabaseAddress.parse(url)
    return pymysql.connect(
        host=address.host,
        port=address.port,
        user=address.user,
        password=address.password,
        database=address.name,
        unix_socket=address.unix_socket,
        connect_timeout=5,
        autocommit=True,
    )


def run(url: str, sql: str) -> list[tuple[object, ...]]:
    """The rows of one statement."""
    with contextlib.closing(connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute(sql)
        return list(cursor.fetchall())


def empty(url: str) -> None:
    """Take every table away."""
    for (table,) in run(url, "SHOW TABLES"):
        run(url, f"DROP TABLE `{table}`")
