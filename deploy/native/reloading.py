"""The web workers of `make dev`: new ones at every change, and the old ones for as long as those do not come up."""

import importlib.util
import os
import re
import signal
import subprocess
import time
from pathlib import Path
from types import FrameType

from deploy.native import settings
from deploy.native.generation import Generation
from deploy.native.install import EDITOR
from deploy.native.places import PYTHON, ROOT, Places
from deploy.native.telling import tell
from deploy.native.watching import Changes, watching

# While new workers are on their way, and while all is quiet.
SOON = 0.02
LATER = 0.5
# Who saves twice in a row waits for the second no longer than for the first.
SPARES = 2
BUILD = [str(PYTHON), "-P", "-m", "deploy.native", "install", "editor"]
BUILD_LINES = 20
JAVASCRIPT_FRAME = re.compile(r"\s+at ")


class Reloader:
    """Starts gunicorn anew at every change, and leads nginx to it when it answers."""

    def __init__(self, places: Places) -> None:
        self.places = places
        self.stopping = False
        self.what = ""
        self.spares: list[Generation] = []
        self.coming: Generation | None = None
        self.serving: Generation | None = None
        self.leaving: list[Generation] = []

    def run(self) -> None:
        """Serve until told to stop."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        with watching(_settings_files(self.places)) as changes:
            self._begin("")
            while not self.stopping:
                self._turn(changes)
        self._end()

    def _stop(self, _signal: int, _frame: FrameType | None) -> None:
        self.stopping = True

    def _turn(self, changes: Changes) -> None:
        if changed := changes.wait(SOON if self.coming else LATER):
            self._take(changed)
        elif self.coming:
            self._look_at_those_who_come(self.coming)
        elif self.serving and self.serving.ended:
            self._say("The web workers ended; they are started again.")
            self.serving = None
            self._begin("")
        else:
            self._keep_spares()
        self.leaving = [generation for generation in self.leaving if not generation.ended]

    def _take(self, changed: set[Path]) -> None:
        what = _named(changed)
        if any(EDITOR in path.parents for path in changed) and not self._build(what):
            return
        _forget_compiled(changed)
        self._begin(what)

    def _keep_spares(self) -> None:
        self.spares = [spare for spare in self.spares if not spare.ended]
        if len(self.spares) < SPARES:
            self.spares.append(Generation(self.places))

    def _begin(self, what: str) -> None:
        if self.coming:
            self._retire(self.coming)
        self.what = what
        self.coming = self.spares.pop(0) if self.spares else Generation(self.places)
        self.coming.begin()

    def _look_at_those_who_come(self, coming: Generation) -> None:
        if coming.answers():
            self._lead_to(coming)
            if self.what:
                self._say(f"{self.what}: new web workers answer after {time.monotonic() - coming.began:.1f} s.")
        elif coming.ended:
            self.coming = None
            self._say(f"{self.what}\n{coming.why()}\n{self._until_mended()}".lstrip())

    def _lead_to(self, coming: Generation) -> None:
        link = coming.socket.with_suffix(".new")
        link.symlink_to(coming.socket.name)
        link.replace(self.places.web_socket)
        if self.serving:
            self._retire(self.serving)
        self.serving, self.coming = coming, None

    def _retire(self, generation: Generation) -> None:
        generation.end()
        self.leaving.append(generation)

    def _until_mended(self) -> str:
        served = "Those from before go on answering" if self.serving else "Nobody answers"
        return f"The web workers could not be started. {served} until this is mended."

    def _build(self, what: str) -> bool:
        self._say(f"{what}: building …")
        done = subprocess.run(
            BUILD,
            env=os.environ | {"NO_COLOR": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
        )
        if done.returncode != 0:
            lines = [line for line in done.stdout.splitlines() if not JAVASCRIPT_FRAME.match(line)]
            self._say("\n".join([*lines[:BUILD_LINES], "Pages stay as they are until this is mended."]))
        return done.returncode == 0

    def _say(self, text: str) -> None:
        tell(self.places, text)

    def _end(self) -> None:
        all_of_them = [*self.leaving, *self.spares, *filter(None, (self.coming, self.serving))]
        for generation in all_of_them:
            generation.end()
        for generation in all_of_them:
            generation.wait()
        self.places.web_socket.unlink(missing_ok=True)


def _settings_files(places: Places) -> list[Path]:
    """Where settings are kept: what the start was told, and the files that name a secret."""
    named = [value for name, value in settings.environment(places).items() if _is_setting_in_file(name)]
    return [settings.file(places), *(Path(value).absolute() for value in named)]


def _is_setting_in_file(name: str) -> bool:
    return name.startswith("INKSTONE_") and name.endswith("_FILE")


def _named(changed: set[Path]) -> str:
    first, *rest = sorted(changed)
    more = f" and {len(rest)} more" if rest else ""
    return f"{first.relative_to(ROOT) if ROOT in first.parents else first}{more} changed"


def _forget_compiled(changed: set[Path]) -> None:
    """Python takes what it has compiled for current where the source has the same size and the same second."""
    for path in changed:
        if path.suffix == ".py":
            Path(importlib.util.cache_from_source(str(path))).unlink(missing_ok=True)


if __name__ == "__main__":
    Reloader(Places.from_environment()).run()
