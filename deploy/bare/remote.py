"""A host and what is done there: every command is shown, none is run in a dry run, and what goes wrong is one line."""

import shlex
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from typing import BinaryIO

import paramiko
from fabric import Connection
from invoke.exceptions import UnexpectedExit
from invoke.runners import Result
from paramiko import ssh_exception

from deploy.bare.layout import DEPLOYER, RUN, USER
from deploy.native.problems import ProblemError

# Between two signs of life, so that a connection that is gone is noticed.
SIGN_OF_LIFE = 15
CHUNK = 1 << 20

_REFUSED = "{host} takes no key of yours for the user {user}: {hint}, or name the key with -i"
# What paramiko raises, words in it, and what a person is told; the first that fits.
_EXPLANATIONS: list[tuple[type[Exception] | tuple[type[Exception], ...], str, str]] = [
    (socket.gaierror, "", "there is no host {host}: look at the name after -H ({error})"),
    (
        ssh_exception.BadHostKeyException,
        "",
        "{host} shows another key than the one you know: somebody may be in between. If the host was made anew:"
        " ssh-keygen -R {known_as}",
    ),
    (
        ssh_exception.PasswordRequiredException,
        "",
        "the key has a passphrase: add it to ssh-agent (ssh-add), or give --prompt-for-passphrase",
    ),
    (ssh_exception.AuthenticationException, "", _REFUSED),
    (paramiko.SSHException, "No authentication methods", _REFUSED),
    (
        paramiko.SSHException,
        "not found in known_hosts",
        "the key of {host} is not known yet: connect once by hand, compare what it shows, and say yes:"
        " ssh -p {port} {user}@{host}",
    ),
    (
        (ssh_exception.NoValidConnectionsError, TimeoutError),
        "",
        "{host} can't be reached at port {port}: is it up, does sshd listen there, is a firewall in between? ({error})",
    ),
]


