"""Two MySQL servers in containers, of which one follows the other."""

import contextlib
import secrets
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from tests.restarting import run
from tests.servers import ROOT, answers, free_port, wait_for

IMAGE = "mysql:9.7"
# Ours, as in the images that we build; what is said on the command line comes after it.
CONFIGURATION = [ROOT / "services/mysql" / name for name in ("inkstone.cnf", "container.cnf")]
REPLICATES = ["--log-bin=binlog", "--gtid-mode=ON", "--enforce-gtid-consistency=ON", "--relay-log-recovery=ON"]
# What outlives the server is enough: no machine fails here.
HASTY = ["--innodb-flush-log-at-trx-commit=2", "--sync-binlog=0", "--innodb-doublewrite=OFF"]


class Node:
    """One server; its data outlive a stop."""

    def __init__(self, network: str, number: int, password: str) -> None:
        # The port is ours to choose: one that Docker chose would be another after a restart.
        port = free_port()
        self.url = f"mysql://ink:{quote(password)}@127.0.0.1:{port}/inkstone"
        self._root = f"mysql://root:{quote(password)}@127.0.0.1:{port}/inkstone"
        settings = {"ROOT_PASSWORD": password, "PASSWORD": password, "USER": "ink", "DATABASE": "inkstone"}
        self.name = f"{network}-{number}"
        self._container = docker(
            *("create", f"--name={self.name}", f"--network={network}", f"--publish=127.0.0.1:{port}:3306"),
            *(option for name, value in settings.items() for option in ("-e", f"MYSQL_{name}={value}")),
            *(f"--volume={path}:{Path('/etc/mysql/conf.d', path.name)}:ro" for path in CONFIGURATION),
            *(IMAGE, f"--server-id={number}", *REPLICATES, *HASTY),
        )

    def root(self, statement: str) -> list[tuple[object, ...]]:
        """The rows of a statement that only root may run."""
        return run(self._root, statement)

    def begin(self) -> None:
        docker("start", self._container)

    def start(self) -> None:
        self.begin()
        self.wait()

    def wait(self) -> None:
        """The server that makes the users at the first start has no port."""
        wait_for(lambda: answers(self.url), "an answer of MySQL")

    def stop(self) -> None:
        """At once, as a crash would."""
        docker("kill", self._container)

    def pause(self) -> None:
        """It takes connections and says nothing."""
        docker("pause", self._container)

    def resume(self) -> None:
        docker("unpause", self._container)

    def remove(self) -> None:
        docker("rm", "--force", "--volumes", self._container)


class Pair:
    """A source and its replica, which nobody but replication may write to."""

    def __init__(self, network: str) -> None:
        password = secrets.token_urlsafe(12)
        self.source = Node(network, 1, password)
        self.replica = Node(network, 2, password)
        self._password = password

    def start(self) -> None:
        for node in (self.source, self.replica):
            node.begin()
        for node in (self.source, self.replica):
            node.wait()
            # Each has made its users by itself.
            node.root("RESET BINARY LOGS AND GTIDS")
        self.source.root(f"CREATE USER replication IDENTIFIED BY '{self._password}'")
        self.source.root("GRANT REPLICATION SLAVE ON *.* TO replication")
        self.replica.root(
            f"CHANGE REPLICATION SOURCE TO SOURCE_HOST = '{self.source.name}', SOURCE_USER = 'replication',"
            f" SOURCE_PASSWORD = '{self._password}', SOURCE_AUTO_POSITION = 1, GET_SOURCE_PUBLIC_KEY = 1,"
            " SOURCE_CONNECT_RETRY = 1"
        )
        self.replica.root("START REPLICA")
        # Not from the beginning: the image's entrypoint has users to make.
        self.replica.root("SET PERSIST super_read_only = ON")

    def run_on_replica_alone(self, statement: str) -> None:
        """Make it differ from its source, so that one sees who reads from it."""
        self.replica.root("SET GLOBAL super_read_only = OFF")
        self.replica.root(statement)
        self.replica.root("SET GLOBAL super_read_only = ON")

    @contextlib.contextmanager
    def standing_still(self) -> Iterator[None]:
        """The replica applies nothing."""
        self.replica.root("STOP REPLICA SQL_THREAD")
        try:
            yield
        finally:
            self.replica.root("START REPLICA SQL_THREAD")

    @contextlib.contextmanager
    def late(self) -> Iterator[None]:
        """The replica applies everything ten seconds after it was written."""
        self._delay(10)
        try:
            yield
        finally:
            self._delay(0)

    def _delay(self, seconds: int) -> None:
        self.replica.root("STOP REPLICA SQL_THREAD")
        self.replica.root(f"CHANGE REPLICATION SOURCE TO SOURCE_DELAY = {seconds}")
        self.replica.root("START REPLICA SQL_THREAD")

    def follows(self) -> bool:
        """Whether the replica has run all that its source has."""
        ((done,),) = self.source.root("SELECT @@GLOBAL.gtid_executed")
        return self.replica.root(f"SELECT GTID_SUBSET('{done}', @@GLOBAL.gtid_executed)") == [(1,)]

    def close(self) -> None:
        for node in (self.source, self.replica):
            node.remove()


@contextlib.contextmanager
def mysql() -> Iterator[Pair]:
    """Two servers in a network of their own; the second follows the first."""
    network = f"ink-{secrets.token_hex(4)}"
    docker("network", "create", network)
    try:
        with contextlib.closing(Pair(network)) as pair:
            pair.start()
            yield pair
    finally:
        docker("network", "rm", network)


def docker(*arguments: str) -> str:
    done = subprocess.run(["docker", *arguments], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()
