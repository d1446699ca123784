"""The web workers of `make dev`: new ones at every change, and the old ones for as long as those do not come up."""

import importlib.util
import math
import os
import re
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from types import FrameType

from deploy.native import settings
from deploy.native.generation import Generation
from deploy.native.install import EDITOR
from deploy.native.places import PYTHON, ROOT, Places
from deploy.native.telling import tell
from deploy.native.watching import Changes

# While new workers are on their way, and while all is quiet.
SOON = 0.02
LATER = 0.5
# After this many seconds a person is told that new workers neither answer nor end.
LATE = 10
# Who saves twice in a row waits for the second no longer than for the first.
SPARES = 2
BUILD = [str(PYTHON), "-P", "-m", "deploy.native", "install", "editor"]
BUILD_LINES = 20
JAVASCRIPT_FRAME = re.compile(r"\s+at ")


class Reloader:
    """Starts gunicorn anew at every change, and leads nginx to it when it answers."""

    def __init__(self, places: Places) -> None:
        self.places = places
        self.changes = Changes()
        self.stopping = False
        self.changed: set[Path] = set()
        self.say_late = math.inf
        self.spares: list[Generation] = []
        self.coming: Generation | None = None
        self.serving: Generation | None = None
        self.leaving: list[Generation] = []

    def run(self) -> None:
        """Serve until told to stop."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        self.changes.watch([settings.file(self.places)])
        self._begin(set())
        while not self.stopping:
            self._turn()
        self.changes.stop()
        self._end()

    def _stop(self, _signal: int, _frame: FrameType | None) -> None:
        self.stopping = True

    def _turn(self) -> None:
        if changed := self.changes.wait(SOON if self.coming else LATER):
            self._take(changed)
        elif self.coming:
            self._look_at_those_who_come(self.coming)
        elif self.serving and self.serving.ended:
            self._say("The web workers ended; they are started again.")
            self.serving = None
            self._begin(set())
        else:
            self._keep_spares()
        self.leaving = [generation for generation in self.leaving if not generation.ended]

    def _take(self, changed: set[Path]) -> None:
        front_end = {path for path in changed if EDITOR in path.parents}
        if front_end and not self._build(front_end):
            changed -= front_end
        if changed:
            _forget_compiled(changed)
            # Those who are still coming are given up: the next show what they were begun for, too.
            self._begin(changed | self.changed if self.coming else changed)

    def _keep_spares(self) -> None:
        self.spares = [spare for spare in self.spares if not spare.ended]
        if len(self.spares) < SPARES:
            self.spares.append(Generation(self.places))

    def _begin(self, changed: set[Path]) -> None:
        self.changed = changed
        if self.coming:
            self._retire(self.coming)
            self.coming = None
        try:
            environment = settings.environment(self.places)
        except (OSError, ValueError) as error:
            self._say_failed(f"The settings can't be read: {error}")
            return
        self.changes.watch([settings.file(self.places), *_named_files(environment)])
        self.coming = self.spares.pop(0) if self.spares else Generation(self.places)
        self.coming.begin(environment)
        self.say_late = time.monotonic() + LATE

    def _look_at_those_who_come(self, coming: Generation) -> None:
        if coming.answers():
            self._lead_to(coming)
            if self.changed:
                seconds = time.monotonic() - coming.began
                self._say(f"{_told(self.changed)}: new web workers answer after {seconds:.1f} s.")
        elif coming.ended:
            self.coming = None
            self._say_failed(coming.why())
        elif time.monotonic() > self.say_late:
            self.say_late = math.inf
            late = f"The new web workers neither answer nor end after {LATE} s."
            self._say_of_change(f"{late} {self._who_answers()} until they do, or until this is mended.")

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

    def _build(self, changed: set[Path]) -> bool:
        self._say(f"{_told(changed)}: building …")
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
            self._say("\n".join([*lines[:BUILD_LINES], "The front end stays as it is until this is mended."]))
        return done.returncode == 0

    def _say_failed(self, why: str) -> None:
        answers = f"{self._who_answers()} until this is mended."
        self._say_of_change(f"{why}\nThe web workers could not be started. {answers}")

    def _who_answers(self) -> str:
        return "Those from before go on answering" if self.serving else "Nobody answers"

    def _say_of_change(self, text: str) -> None:
        self._say(f"{_told(self.changed)}\n{text}" if self.changed else text)

    def _say(self, text: str) -> None:
        tell(self.places, text)

    def _end(self) -> None:
        all_of_them = [*self.leaving, *self.spares, *filter(None, (self.coming, self.serving))]
        for generation in all_of_them:
            generation.end()
        for generation in all_of_them:
            generation.wait()
        self.places.web_socket.unlink(missing_ok=True)


def _named_files(environment: Mapping[str, str]) -> list[Path]:
    """The files that hold a secret each."""
    return [Path(value).absolute() for name, value in environment.items() if _is_setting_in_file(name)]


def _is_setting_in_file(name: str) -> bool:
    return name.startswith("INKSTONE_") and name.endswith("_FILE")


def _told(changed: set[Path]) -> str:
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
