"""Copies of the checkout with `make dev` in them: their files may be changed while other tests run beside it."""

import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.native.stacks import ROOT, Stack, free_port, wait_for

RENEWED = "new web workers answer"
FAILED = "The web workers could not be started."


def copy(folder: Path) -> Path:
    """Sources, what the build has left, and a Python environment that finds libraries in the checkout's."""
    for name in ("services", "deploy"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "node_modules"))
    shutil.copy(ROOT / "Makefile", folder)
    modules = Path("services/web/editor/node_modules")
    (folder / modules).symlink_to(ROOT / modules)
    _make_environment(ROOT / ".venv", folder / ".venv")
    return folder


def _make_environment(ours: Path, its: Path) -> None:
    """One of its own, and not a link: what looks old in it is removed."""
    subprocess.run([ours / "bin/python", "-m", "venv", "--without-pip", its], check=True)
    libraries = next(its.glob("lib/python*/site-packages"))
    paths = [its.parent / "services/web", ours / libraries.relative_to(its)]
    (libraries / "inkstone.pth").write_text("".join(f"{path}\n" for path in paths))
    (its / "stamps").mkdir()
    for path in [ours / "bin/inkstone", *(ours / "stamps").iterdir()]:
        target = its / path.relative_to(ours)
        target.write_text(path.read_text().replace(str(ROOT), str(its.parent)))
        target.chmod(path.stat().st_mode)


class Development(Stack):
    """`make dev` in a copy of the checkout."""

    def __init__(self, root: Path, var: Path) -> None:
        super().__init__(var, free_port(), root=root, command="dev")
        # As people have it: what is compiled is kept, and may be too old.
        self.settings = {"PYTHONDONTWRITEBYTECODE": ""}
        self._before: dict[Path, bytes] = {}

    def edit(self, name: str, old: str, new: str) -> int:
        """Replace a text that is there once; the number of the line where it begins."""
        text = (self.root / name).read_text()
        assert text.count(old) == 1, (name, old)
        self.write(name, text.replace(old, new))
        return text[: text.index(old)].count("\n") + 1

    def write(self, name: str, text: str) -> None:
        self.keep(name).write_text(text)

    def keep(self, name: str) -> Path:
        """Remember what is in a file, to put it back; a path may be absolute."""
        path = self.root / name
        self._before.setdefault(path, path.read_bytes())
        return path

    def mend(self) -> None:
        """Put back all that was changed, and wait until it answers."""
        if self._before:
            with self.renewed():
                for path, content in self._before.items():
                    path.write_bytes(content)
        self._before.clear()

    @contextmanager
    def held(self, program: str) -> Iterator[None]:
        """Let the program stand still until the end."""
        pid = self.pid(program)
        os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(pid, signal.SIGCONT)

    @contextmanager
    def renewed(self) -> Iterator[None]:
        """Wait at the end until new workers answer."""
        with self.tells(RENEWED):
            yield

    @contextmanager
    def tells(self, text: str) -> Iterator[None]:
        """Wait at the end until it has said this once more."""
        before = self.said().count(text)
        yield
        wait_for(lambda: self.said().count(text) > before, self.said)


@contextmanager
def developing(folder: Path) -> Iterator[Callable[[str], Development]]:
    """Make stacks, not yet started, in one copy of the checkout, and end them; `folder` is new."""
    root, made = copy(folder), []

    def make(name: str) -> Development:
        made.append(Development(root, folder / name))
        return made[-1]

    try:
        yield make
    finally:
        for development in made:
            development.end()
