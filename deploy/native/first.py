"""The first steps of a started stack: the schema, the first page, and what a person is told."""

import subprocess
import threading
import time
import urllib.error
import urllib.request
from contextlib import suppress
from pathlib import Path

from deploy.native import settings
from deploy.native.news import python_reason, say
from deploy.native.places import Places
from deploy.native.problems import ProblemError
from deploy.native.programs import TIED

PATIENCE = 120


class FirstSteps:
    """Migrates, waits for the first page, tells the address; `stop` cuts it short."""

    def __init__(self, places: Places) -> None:
        self.places = places
        self.stopped = threading.Event()
        self._seen = places.secrets / "shown"
        self.migration: subprocess.Popen[bytes] | None = None

    def run(self) -> None:
        """Do all of it, or raise the problem that stands in the way."""
        new = not self._seen.exists()
        self._migrate()
        self._await_page()
        if not self.stopped.is_set():
            self._tell(new)

    def stop(self) -> None:
        """Give up waiting."""
        self.stopped.set()
        if self.migration:
            with suppress(ProcessLookupError):
                self.migration.terminate()

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

    def _await_page(self) -> None:
        deadline = time.monotonic() + PATIENCE
        while not self.stopped.wait(0.1):
            # Not the page alone: it may be a copy of yesterday's.
            ready, page = _answer(f"{self.places.url}readyz"), _answer(self.places.url)
            if ready == page == "200":
                return
            if time.monotonic() > deadline:
                raise ProblemError(f"{self.places.url} answers {page}: look at the files in {self.places.log}")

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


def _answer(url: str) -> str:
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(url, timeout=10) as page:
            return str(page.status)
    except urllib.error.HTTPError as error:
        return str(error.code)
    except OSError:
        return "nothing"


def _last(log: Path) -> str:
    return python_reason(log.read_text(errors="replace")) or "it gave no reason"
