"""What is sent to a host: the last commit, with the package and the editor's build in it."""

import shutil
import subprocess
import sys
import tarfile
from dataclasses import dataclass
from pathlib import Path

from deploy.bare.remote import warn
from deploy.native import install
from deploy.native.places import ROOT
from deploy.native.problems import ProblemError

# What a host needs beside the package: how its programs are started, and what is installed.
SENT = (
    "deploy/bare/files/install-release",
    "deploy/bare/files/take-over",
    "deploy/native",
    "deploy/program.conf.template",
    "deploy/supervisord.conf.template",
    "services/mysql/inkstone.cnf",
    "services/nginx",
    "services/web/gunicorn.conf.py",
    "services/web/requirements.txt",
)
PACKAGE = ("services/web/pyproject.toml", "services/web/inkstone")
EDITOR = "services/web/editor"


@dataclass(frozen=True)
class Archive:
    """A file to send, and the name of the release that it becomes."""

    release: str
    path: Path


def name(now: str) -> str:
    """What the release of the last commit is called; they are sorted by the host's time."""
    commit = _git("rev-parse", "--short=7", "HEAD")
    if changed := _git("status", "--porcelain", "--untracked-files=no"):
        warn(f"only what is committed is sent: {len(changed.splitlines())} changed files stay here")
    return f"{now}-{commit}"


def build(release: str, folder: Path) -> Archive:
    """Make the archive in a folder of its own."""
    _check_editor()
    source, package = folder / "source", folder / "package"
    _extract(SENT, source)
    _extract(PACKAGE, package)
    shutil.copytree(install.STATIC, package / install.STATIC.relative_to(ROOT))
    _wheel(package / "services/web", source / "wheel")
    path = folder / f"{release}.tar.gz"
    with tarfile.open(path, "w:gz", compresslevel=6) as archive:
        archive.add(source, ".", filter=_of_nobody)
    return Archive(release, path)


def _check_editor() -> None:
    """The editor is built in the working tree: it has to be the commit's."""
    if _git("status", "--porcelain", "--", EDITOR):
        raise ProblemError(f"{EDITOR} has changes that are not committed: commit them, or git stash")
    if not install.editor_is_built():
        raise ProblemError("the editor is not built, or was built from other sources: `make fab` builds it")


def _extract(paths: tuple[str, ...], target: Path) -> None:
    target.mkdir()
    packed = subprocess.run(["git", "archive", "HEAD", *paths], cwd=ROOT, check=True, capture_output=True).stdout
    subprocess.run(["tar", "-x", "-C", target], input=packed, check=True)


def _wheel(source: Path, target: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(target)]
    done = subprocess.run(command, cwd=source, check=False, capture_output=True, text=True)
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip().splitlines() or ["it gave no reason"]
        raise ProblemError(f"the package could not be built: {said[-1]}")


def _of_nobody(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """Whatever the deployer's umask: everybody on the host may read it, the blog's user too."""
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    member.mode = 0o755 if member.isdir() or member.mode & 0o100 else 0o644
    return member


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=ROOT, check=False, capture_output=True, text=True)
    if done.returncode != 0:
        raise ProblemError(f"git {arguments[0]} failed, and what is sent is a commit: {done.stderr.strip()}")
    return done.stdout.strip()
