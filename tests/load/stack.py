"""The container stack under load: a project of its own, each replica with a fixed share of the processors."""

import os
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.load import client, posts
from tests.load.plan import ROOT, Plan, Problem
from tests.native.stacks import free_port
from tests.stack.containers import Containers

ADMINISTRATOR = "admin@example.org"
OVERRIDE = "tests/load/compose.yml"
# Of MySQL's 300 connections, some are for others.
CONNECTIONS = 280


class LoadStack(Containers):
    """Starts with nothing but posts in it, and is removed at the end."""

    def __init__(self, plan: Plan) -> None:
        super().__init__()
        self.port = plan.port or free_port()
        self.host = f"localhost:{self.port}"
        self.project = self.project.replace("-test-", "-load-")
        self.environment |= {
            "COMPOSE_FILE": f"docker-compose.yml:{OVERRIDE}",
            "COMPOSE_PROJECT_NAME": self.project,
            "IMAGE_TAG": self.project,
            "PORT": str(self.port),
            "INKSTONE_ADMIN_EMAIL": ADMINISTRATOR,
            "LOAD_CPUS": str(plan.cpus),
            "INKSTONE_DATABASE_POOL_SIZE": str(min(32, CONNECTIONS // max(plan.replicas))),
        }

    def run(self, *command: str, check: bool = True) -> str:
        done = self.attempt(*command)
        if check and done.returncode != 0:
            said = (done.stdout + done.stderr).strip().splitlines() or ["nothing was said"]
            raise Problem(f"{' '.join(command[:6])} … failed: {said[-1].strip()}")
        return done.stdout

    def attempt(self, *command: str, **environment: str) -> "subprocess.CompletedProcess[str]":
        with subprocess.Popen(
            command,
            cwd=ROOT,
            env=self.environment | environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            # Ctrl-C is for us: what is in the middle of starting a container is told to end, and waited for.
            start_new_session=True,
        ) as process:
            try:
                out, err = process.communicate()
            except BaseException:
                process.terminate()
                raise
        return subprocess.CompletedProcess(command, process.returncode, out, err)

    def fill(self, count: int) -> None:
        """Have that many posts, by the command that people use."""
        with tempfile.TemporaryDirectory(prefix="ink-load-") as folder:
            posts.write(Path(folder), count)
            mine = [f"--user={os.getuid()}", f"--volume={folder}:/posts:ro"]
            self.compose("run", "--rm", "-T", "--no-deps", *mine, "cli", "import", "markdown", "/posts")

    def locust(self, plan: Plan) -> list[str]:
        """The command that runs the load generator beside nginx."""
        return ["docker", "compose", "run", "--rm", "-T", "--no-deps", "load", *client.locust(plan)]


@contextmanager
def started(plan: Plan, say: client.Say) -> Iterator[LoadStack]:
    """The stack, built, running with the fewest replicas, and filled."""
    stack = LoadStack(plan)
    if plan.port and _taken(plan.port):
        raise Problem(f"port {plan.port} is in use by something else: choose another PORT, or none")
    try:
        say("building the images: minutes the first time, seconds after that")
        stack.compose("--profile=load", "build")
        say(f"starting the stack {stack.project}")
        stack.start(plan.replicas[0])
        say(f"writing {plan.posts:,} posts")
        stack.fill(plan.posts)
        yield stack
    finally:
        _hear_no_interrupt()
        say("removing the stack")
        stack.end()


def _hear_no_interrupt() -> None:
    """Whoever is impatient would leave containers behind."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)


def _taken(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def check_engine() -> None:
    """Say so where no container engine answers."""
    try:
        answers = subprocess.run(["docker", "compose", "version"], check=False, capture_output=True).returncode == 0
        answers = answers and subprocess.run(["docker", "info"], check=False, capture_output=True).returncode == 0
    except FileNotFoundError:
        answers = False
    if not answers:
        raise Problem(
            "no container engine answers: start Docker, or say the address of a blog that runs, "
            "as in make load URL=http://127.0.0.1:8080"
        )
