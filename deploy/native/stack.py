"""The running stack: Supervisor below us, its news on the terminal, and an orderly end."""

import os
import shlex
import signal
import subprocess
import threading
from contextlib import nullcontext
from types import FrameType

from deploy.native import checks
from deploy.native.first import FirstSteps
from deploy.native.news import News, say
from deploy.native.places import PYTHON, Places
from deploy.native.preparing import prepare
from deploy.native.problems import ProblemError
from deploy.native.programs import TIED
from deploy.native.telling import listening


def run(places: Places, *, reload: bool) -> None:
    """Start everything, stay until told to stop, and leave no process behind."""
    places.check()
    places.make()
    # What Supervisor starts reads it again, in whatever folder it is.
    os.environ["VAR"] = str(places.var)
    with checks.take(places):
        checks.free_ports(places)
        prepare(places, shlex.join([str(PYTHON), "-P", "-m", "deploy.native", "program"]), reload=reload)
        for socket in places.run.glob("web.*"):
            socket.unlink()  # left by one that was killed
        with listening(places) if reload else nullcontext():
            Stack(places, patient=reload).run()


class Stack:
    """Supervisor as a child process, and a thread for the first steps."""

    def __init__(self, places: Places, *, patient: bool) -> None:
        self.places = places
        self.problem: str | None = None
        self.stopping = False
        self.supervisor: subprocess.Popen[str] | None = None
        self.first = FirstSteps(places, patient=patient)
        self.news = News(places, give_up=None if patient else self.fail)

    def run(self) -> None:
        """Serve until a signal comes, or until the first steps fail."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._told_to_stop)
        self.supervisor = self._start()
        if self.stopping:
            self.stop()
        steps = threading.Thread(target=self._first_steps, daemon=True)
        steps.start()
        for line in self.supervisor.stdout or ():
            self.news.hear(line)
        self.supervisor.wait()
        self.first.stop()
        steps.join()
        if self.problem:
            raise ProblemError(self.problem)
        if not self.stopping:
            raise ProblemError(f"Supervisor ended by itself: look at {self.places.log / 'supervisord.log'}")
        say("Stopped.")

    def _start(self) -> "subprocess.Popen[str]":
        command = [
            *TIED,
            str(PYTHON),
            "-P",
            "-m",
            "supervisor.supervisord",
            "-n",
            "-c",
            str(self.places.etc / "supervisord.conf"),
        ]
        # A session of its own: Ctrl-C comes to us alone, and we say in which order things end.
        return subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            errors="replace",
            start_new_session=True,
        )

    def fail(self, problem: str) -> None:
        """Stop everything because of that problem."""
        self.problem = self.problem or problem
        self.stop()

    def stop(self) -> None:
        """End the programs in order; the reading of news ends with them."""
        self.stopping = self.news.stopping = True
        self.first.stop()
        if self.supervisor:
            self.supervisor.terminate()

    def _told_to_stop(self, _signal: int, _frame: FrameType | None) -> None:
        if not self.stopping:
            say("Stopping …")
        self.stop()

    def _first_steps(self) -> None:
        try:
            self.first.run()
            self.news.give_up = None
        except ProblemError as problem:
            if not self.stopping:
                self.fail(str(problem))
