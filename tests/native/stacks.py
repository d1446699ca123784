"""Starting a stack with make, looking at it, and ending it whatever happens."""

import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[2]
READY = "Ctrl-C stops it"
# Generous: the machine may be doing something else at the same time. Nothing waits longer than it has to.
DEADLINE = 60.0


class Reply(NamedTuple):
    """An answer of the blog; header names in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


class Site:
    """A running blog, asked as a browser or a program would, by the name `host`."""

    def __init__(self, address: str, port: int, host: str, cookie: str = "") -> None:
        self.address = address
        self.port = port
        self.host = host
        self.cookie = cookie

    def secret(self, name: str) -> str:
        """What the stack has made up at its first start."""
        raise NotImplementedError

    def connect(self) -> HTTPConnection:
        return HTTPConnection(self.address, self.port, timeout=DEADLINE)

    def ask(self, path: str, method: str = "GET", body: bytes | None = None, **headers: str) -> Reply:
        """Ask it; keyword `accept_encoding` is the header Accept-Encoding."""
        connection = self.connect()
        sent = {"host": self.host} | {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            connection.request(method, path, body, sent)
            answer = connection.getresponse()
            # Of several headers of one name the last is kept: none of ours comes twice.
            return Reply(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
        finally:
            connection.close()

    def api(self, method: str, path: str, content: Any = None, **headers: str) -> Reply:
        """Ask the API as the administrator."""
        if not self.cookie:
            self.sign_in()
        return self.send(method, path, content, cookie=self.cookie, **headers)

    def sign_in(self) -> None:
        """Sign in with what the stack shows at its start."""
        credentials = {"email": "admin@example.org", "password": self.secret("admin_password")}
        reply = self.send("POST", "/api/authenticate", credentials)
        assert reply.status == 200, reply
        self.cookie = reply.headers["set-cookie"].split(";")[0]

    def send(self, method: str, path: str, content: Any, **headers: str) -> Reply:
        """Ask with JSON, as a page of the blog itself would."""
        body = None if content is None else json.dumps(content).encode()
        return self.ask(path, method, body, content_type="application/json", origin=f"http://{self.host}", **headers)

    def serves(self, path: str = "/healthz") -> bool:
        """True when that address answers 200."""
        try:
            return self.ask(path).status == 200
        except (OSError, HTTPException):
            return False


class Stack(Site):
    """`make run`, or another command, with a VAR and a port of its own, its output in a file."""

    def __init__(self, var: Path, port: int, *, root: Path = ROOT, command: str = "run") -> None:
        super().__init__("127.0.0.1", port, f"127.0.0.1:{port}")
        self.var = var
        self.settings: dict[str, str] = {}
        self.root = root
        self.command = command
        self.output = var.with_name(f"{var.name}.out")
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it says where it is."""
        self.begin()
        wait_for(lambda: READY in self.said() or self.ended(), self.said)
        assert READY in self.said(), self.said()

    def begin(self) -> None:
        """Start it."""
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                ["make", self.command],
                cwd=self.root,
                env=environment(VAR=str(self.var), PORT=str(self.port), **self.settings),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def said(self) -> str:
        """What it has printed so far."""
        return self.output.read_text() if self.output.exists() else ""

    def ended(self) -> bool:
        """True when make has returned."""
        return self.process is not None and self.process.poll() is not None

    def interrupt(self) -> int:
        """Press Ctrl-C, as a terminal does: to the whole foreground group; return make's exit status."""
        assert self.process
        os.killpg(self.process.pid, signal.SIGINT)
        return self.process.wait(DEADLINE)

    def end(self) -> None:
        """End it, by force where it does not want to."""
        if self.process and not self.ended():
            os.killpg(self.process.pid, signal.SIGTERM)
            try:
                self.process.wait(DEADLINE)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
        for pid in self.processes():
            with suppress(ProcessLookupError):  # on its way out already
                os.kill(pid, signal.SIGKILL)

    def processes(self) -> list[int]:
        """Every living process of this stack: it names VAR in its arguments or in its environment."""
        mark = os.fsencode(self.var)
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                text = (folder / "cmdline").read_bytes() + (folder / "environ").read_bytes()
            except OSError:
                continue
            if mark in text and int(folder.name) != os.getpid():
                found.append(int(folder.name))
        return found

    def pid(self, program: str) -> int:
        """The process that Supervisor looks after under that name; 0 while there is none."""
        done = subprocess.run(
            [ROOT / ".venv/bin/supervisorctl", "-c", self.var / "etc/supervisord.conf", "pid", program],
            check=False,  # its status says what the number says
            capture_output=True,
            text=True,
        )
        return int(done.stdout)

    def secret(self, name: str) -> str:
        return (self.var / "secrets" / name).read_text().strip()

    def cli(self, arguments: str, *, cwd: Path = ROOT, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """Run `make cli` as a person in the folder `cwd` does."""
        return subprocess.run(
            ["make", "-C", ROOT, "--no-print-directory", "cli", f"ARGS={arguments}"],
            cwd=cwd,
            env=environment(VAR=str(self.var), PWD=str(cwd)),
            input=stdin,
            check=False,
            capture_output=True,
            text=True,
            timeout=DEADLINE,
        )


def environment(**more: str) -> dict[str, str]:
    """The environment without what an outer make leaves in it."""
    outer = {"MAKEFLAGS", "MAKELEVEL", "MFLAGS", "MAKEOVERRIDES", "VAR", "CALLER"}
    return {name: value for name, value in os.environ.items() if name not in outer} | more


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def wait_for(condition: Callable[[], object], explain: Callable[[], object] = str, deadline: float = DEADLINE) -> None:
    """Wait until the condition holds; fail with what `explain` says."""
    end = time.monotonic() + deadline
    while not condition():
        assert time.monotonic() < end, explain()
        time.sleep(0.05)
