"""Starting the container stack, looking into it, and removing all of it whatever happens."""

import json
import secrets
import subprocess
from typing import Any

from tests.native.stacks import ROOT, Site, environment, free_port

REPLICAS = 3


class Containers(Site):
    """`docker compose` with a project, images and a port of its own."""

    def __init__(self) -> None:
        port = free_port()
        # The name that the application knows, from a browser that found no IPv6 there.
        super().__init__("127.0.0.1", port, f"localhost:{port}")
        self.project = f"inkstone-test-{secrets.token_hex(4)}"
        self.environment = environment(
            COMPOSE_PROJECT_NAME=self.project,
            # Whoever runs a blog from this folder has told it other things in .env.
            COMPOSE_DISABLE_ENV_FILE="1",
            IMAGE_TAG=self.project,
            PORT=str(port),
            LISTEN="127.0.0.1",
        )

    def compose(self, *arguments: str, check: bool = True) -> str:
        """Run docker compose; what it says on standard output."""
        return self.run("docker", "compose", *arguments, check=check)

    def start(self, replicas: int = REPLICAS, *more: str) -> None:
        """Have that many replicas running, and everything else."""
        self.compose("up", "--detach", "--wait", "--quiet-pull", f"--scale=web={replicas}", *more)

    def end(self) -> None:
        """Remove containers, networks, volumes, and the images, which are ours alone."""
        everything = ("--profile=*", "down", "--volumes", "--remove-orphans", "--timeout=5", "--rmi=all")
        self.compose(*everything, check=False)

    def secret(self, name: str) -> str:
        return self.compose("run", "--rm", "--no-deps", "-T", "migrate", "cat", f"/run/inkstone/job/{name}").strip()

    def inside(self, service: str, *command: str, check: bool = True) -> str:
        """Run a command in the first container of a service."""
        return self.compose("exec", "-T", service, *command, check=check)

    def containers(self, service: str) -> list[str]:
        """The ids of a service's running containers."""
        return self.compose("ps", "--quiet", service).split()

    def facts(self, service: str) -> list[Any]:
        """What the engine knows of each of a service's running containers."""
        found: list[Any] = json.loads(self.run("docker", "inspect", *self.containers(service)))
        return found

    def where(self, facts: Any, network: str = "inside") -> str:
        """Where a container is in one of the stack's networks."""
        found: str = facts["NetworkSettings"]["Networks"][f"{self.project}_{network}"]["IPAddress"]
        return found

    def replicas(self) -> "list[Replica]":
        """Each replica by itself, for whoever is signed in here."""
        return [Replica(self, self.where(facts)) for facts in self.facts("web")]

    def signal(self, service: str, name: str = "KILL") -> None:
        """Send a signal to every container of a service."""
        self.run("docker", "kill", f"--signal={name}", *self.containers(service))

    def run(self, *command: str, check: bool = True) -> str:
        """Run any command; what it says on standard output."""
        done = self.attempt(*command)
        assert not check or done.returncode == 0, f"{' '.join(command)}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def attempt(self, *command: str, **environment: str) -> "subprocess.CompletedProcess[str]":
        """Run a command that may fail, with more in its environment."""
        return subprocess.run(
            command,
            cwd=ROOT,
            env=self.environment | environment,
            stdin=subprocess.DEVNULL,
            check=False,
            capture_output=True,
            text=True,
            timeout=600,
        )


class Replica(Site):
    """One web container, asked past nginx."""

    def __init__(self, stack: Containers, address: str) -> None:
        super().__init__(address, 8000, stack.host, stack.cookie)
        self.secret = stack.secret  # type: ignore[method-assign]
