"""A stack to be given bad input: its secrets can be spoiled and its disk filled; and what a refusal looks like."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from tests.stack.containers import Containers

# MySQL needs about 210 MB before there is a post.
DISK = "400m"

Done = subprocess.CompletedProcess[str]


class Small(Containers):
    """A stack whose database has a disk of its own, which is small; it lasts as long as the database runs."""

    def __init__(self) -> None:
        super().__init__()
        options = ["type=tmpfs", "device=tmpfs", f"o=size={DISK},mode=1777"]
        labels = [f"com.docker.compose.project={self.project}", "com.docker.compose.volume=mysql-data"]
        arguments = [f"--opt={option}" for option in options] + [f"--label={label}" for label in labels]
        self.run("docker", "volume", "create", *arguments, f"{self.project}_mysql-data")

    def once(self, service: str, **environment: str) -> Done:
        """Run a service in a container of its own, in the foreground."""
        return self.attempt("docker", "compose", "run", "--rm", "--no-deps", "-T", service, **environment)

    def up(self, *arguments: str, **environment: str) -> Done:
        return self.attempt("docker", "compose", "up", "--detach", "--wait", *arguments, **environment)

    def in_volume(self, volume: str, script: str) -> str:
        """Run a shell script as root in one of the stack's volumes."""
        mount = f"--volume={self.project}_{volume}:/v"
        image = f"inkstone-web:{self.project}"
        return self.run(
            "docker", "run", "--rm", "--network=none", "--user=0", mount, image, "sh", "-c", f"cd /v; {script}"
        )

    @contextmanager
    def spoiled(self, secret: str, content: str | None) -> Iterator[None]:
        """Another content in a secret's place, as in `web/secret_keys`; None takes it away."""
        folder, name = secret.split("/")
        self.in_volume(
            f"{folder}-secrets", f"mv {name} kept" + ("" if content is None else f"; printf %s '{content}' > {name}")
        )
        try:
            yield
        finally:
            self.in_volume(f"{folder}-secrets", f"mv -f kept {name}")

    def sql(self, statement: str) -> str:
        """What root alone may do in the database."""
        client = 'MYSQL_PWD=$(cat /run/inkstone/mysql/root_password) mysql -uroot -N inkstone -e "$0"'
        return self.inside("mysql", "sh", "-c", client, statement).strip()


def refuses(done: Done, *words: str) -> None:
    """It ended, and not well, and the last thing that it said is one line of ours with the reason."""
    assert done.returncode != 0, done
    said = done.stdout + done.stderr
    assert last_line(said).startswith("inkstone: "), said
    assert said.count("inkstone: ") == 1, said
    assert "Traceback" not in said
    for word in words:
        assert word in last_line(said), said


def last_line(said: str) -> str:
    """What a person is left with; docker compose ends with an empty line."""
    return said.rstrip().splitlines()[-1]
