"""The first steps of a started stack: the schema, the first page, and what a person is told."""

import math
import subprocess
import threading
import time
from contextlib import suppress
from pathlib import Path

from deploy.native import asking, settings
from deploy.native.news import python_reason, say
from deploy.native.places import Places
from deploy.native.problems import ProblemError
from deploy.native.programs import TIED

PATIENCE = 120
TRY_AGAIN = 3


class FirstSteps:
    """Migrates, waits for the first page, tells the address; `stop` cuts it short.

    One that is patient waits for as long as it takes to mend what is in the way.
    """

    def __init__(self, places: Places, *, patient: bool) -> None:
        self.places = places
        self.patient = patient
        self.stopped = threading.Event()
        self._seen = places.secrets / "shown"
        self.migration: subprocess.Popen[bytes] | None = None

    def run(self) -> None:
        """Do all of it, or raise the problem that stands in the way."""
        new = not self._seen.exists()
        if self.patient:
            self._await("/healthz")  # what can't be loaded can't migrate either
            self._migrate_in_the_end()
        else:
            self._migrate()
        self._await("/readyz", "/")
        if not self.stopped.is_set():
            self._tell(new)

    def stop(self) -> None:
        """Give up waiting."""
        self.stopped.set()
        if self.migration:
            with suppress(ProcessLookupError):
                self.migration.terminate()

    def _migrate_in_the_end(self) -> None:
        """Try until it is done, and say what is in the way whenever that is another thing than before."""
        said = ""
        while not self.stopped.wait(TRY_AGAIN if said else 0):
            try:
                self._migrate()
            except ProblemError as problem:
                if str(problem) != said and not self.stopped.is_set():
                    say(f"{problem}; this is tried again until it is mended")
                said = str(problem)
            else:
                return

    def _migrate(self) -> None:
        log = self.places.log / "migrate.log"
        command = [*TIED, *settings.inkstone("migrate")]
        with log.open("wb") as output:
            self.migration = subprocess.Popen(
                command,
                env=settings.environment(self.places, settings.MIGRATE),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
            if self.migration.wait() != 0:
                raise ProblemError(f"the schema could not be brought up to date: {_last(log)} (all of it is in {log})")

    def _await(self, *paths: str) -> None:
        deadline = time.monotonic() + (math.inf if self.patient else PATIENCE)
        while not self.stopped.wait(0.1):
            answers = [asking.answer(self.places.url, path) for path in paths]
            if set(answers) == {200}:
                return
            if time.monotonic() > deadline:
                said = answers[-1] or "nothing"
                raise ProblemError(f"{self.places.url} answers {said}: look at the files in {self.places.log}")

    def _tell(self, new: bool) -> None:
        told = settings.environment(self.places)
        file = told.get("INKSTONE_ADMIN_PASSWORD_FILE")
        shown = f"password {Path(file).read_text().strip()}" if new and file else f"the password is in {file}"
        if not file:
            shown = "with the password you chose"
        say(
            f"\nInkstone is at {self.places.url}\n"
            f"Sign in at {self.places.url}signin as {told['INKSTONE_ADMIN_EMAIL']}, {shown}\n"
            f"Ctrl-C stops it; its state and its logs are in {self.places.var}\n"
        )
        self._seen.touch()


def _last(log: Path) -> str:
    return python_reason(log.read_text(errors="replace")) or "it gave no reason"
