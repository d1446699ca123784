"""Releases on a host: each in a folder of its own, one of them the current one."""

import getpass
import shlex
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.bare import archive
from deploy.bare.layout import CURRENT, KEPT, LOCK, RELEASES, SERVED, SERVICE, STATE, WORK
from deploy.bare.remote import Host, warn
from deploy.bare.steps import as_root
from deploy.native.problems import ProblemError

# What is free on each disk before anything is sent: a release takes 200 MB, pip unpacks in /tmp, the schema may grow.
NEEDED_MB = {RELEASES: 400, STATE: 100, "/tmp": 100}  # noqa: S108 - the host's, where pip works
NOTHING_REPLACED = "nothing was replaced, and the blog goes on as it was"


def first(root: Host, deployer: Host) -> int:
    """Install a release where there is none, and have the service running; how much there was to do."""
    with _locked(deployer):
        if _current(deployer):
            return _started(root)
        _check_space(deployer)
        _sweep(deployer)
        release = _install(deployer)
        with _removed_if_it_fails(deployer, release):
            deployer.blog("making secrets, database and configuration", _place(release), "host", "prepare")
        _switch(deployer, release)
        _started(root)
        current = "current"
        deployer.blog("making the schema", current, "host", "migrate")
        deployer.blog("checking the blog", current, "host", "verify")
    _tell(root)
    return 1


def _started(root: Host) -> int:
    if root.holds(f"systemctl is-active --quiet {SERVICE}"):
        return 0
    root.do("starting the blog", as_root(root, f"systemctl start {SERVICE}"))
    return 1


def _tell(root: Host) -> None:
    told = root.look(as_root(root, f"cat {STATE}/etc/settings.env"))
    settings = dict(line.split("=", 1) for line in told.splitlines())
    password = root.look(as_root(root, f"cat {STATE}/secrets/admin_password"))
    url, email = settings["INKSTONE_SITE_URL"], settings["INKSTONE_ADMIN_EMAIL"]
    print(f"\nInkstone is at {url}/\nSign in at {url}/signin as {email}, password {password}\n")


def deploy(host: Host) -> None:
    """Send the last commit and let it take over; where it is not sound, the one before goes on."""
    with _locked(host):
        before = _serving(host)
        _check_space(host)
        _sweep(host)
        release = _install(host)
        with _removed_if_it_fails(host, release):
            _try(host, release, before, "prepare", "migrate", "trial")
        _take_over(host, release, before)
        _prune(host)
        host.say(f"{release} serves")


def roll_back(host: Host, wanted: str) -> None:
    """Let an earlier release take over again: the one before, or the one that is named."""
    with _locked(host):
        before = _serving(host)
        earlier = [release for release in installed(host) if release < before]
        if wanted and wanted not in installed(host):
            raise ProblemError(f"{host.name} has no release {wanted}: fab status lists them")
        if not wanted and not earlier:
            raise ProblemError(f"{host.name} has no release before {before}")
        release = wanted or earlier[-1]
        # No migration: a schema only gains, so an older release works on a newer one.
        _try(host, release, before, "prepare", "trial")
        _take_over(host, release, before)
        host.say(f"{release} serves")


def status(host: Host) -> None:
    """What there is and what runs."""
    now = _current(host)
    for release in installed(host):
        print(f"{release}{'   current' if release == now else ''}")
    if unfinished := _unfinished(host):
        warn(f"never served, or not sound, and swept by the next deploy: {', '.join(unfinished)}")
    host.blog("what runs", "current", "host", "status")


def installed(host: Host) -> list[str]:
    """Every release that has served, the oldest first."""
    found = host.look(f"cd {RELEASES} && ls -d */{SERVED}")
    return sorted(line.removesuffix(f"/{SERVED}") for line in found.splitlines())


@contextmanager
def _locked(host: Host) -> Iterator[None]:
    """One deploy at a time; the lock goes when the connection goes, so one that died leaves nothing behind."""
    who = shlex.quote(f"{getpass.getuser()} on {socket.gethostname()}")
    hold = f'echo "since $(date -u +%H:%M) UTC, by "{who} >{LOCK}.by; echo held; exec cat'
    busy = f"echo busy; cat {LOCK}.by"
    with host.held(f"flock --nonblock {LOCK} sh -c {shlex.quote(hold)} || {{ {busy}; }}") as said:
        state, _, by = said.partition("\n")
        if state == "busy":
            raise ProblemError(f"another deploy is under way on {host.name}, {by}: wait for it")
        if state != "held":
            raise ProblemError(f"{host.name} is not set up ({said or 'no lock'}): fab -H root@{host.name} setup")
        yield


def _current(host: Host) -> str:
    return host.look(f"readlink {CURRENT}").rpartition("/")[2]


