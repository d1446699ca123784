"""Backups: from the host to the deployer's machine, and back."""

import hashlib
import re
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from deploy.bare.layout import TRANSFERS, USER
from deploy.bare.locking import locked
from deploy.bare.remote import Host
from deploy.native.places import ROOT
from deploy.native.problems import ProblemError


def here(file: str) -> Path:
    """Where a backup goes: what was named, or a folder of its own beside the repository's others."""
    if file:
        return Path(file)
    folder = ROOT / "backups"
    folder.mkdir(exist_ok=True)
    return folder


def backup(host: Host, wanted: Path) -> None:
    """Have one made while the blog goes on, fetch it, and take it away there."""
    name = f"inkstone-{datetime.now(UTC):%Y-%m-%dT%H%M%SZ}.tar.gz"
    target = wanted / name if wanted.is_dir() else wanted
    if target.exists():
        raise ProblemError(f"{target} exists already: choose another name, for nothing is overwritten")
    if not target.parent.is_dir():
        raise ProblemError(f"there is no folder {target.parent}")
    there = f"{TRANSFERS}/{name}"
    with _alone(host):
        host.blog("making a backup", "current", "cli", "backup", there)
        host.say(f"fetching it to {target}")
        if not host.dry_run:
            _fetch(host, there, target)


def _fetch(host: Host, there: str, target: Path) -> None:
    unfinished = target.with_name(f"{target.name}.partial")
    unfinished.touch(mode=0o600)
    try:
        with unfinished.open("wb") as file:
            host.read(_as_blog(f"cat {there}"), file)
        with unfinished.open("rb") as file:
            here = hashlib.file_digest(file, "sha256").hexdigest()
        if here != host.look(_as_blog(f"sha256sum {there}")).split(" ")[0]:
            raise ProblemError("what arrived is not what was sent: fetch it again")
        unfinished.rename(target)
    finally:
        unfinished.unlink(missing_ok=True)


def restore(host: Host, source: Path) -> None:
    """Send a backup, and fill an empty blog from it."""
    if not source.is_file():
        raise ProblemError(f"there is no file {source}")
    name = re.sub(r"[^\w.-]", "_", source.name)
    there = f"{TRANSFERS}/{name}"
    with _alone(host):
        host.say(f"sending {source} ({source.stat().st_size / 1e6:.1f} MB)")
        if not host.dry_run:
            with source.open("rb") as file:
                host.write(_as_blog(f"sh -c {shlex.quote(f'umask 077; exec cat >{there}')}"), file)
        host.blog("filling the blog from it", "current", "cli", "restore", there)


@contextmanager
def _alone(host: Host) -> Iterator[None]:
    """While nobody deploys; without what this task leaves there, or an earlier one that was cut short."""
    with locked(host):
        _clear(host)
        try:
            yield
        finally:
            _clear(host)


def _clear(host: Host) -> None:
    if not host.dry_run:
        host.look(_as_blog(f"sh -c 'rm -f {TRANSFERS}/*'"))


def _as_blog(command: str) -> str:
    return f"cd / && sudo -n -u {USER} {command}"