class Host:
    """One host, as one user."""

    def __init__(self, connection: Connection, *, dry_run: bool) -> None:
        self.connection = connection
        self.dry_run = dry_run
        self.name = connection.host

    def open(self) -> "Host":
        """Connect, to a host whose key is known only."""
        client = self.connection.client
        client.set_missing_host_key_policy(paramiko.RejectPolicy())
        with self._problems():
            client.load_system_host_keys()
            for path in self.connection.ssh_config.get("userknownhostsfile", "").split():
                if Path(path).expanduser().exists():
                    client.load_system_host_keys(str(Path(path).expanduser()))
            self.connection.open()
            self.connection.transport.set_keepalive(SIGN_OF_LIFE)
        return self

    def as_deployer(self) -> "Host":
        """The same host, as the user who deploys."""
        mine = self.connection
        other = Connection(
            mine.original_host,
            user=DEPLOYER,
            port=mine.port,
            config=mine.config,
            gateway=mine.gateway or None,
            connect_timeout=mine.connect_timeout,
            connect_kwargs=mine.connect_kwargs,
        )
        return Host(other, dry_run=self.dry_run).open()

    def look(self, command: str) -> str:
        """What a command says that changes nothing; so it runs in a dry run too. Empty where it fails."""
        done = self._run(command, hide=True)
        return str(done.stdout).strip() if done.ok else ""

    def holds(self, command: str) -> bool:
        """Whether a command that changes nothing succeeds."""
        return bool(self._run(command, hide=True).ok)

    def do(self, what: str, command: str, shown: str = "", content: str = "") -> None:
        """Change something, and say so; a failure is told with what the command said last. It may read `content`."""
        self.say(what)
        if self.dry_run:
            print(shown or f"    would run: {command}")
            return
        done = self._run(command, hide=True, content=content)
        if not done.ok:
            raise ProblemError(f"{self.name}: {what} failed: {_reason(done)}")

    def blog(self, what: str, release: str, *words: str) -> None:
        """Do a step that the host's own code knows, as the user who runs the blog; it tells itself what it does."""
        command = blogs_command(release, *words)
        self.say(what)
        if self.dry_run:
            print(f"    would run: {command}")
        elif not self._run(command, hide=False).ok:
            raise ProblemError(f"{self.name}: {what} failed (above: why)")

    def outlasting(self, what: str, command: str, log: str) -> int:
        """Do what goes on to its end on the host though the connection is lost; its status, and 0 in a dry run."""
        self.say(what)
        if self.dry_run:
            print(f"    would run: {command}")
            return 0
        detached = f"setsid {command} >>{log} 2>&1 </dev/null & pid=$!"
        followed = f": >{log}; {detached}; tail -n +1 -s 0.2 -f --pid=$pid {log}; wait $pid"
        return int(self._run(followed, hide=False).exited)

    def show(self, command: str) -> None:
        """Let a command that changes nothing speak for itself."""
        if self.dry_run:
            print(f"    would run: {command}")
        elif not self._run(f"cd / && {command}", hide=False).ok:
            raise ProblemError(f"{self.name}: it could not be shown (above: why)")

    def say(self, what: str) -> None:
        """Tell what happens now."""
        print(f"{self.name}: {'(dry run) ' if self.dry_run else ''}{what}", flush=True)

    def put(self, what: str, path: Path, target: str) -> None:
        """Upload a file."""
        self.say(f"{what} ({path.stat().st_size / 1e6:.1f} MB)")
        with self._problems():
            self.connection.put(str(path), target)

    def write(self, command: str, source: BinaryIO) -> None:
        """Run a command that reads a file of ours on its standard input."""
        with self._channel(command) as channel:
            while chunk := source.read(CHUNK):
                with self._problems():
                    channel.sendall(chunk)
            with self._problems():
                channel.shutdown_write()
                self._ended(channel, command)

    def read(self, command: str, target: BinaryIO) -> None:
        """Run a command whose standard output becomes a file of ours."""
        with self._channel(command) as channel:
            while chunk := self._received(channel, CHUNK):
                target.write(chunk)
            with self._problems():
                self._ended(channel, command)

    @contextmanager
    def held(self, command: str) -> Iterator[str]:
        """A command that goes on until the block ends, or the connection; its first words."""
        with self._channel(command) as channel:
            yield self._received(channel, 1000).decode(errors="replace").strip()

    def close(self) -> None:
        """End the connection."""
        self.connection.close()

    def _run(self, command: str, *, hide: bool, content: str = "") -> Result:
        read = StringIO(content) if content else False
        with self._problems():
            done: Result = self.connection.run(command, hide=hide, warn=True, in_stream=read, encoding="utf-8")
        if done.exited == -1:
            raise ProblemError(
                f"{self.name}: the connection was lost; what runs there ends by itself: then the same command again"
            )
        return done

    @contextmanager
    def _channel(self, command: str) -> Iterator[paramiko.Channel]:
        with self._problems():
            channel = self.connection.transport.open_session()
            channel.exec_command(command)
        try:
            yield channel
        finally:
            channel.close()

    def _received(self, channel: paramiko.Channel, size: int) -> bytes:
        with self._problems():
            return bytes(channel.recv(size))

    def _ended(self, channel: paramiko.Channel, command: str) -> None:
        if status := channel.recv_exit_status():
            why = channel.recv_stderr(2000).decode(errors="replace").strip()
            raise ProblemError(f"{self.name}: {why or f'{command}: status {status}'}")

    @contextmanager
    def _problems(self) -> Iterator[None]:
        try:
            yield
        except (OSError, EOFError, paramiko.SSHException, UnexpectedExit) as error:
            raise ProblemError(self._explain(error)) from error

    def _explain(self, error: Exception) -> str:
        for kinds, words, explanation in _EXPLANATIONS:
            if isinstance(error, kinds) and words in str(error):
                mine = self.connection
                facts = {"host": self.name, "port": mine.port, "user": mine.user, "known_as": _known_as(mine)}
                return explanation.format(error=error, hint=self._hint(), **facts)
        return f"the connection to {self.name} failed: {str(error) or type(error).__name__}"

    def _hint(self) -> str:
        if self.connection.user == DEPLOYER:
            return f"run `fab -H root@{self.name} setup` first, which lets in whoever may sign in as root there"
        return "name another user, as in -H root@…"


def blogs_command(release: str, *words: str) -> str:
    """A command of that release, as the user who runs the blog; / is a folder that this one may be in."""
    return f"cd / && sudo -n -u {USER} {RUN} {shlex.join([release, *words])}"


def _reason(done: Result) -> str:
    """The last line that a command said, or the one about a full disk, of which others may only be a consequence."""
    said = (done.stderr or done.stdout).strip().splitlines() or [f"status {done.exited}"]
    return next((line for line in said if "No space left on device" in line), said[-1])


def warn(text: str) -> None:
    """Tell what is not as it should be."""
    print(f"warning: {text}", file=sys.stderr, flush=True)


def _known_as(connection: Connection) -> str:
    return connection.host if connection.port == 22 else shlex.quote(f"[{connection.host}]:{connection.port}")
