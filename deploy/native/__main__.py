"""The native stack's commands: run, dev, cli, install, what Supervisor starts, and what a deploy does on a host."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from deploy.native import checks, host, programs, settings, stack
from deploy.native.caller import callers_folder
from deploy.native.install import install
from deploy.native.nginx import command as nginx_command
from deploy.native.nginx import prepare as prepare_nginx
from deploy.native.places import PYTHON, Places
from deploy.native.problems import ProblemError


def run(*_: str, reload: bool = False) -> None:
    """Start the stack and stay; whoever reloads does so in one group."""
    os.chdir(callers_folder())
    places = Places.from_environment()
    if reload:
        places = replace(places, groups=1)
    places.check()
    install("run")
    stack.run(places, reload=reload)


def dev(*_: str) -> None:
    """Start the stack with web workers that restart when a source changes."""
    run(reload=True)


def cli(*arguments: str) -> None:
    """Become the application's command line, against the running stack."""
    with suppress(PermissionError):  # another user's folder, from which no path is meant then
        os.chdir(callers_folder())
    places = Places.from_environment()
    if not checks.running(places):
        raise ProblemError(f"no stack runs in this VAR: start it with make run ({places.var})")
    user = settings.MIGRATE if arguments[:1] in {("migrate",), ("restore",)} else settings.WEB
    command = settings.inkstone(*arguments)
    os.execve(command[0], command, settings.environment(places, user))  # noqa: S606 - a list, no shell


def program(name: str) -> None:
    """Become one of the stack's programs; Supervisor calls this."""
    programs.become(Places.from_environment(), name.removesuffix("-reload"), reload=name.endswith("-reload"))


def on_host(name: str) -> None:
    """A step of a deploy, on a host of the blog's own; Fabric calls this."""
    host.step(Places.from_environment(), name)


def check_nginx(*_: str) -> None:
    """Let nginx check the configuration that a stack would get, of each kind; one that runs keeps its own."""
    with tempfile.TemporaryDirectory() as folder:
        plain = Places(Path(folder), "127.0.0.1", 8080)
        plain.make()
        certificates = Path(folder, "certificates")
        # By the interpreter that has the library for it.
        maker = Path(__file__).with_name("certificate.py")
        subprocess.run([PYTHON, maker, certificates, "localhost"], check=True)
        counted = replace(plain, groups=2, metrics_port=8082)
        for places in (plain, counted, replace(plain, certificates=certificates, plain_port=8081)):
            prepare_nginx(places)
            if subprocess.run([*nginx_command(places), "-q", "-t"], check=False).returncode != 0:
                raise ProblemError(f"nginx refuses its configuration for {places}")


COMMANDS: dict[str, Callable[..., None]] = {
    "run": run,
    "dev": dev,
    "cli": cli,
    "install": install,
    "program": program,
    "host": on_host,
    "check-nginx": check_nginx,
}


def main() -> int:
    """Run a command; a problem is one line and exit status 1."""
    try:
        COMMANDS[sys.argv[1]](*sys.argv[2:])
    except ProblemError as problem:
        print(f"inkstone: {problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