def _serving(host: Host) -> str:
    """The current release of a blog that runs."""
    release = _current(host)
    if not release:
        raise ProblemError(f"{host.name} has no release yet: fab -H root@{host.name} setup")
    if not host.holds(f"systemctl is-active --quiet {SERVICE}"):
        raise ProblemError(f"the blog does not run on {host.name}: ssh root@{host.name} systemctl start inkstone")
    return release


def _check_space(host: Host) -> None:
    for folder, needed in NEEDED_MB.items():
        # The state's folder is closed to the deployer, but not what is above it.
        where = folder if folder != STATE else str(Path(STATE).parent)
        free = int(host.look(f"df --output=avail -m {where} | tail -n 1") or 0)
        if free < needed:
            raise ProblemError(
                f"the disk of {host.name} is full: {free} MB free in {where}, {needed} MB needed: make room;"
                f" {NOTHING_REPLACED}"
            )


def _unfinished(host: Host) -> list[str]:
    return host.look(
        f'cd {RELEASES} && for each in *; do test -e "$each/{SERVED}" || test ! -d "$each" || echo "$each"; done'
    ).split()


def _sweep(host: Host) -> None:
    if left := _unfinished(host):
        _remove(host, f"sweeping what never served, or was not sound: {', '.join(left)}", left)


def _remove(host: Host, what: str, releases: list[str]) -> None:
    _work(host, what, f"cd {RELEASES} && rm -rf {shlex.join(releases)}")


def _work(host: Host, what: str, command: str) -> None:
    """One thing at a time: a command whose deployer is gone goes on until it is done, and is waited for."""
    # Readers come first.
    host.do(what, f"flock {WORK} nice sh -c {shlex.quote(f'umask 022 && {command}')}")


def _install(host: Host) -> str:
    release = archive.name()
    folder = f"{RELEASES}/{release}"
    if host.dry_run:
        host.say(f"{release} would be built here, sent and unpacked")
    else:
        with tempfile.TemporaryDirectory(prefix="inkstone-") as build:
            built = archive.build(release, Path(build))
            _work(host, f"making {folder}", f"mkdir {folder}")
            with _removed_if_it_fails(host, release):
                host.put("sending the archive", built.path, f"{folder}/archive.tar.gz")
    with _removed_if_it_fails(host, release):
        _work(host, "unpacking it", f"cd {folder} && tar -xzf archive.tar.gz && rm archive.tar.gz")
        # From its own release: what is installed, and how, belongs together.
        script = "sh deploy/bare/files/install-release"
        _work(host, "installing what the lock file names, and the package", f"cd {folder} && {script}")
    return release


@contextmanager
def _removed_if_it_fails(host: Host, release: str) -> Iterator[None]:
    try:
        yield
    except ProblemError as problem:
        try:
            _remove(host, f"removing {release}", [release])
        except ProblemError:
            warn(f"{release} is swept by the next deploy")
        raise ProblemError(f"{problem}; {NOTHING_REPLACED}") from problem


def _try(host: Host, release: str, before: str, *steps: str) -> None:
    """What comes before a release takes over; where it fails, the configuration is again that of the one before."""
    saying = {
        "prepare": "writing the configuration",
        "migrate": "bringing the schema up to date",
        "trial": f"trying {release} where no reader comes",
    }
    try:
        for step in steps:
            host.blog(saying[step], _place(release), "host", step)
    except ProblemError:
        host.blog(f"writing the configuration of {before} again", _place(before), "host", "prepare")
        raise


def _take_over(host: Host, release: str, before: str) -> None:
    try:
        _serve(host, release)
    except ProblemError as problem:
        warn(f"{problem}; switching back")
        _serve(host, before)
        host.do(f"leaving {release} to be looked at until the next deploy", f"rm {RELEASES}/{release}/{SERVED}")
        raise ProblemError(f"{release} is not sound (above: why): {before} serves again") from problem


def _serve(host: Host, release: str) -> None:
    _switch(host, release)
    host.blog("writing the configuration", "current", "host", "prepare")
    host.blog("replacing the groups of web workers, one after the other", "current", "host", "roll")
    host.blog("checking the blog", "current", "host", "verify")


def _switch(host: Host, release: str) -> None:
    place = f"{RELEASES}/{release}"
    link = f"ln -sfn {place} {CURRENT}.new && mv -T {CURRENT}.new {CURRENT}"
    host.do(f"switching to {release}", f"touch {place}/{SERVED} && {link}")


def _place(release: str) -> str:
    return f"releases/{release}"


def _prune(host: Host) -> None:
    now = _current(host)
    if old := [release for release in installed(host)[:-KEPT] if release != now]:
        _remove(host, f"removing old releases: {', '.join(old)}", old)
