"""Steps of a setup: each looks whether it is done already, so that a setup may be repeated at any time."""

import hashlib
import shlex
import textwrap
from dataclasses import dataclass
from typing import Protocol

from deploy.bare.remote import Host


class Step(Protocol):
    """What is to be so; `done` asks in a shell of root's, and `command` makes it so, with `content` to read."""

    @property
    def what(self) -> str: ...
    @property
    def done(self) -> str: ...
    @property
    def command(self) -> str: ...
    @property
    def shown(self) -> str: ...
    @property
    def content(self) -> str: ...


@dataclass(frozen=True)
class Command:
    """Anything."""

    what: str
    done: str
    command: str
    shown: str = ""
    content: str = ""


@dataclass(frozen=True)
class Folder:
    """A folder with its owner and its mode; `by` is who makes it, where somebody else than root may write above it."""

    path: str
    owner: str
    mode: str
    by: str = "root"
    content: str = ""

    @property
    def what(self) -> str:
        return f"making the folder {self.path}"

    @property
    def done(self) -> str:
        return _is(self.path, self.owner, self.mode)

    @property
    def command(self) -> str:
        user, group = self.owner.split(":")
        if self.by != "root":
            return f"runuser -u {self.by} -- install -d -m {self.mode} {self.path}"
        return f"install -d -o {user} -g {group} -m {self.mode} {self.path}"

    @property
    def shown(self) -> str:
        return ""


@dataclass(frozen=True)
class File:
    """A file with its content; `check` is a command that has to like it before it is put in place, and `by` as above.

    Its content is never in a command, which everybody on the host may see.
    """

    path: str
    owner: str
    mode: str
    content: str
    check: str = "true"
    by: str = "root"

    @property
    def what(self) -> str:
        return f"writing {self.path}"

    @property
    def done(self) -> str:
        digest = hashlib.sha256(self.content.encode()).hexdigest()
        return f"{_is(self.path, self.owner, self.mode)} && echo '{digest}  {self.path}' | sha256sum --check --status"

    @property
    def command(self) -> str:
        # Put in place whole: whoever reads it meanwhile gets the old one.
        new = f"{self.path}.new"
        owned = f"chown {self.owner} {new} && " if self.by == "root" else ""
        made = (
            f"rm -f {new} && (umask 077 && cat >{new}) && {self.check} {new}"
            f" && {owned}chmod {self.mode} {new} && mv {new} {self.path}"
        )
        return made if self.by == "root" else f"runuser -u {self.by} -- sh -c {shlex.quote(made)}"

    @property
    def shown(self) -> str:
        return f"    would write, for {self.owner}, mode {self.mode}:\n" + textwrap.indent(self.content, "    | ")


def take(host: Host, steps: list[Step]) -> int:
    """Take those that are not done yet; how many that were."""
    taken = 0
    for step in steps:
        if not host.holds(as_root(host, step.done)):
            host.do(step.what, as_root(host, step.command), step.shown, step.content)
            taken += 1
    return taken


def as_root(host: Host, command: str) -> str:
    """The same command in a shell of root's."""
    prefix = "" if host.connection.user == "root" else "sudo -n "
    return f"{prefix}sh -c {shlex.quote(command)}"


def _is(path: str, owner: str, mode: str) -> str:
    return f'test "$(stat -c %U:%G:%a {path} 2>/dev/null)" = {owner}:{mode.lstrip("0")}'
