"""A blog on hosts of its own, over SSH: see docs/bare-host.md."""

import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from fabric import Connection, task
from invoke.context import Context
from invoke.exceptions import Exit

from deploy.bare import environment, moving, releases, setting_up
from deploy.bare.layout import LOGS, USER
from deploy.bare.remote import Host
from deploy.native.problems import ProblemError

DRY_RUN = "Show what would be done, and do none of it"
PROGRAMS = re.compile(r"web(-\d)?|nginx|counting|mysql|supervisord|trial")


def explained(work: Callable[..., None]) -> Callable[..., None]:
    """End with one line and status 1 where something can be put right."""

    @wraps(work)
    def run(context: Context, *arguments: Any, **options: Any) -> None:
        try:
            if not isinstance(context, Connection):
                raise ProblemError(f"which host? fab -H blog.example.org {work.__name__}")
            work(context, *arguments, **options)
        except ProblemError as problem:
            raise Exit(f"inkstone: {problem}", code=1) from problem
        except OSError as error:
            raise Exit(f"inkstone: {error}", code=1) from error
        except KeyboardInterrupt:
            raise Exit("inkstone: interrupted; what runs on the host ends there by itself", code=130) from None

    return run


@contextmanager
def as_deployer(context: Connection, *, dry_run: bool = False) -> Iterator[Host]:
    """Whoever -H names: all but setup is done as the user that setup has made for it."""
    host = Host(context, dry_run=dry_run).as_deployer()
    try:
        yield host
    finally:
        host.close()


@task(
    help={
        "set": "A setting, as in INKSTONE_SITE_URL=https://blog.example.org; may be repeated. PORT and LISTEN too",
        "key": "A file with public keys of those who deploy; without it, those who may sign in as this user",
        "tls": "Speak TLS, with the certificate in /etc/inkstone/certificates; without one there, with one of its own",
        "dry-run": DRY_RUN,
    },
    iterable=["set"],
)
@explained
def setup(context, set=None, key="", tls=False, dry_run=False):
    """Prepare a Debian 12 or 13 for the blog, and start it; may be repeated at any time."""
    host = Host(context, dry_run=dry_run).open()
    told = (environment.TLS if tls else {}) | environment.told(set or [])
    setting_up.set_up(host, told, setting_up.keys_in(Path(key)) if key else "")


@task(help={"dry-run": DRY_RUN})
@explained
def deploy(context, dry_run=False):
    """Send the last commit, and replace the web workers by it without losing a request."""
    with as_deployer(context, dry_run=dry_run) as host:
        releases.deploy(host)


@task(help={"release": "Which one, as `status` lists them; otherwise the one before", "dry-run": DRY_RUN})
@explained
def rollback(context, release="", dry_run=False):
    """Let the release before take over again."""
    with as_deployer(context, dry_run=dry_run) as host:
        releases.roll_back(host, release)


@task(help={"dry-run": DRY_RUN})
@explained
def status(context, dry_run=False):
    """Show the releases, what runs, and whether it is ready."""
    with as_deployer(context, dry_run=dry_run) as host:
        releases.status(host)


@task(
    help={
        "program": "web-1, web-2, nginx, counting, mysql, supervisord or trial",
        "lines": "How many of the last lines",
        "follow": "Go on until Ctrl-C",
        "dry-run": DRY_RUN,
    }
)
@explained
def logs(context, program="web-1", lines=50, follow=False, dry_run=False):
    """Show what a program has written."""
    if not PROGRAMS.fullmatch(program):
        raise ProblemError(f"there is no program {program}: `fab --help logs` names them")
    with as_deployer(context, dry_run=dry_run) as host:
        host.show(f"sudo -n -u {USER} tail -n {int(lines)} {'-F ' if follow else ''}{LOGS}/{program}.log")


@task(help={"file": "Where to, a file or a folder; otherwise ./backups", "dry-run": DRY_RUN})
@explained
def backup(context, file="", dry_run=False):
    """Fetch everything that the blog keeps, in one file, while it goes on."""
    with as_deployer(context, dry_run=dry_run) as host:
        moving.backup(host, moving.here(file))


@task(help={"file": "What `backup`, here or elsewhere, has made", "dry-run": DRY_RUN})
@explained
def restore(context, file, dry_run=False):
    """Fill an empty blog from such a file."""
    with as_deployer(context, dry_run=dry_run) as host:
        moving.restore(host, Path(file))
