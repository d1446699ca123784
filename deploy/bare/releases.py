"""Releases on a host: each in a folder of its own, one of them the current one."""

import shlex
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.bare import archive
from deploy.bare.layout import CURRENT, HOME, KEPT, PREVIOUS, RELEASES, SERVED, SERVICE, STATE, USER, WORK_LOCK
from deploy.bare.locking import locked
from deploy.bare.remote import Host, warn
from deploy.bare.steps import as_root
from deploy.native.problems import ProblemError

# What is free on each disk before anything is sent: a release takes 200 MB, pip unpacks in /tmp, the schema may grow.
NEEDED_MB = {RELEASES: 400, STATE: 100, "/tmp": 100}  # noqa: S108 - the host's, where pip works
# What take-over ends with where the release before serves again.
TAKEN_BACK = 3
NOTHING_REPLACED = "nothing was replaced, and the blog goes on as it was"


def first(root: Host, deployer: Host) -> int:
    """Have a release installed and serving; how much there was to do."""
    with locked(deployer):
        release = _served(deployer)
        if release and root.holds(f"systemctl is-active --quiet {SERVICE}"):
            return 0
        if not release:
            _check_space(deployer)
            _sweep(deployer)
            release = _install(deployer)
        _begin(root, deployer, release)
    shown = f"{STATE}/secrets/shown"
    if not root.holds(as_root(root, f"test -e {shown}")):
        _tell(root)
        root.look(as_root(root, f"runuser -u {USER} -- touch {shown}"))
    return 1


def _begin(root: Host, deployer: Host, release: str) -> None:
    """Each step may be repeated, and is, where an earlier setup has not come to its end."""
    deployer.blog("making secrets, database and configuration", _place(release), "host", "prepare")
    place = f"{RELEASES}/{release}"
    deployer.do(f"switching to {release}", f"ln -sfn {place} {CURRENT}.new && mv -T {CURRENT}.new {CURRENT}")
    deployer.blog("putting the configuration in force", "current", "host", "switch")
    runs = root.holds(f"systemctl is-active --quiet {SERVICE}")
    if not runs:
        root.do("starting the blog", as_root(root, f"systemctl start {SERVICE}"))
    deployer.blog("making the schema", "current", "host", "migrate")
    if runs:
        deployer.blog("replacing what runs", "current", "host", "roll")
    deployer.blog("checking the blog", "current", "host", "verify")
    deployer.do("remembering that it has served", f"touch {place}/{SERVED}")


def _tell(root: Host) -> None:
    told = root.look(as_root(root, f"cat {STATE}/etc/settings.env"))
    settings = dict(line.split("=", 1) for line in told.splitlines())
    chosen = any(name.startswith("INKSTONE_ADMIN_PASSWORD") for name in settings)
    password = "" if chosen else root.look(as_root(root, f"cat {STATE}/secrets/admin_password"))
    url, email = settings["INKSTONE_SITE_URL"], settings["INKSTONE_ADMIN_EMAIL"]
    known = f"password {password}" if password else "with the password you chose"
    print(f"\nInkstone is at {url}/\nSign in at {url}/signin as {email}, {known}\n")


def deploy(host: Host) -> None:
    """Send the last commit and let it take over; where it is not sound, the one before goes on."""
    with locked(host):
        before = _serving(host)
        _check_space(host)
        _sweep(host)
        release = _install(host)
        with _removed_if_it_fails(host, release):
            _try(host, release, "prepare", "migrate", "trial")
        _take_over(host, release, before, by=release)
        _prune(host)
        host.say(f"{release} serves")


def roll_back(host: Host, wanted: str) -> None:
    """Let an earlier release take over again: the one that served before, or the one that is named."""
    with locked(host):
        before = _serving(host)
        previous = _led_to(host, PREVIOUS)
        if wanted and wanted not in installed(host):
            raise ProblemError(f"{host.name} has no release {wanted}: fab status lists them")
        if not wanted and previous not in installed(host):
            raise ProblemError(f"nothing has served on {host.name} before {before}")
        release = wanted or previous
        if release == before:
            raise ProblemError(f"{release} serves already")
        # No migration: a schema only gains, so an older release works on a newer one.
        _try(host, release, "prepare", "trial")
        _take_over(host, release, before, by=before)
        host.say(f"{release} serves")


