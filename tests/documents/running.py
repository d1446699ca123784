"""A person at a real terminal, who types what a document says: passwords are asked for, and Ctrl-C works."""

import fcntl
import os
import re
import select
import struct
import subprocess
import termios
import threading
import time
from pathlib import Path

from tests.documents.blocks import ROOT, Block
from tests.native.stacks import environment

# What `make run` and `docker compose up` say when all is there.
STARTED = re.compile(r"Ctrl-C stops it|Inkstone is at http")
ASKED = re.compile(r"(?:Password|Repeat)[^\n]*: $")
TYPING = re.compile(r'and type "(.+)"')
STAYING = {"and stop it", "and stop each", "and keep it running"}
# Generous: images may have to be built while the machine does something else.
PATIENCE = 600.0
CTRL_C = b"\x03"
# Where the tests were started in the background, nobody below them would hear of Ctrl-C.
IN_A_TERMINAL = ["setsid", "--ctty", "--wait", "env", "--default-signal=INT"]


class Program:
    """A script in a terminal of its own."""

    def __init__(self, script: str, folder: Path, variables: dict[str, str]) -> None:
        self.said = ""
        self._terminal, inside = os.openpty()
        fcntl.ioctl(inside, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 200, 0, 0))
        self._process = subprocess.Popen(
            [*IN_A_TERMINAL, "bash", "-c", script],
            cwd=folder,
            env=variables,
            stdin=inside,
            stdout=inside,
            stderr=inside,
        )
        os.close(inside)

    def wait(self, *, typed: str = "", until: re.Pattern[str] | None = None) -> int | None:
        """Answer every question for a password; return the exit status, or None when `until` was said before."""
        deadline = time.monotonic() + PATIENCE
        while self._listen():
            assert time.monotonic() < deadline, self.said
            if typed and ASKED.search(self.said):
                self.type(f"{typed}\n".encode())
            if until and until.search(self.said):
                return None
        return self._process.wait(PATIENCE)

    def type(self, keys: bytes) -> None:
        """Press keys."""
        self.said += "\n"
        os.write(self._terminal, keys)

    def leave(self) -> None:
        """Let it run on, and look away."""
        threading.Thread(target=self._look_away, daemon=True).start()

    def interrupt(self) -> None:
        """Press Ctrl-C and wait for the end, whoever listens meanwhile."""
        self.type(CTRL_C)
        self._process.wait(PATIENCE)

    def _look_away(self) -> None:
        while self._listen():
            pass

    def _listen(self) -> bool:
        """Add what it says to what it has said; False when it has ended."""
        if not select.select([self._terminal], [], [], 1)[0]:
            return True
        try:
            heard = os.read(self._terminal, 65536)
        except OSError:  # nobody is at the other end any more
            return False
        self.said += heard.decode(errors="replace").replace("\r\n", "\n")
        return bool(heard)


class Checkout:
    """A folder in which commands are typed one after the other, beside a repository with what this checkout has now."""

    def __init__(self, home: Path, replacing: dict[str, str] | None = None, **variables: str) -> None:
        self.home = home
        self.folder = home
        self.variables = environment(CURL_HOME=str(home), LC_ALL="C.UTF-8", **variables)
        self.replacing = {"<this repository>": str(publish(home / "repository"))} | (replacing or {})
        self.kept: Program | None = None
        # A status of 400 and more is a failure, here as in the documents.
        (home / ".curlrc").write_text("silent\nshow-error\nfail-with-body\nmax-time = 60\n")

    def clone(self) -> None:
        """What a document takes for done."""
        self.type("git clone <this repository> inkstone\ncd inkstone")

    def run(self, block: Block) -> None:
        """Type a block; what ends with another status than 0 fails."""
        if block.how in STAYING:
            for line in block.lines:
                self.stay(line, keep=block.how == "and keep it running")
            return
        typed = TYPING.fullmatch(block.how)
        assert typed or not block.how, f"{block}: what is “{block.how}”?"
        self.type(block.text, typed=typed[1] if typed else "")

    def type(self, text: str, *, typed: str = "") -> None:
        """Type commands that end."""
        program = self._start(text)
        assert program.wait(typed=typed) == 0, f"{text}\n{program.said}"
        self._remember()

    def stay(self, line: str, *, keep: bool) -> None:
        """Type a command that may stay in the foreground: then it is ended by Ctrl-C when all is there, or kept."""
        program = self._start(line)
        status = program.wait(until=STARTED)
        if status is not None:
            assert status == 0, f"{line}\n{program.said}"
            self._remember()
        elif keep:
            program.leave()
            self.kept = program
        else:
            program.type(CTRL_C)
            program.wait()

    def end(self) -> None:
        """Press Ctrl-C where something was kept running."""
        if self.kept:
            self.kept.interrupt()

    def _start(self, text: str) -> Program:
        """A shell that knows the variables and the folder of the one before it."""
        for written, meant in self.replacing.items():
            text = text.replace(written, meant)
        state = self.home / "variables"
        known = f". '{state}'; " if state.exists() else ""
        save = f"export -p > '{state}'; pwd > '{self.home}/folder'"
        return Program(f"set -eEo pipefail; {known}set -a\n{text}\n{save}", self.folder, self.variables)

    def _remember(self) -> None:
        self.folder = Path((self.home / "folder").read_text().strip())


def publish(folder: Path) -> Path:
    """Make a repository of what this checkout has now, committed or not."""
    names = git(ROOT, "ls-files", "--cached", "--others", "--exclude-standard", "-z").split("\0")
    for name in filter(None, names):
        if (ROOT / name).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes((ROOT / name).read_bytes())
            (folder / name).chmod((ROOT / name).stat().st_mode)
    git(folder, "init", "--quiet", "--initial-branch=main")
    git(folder, "add", "--all")
    git(folder, "-c", "user.name=Test", "-c", "user.email=test@example.org", "commit", "--quiet", "--message=Now")
    return folder


def git(folder: Path, *arguments: str) -> str:
    return subprocess.run(
        ["git", "-C", str(folder), *arguments], check=True, capture_output=True, text=True, env=environment()
    ).stdout