def status(host: Host) -> None:
    """What there is and what runs."""
    now = _led_to(host, CURRENT)
    for release in installed(host):
        print(f"{release}{'   current' if release == now else ''}")
    if unfinished := _unfinished(host):
        warn(f"never served, or not sound, and swept by the next deploy: {', '.join(unfinished)}")
    host.blog("what runs", "current", "host", "status")


def installed(host: Host) -> list[str]:
    """Every release that has served, the oldest first."""
    found = host.look(f"cd {RELEASES} && ls -d */{SERVED}")
    return sorted(line.removesuffix(f"/{SERVED}") for line in found.splitlines())


def _led_to(host: Host, link: str) -> str:
    return host.look(f"readlink {link}").rpartition("/")[2]


def _served(host: Host) -> str:
    """The current release, if it has ever served."""
    release = _led_to(host, CURRENT)
    return release if release and host.holds(f"test -e {RELEASES}/{release}/{SERVED}") else ""


def _serving(host: Host) -> str:
    """The current release of a blog that runs, or the last sound one, where a power failure cut a deploy short."""
    release = _served(host) or next(reversed(installed(host)), "")
    if not release:
        raise ProblemError(f"{host.name} has no release yet: fab -H root@{host.name} setup")
    if not host.holds(f"systemctl is-active --quiet {SERVICE}"):
        raise ProblemError(f"the blog does not run on {host.name}: fab -H root@{host.name} setup starts it")
    return release


def _check_space(host: Host) -> None:
    for folder, needed in NEEDED_MB.items():
        free = int(host.look(f"df --output=avail -m {folder} | tail -n 1") or 0)
        if free < needed:
            raise ProblemError(
                f"the disk of {host.name} is full: {free} MB free in {folder}, {needed} MB needed: make room;"
                f" {NOTHING_REPLACED}"
            )


def _unfinished(host: Host) -> list[str]:
    found = host.look(
        f'cd {RELEASES} && for each in *; do test -e "$each/{SERVED}" || test ! -d "$each" || echo "$each"; done'
    )
    return [release for release in found.split() if release != _led_to(host, CURRENT)]


def _sweep(host: Host) -> None:
    if left := _unfinished(host):
        _remove(host, f"sweeping what never served, or was not sound: {', '.join(left)}", left)


def _remove(host: Host, what: str, releases: list[str]) -> None:
    _work(host, what, f"cd {RELEASES} && rm -rf {shlex.join(releases)}")


def _work(host: Host, what: str, command: str) -> None:
    """One thing at a time: a command whose deployer is gone goes on until it is done, and is waited for."""
    # Readers come first.
    host.do(what, f"flock {WORK_LOCK} nice sh -c {shlex.quote(f'umask 022 && {command}')}")


def _install(host: Host) -> str:
    release = archive.name(host.look("date -u +%Y%m%dT%H%M%SZ"))
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


def _try(host: Host, release: str, *steps: str) -> None:
    """What comes before a release takes over, and touches nothing that is in force."""
    saying = {
        "prepare": "writing its configuration",
        "migrate": "bringing the schema up to date",
        "trial": f"trying {release} where no reader comes",
    }
    for step in steps:
        host.blog(saying[step], _place(release), "host", step)


def _take_over(host: Host, release: str, before: str, *, by: str) -> None:
    """The host does this by itself, to the end, and back again where it has to; `by` is whose script it is."""
    script = f"{RELEASES}/{by}/deploy/bare/files/take-over"
    ended = host.outlasting(f"letting {release} take over", f"sh {script} {release} {before}", f"{HOME}/take-over.log")
    if ended == TAKEN_BACK:
        raise ProblemError(f"{release} is not sound (above: why): {before} serves again")
    if ended:
        raise ProblemError(f"{release} is not sound, and {before} could not take over again: above is why")


def _place(release: str) -> str:
    return f"releases/{release}"


def _prune(host: Host) -> None:
    needed = {_led_to(host, CURRENT), _led_to(host, PREVIOUS)}
    if old := [release for release in installed(host)[:-KEPT] if release not in needed]:
        _remove(host, f"removing old releases: {', '.join(old)}", old)
