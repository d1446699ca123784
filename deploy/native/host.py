"""The stack on a host of its own: what a deploy does there, as the user who runs the blog."""

import fcntl
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import IO

from deploy.native import asking, nginx, preparing, settings
from deploy.native.places import ROOT, Places
from deploy.native.problems import ProblemError
from deploy.native.programs import COUNTING, TIED, gunicorn, members

# Installed by `fab setup`. It starts a command of whatever release is the current one.
PROGRAM = "/usr/local/lib/inkstone/run current program"
# What `fab setup` was told; a deploy puts it in force, with all that is made of it.
ENVIRONMENT = Path("/etc/inkstone/environment")
PATIENCE = 30.0
NEW_WORKERS_SECONDS = 10.0
TRIAL = "trial"


def prepare(places: Places) -> None:
    """Make secrets and database where there are none, and write the configuration that this release is to have."""
    preparing.prepare(places, PROGRAM)
    shutil.copyfile(ENVIRONMENT, places.draft / "environment")
    tested = subprocess.run(
        [*nginx.command(places), "-q", "-t"], check=False, capture_output=True, text=True, errors="replace"
    )
    # Whether it may use the port is seen when it starts.
    if tested.returncode != 0 and "bind()" not in tested.stderr:
        raise ProblemError(f"nginx refuses its new configuration: {tested.stderr.strip()}")


def migrate(places: Places) -> None:
    """Bring the schema up to what this release needs; the release before goes on serving."""
    command = [*TIED, *settings.inkstone("migrate", "--wait", "60")]
    if subprocess.run(command, env=settings.environment(places, settings.MIGRATE), check=False).returncode != 0:
        raise ProblemError("the schema could not be brought up to date (above: why)")


def trial(places: Places) -> None:
    """Start this release beside the one that serves, where no reader comes, and see whether it is sound."""
    socket = places.run / f"{TRIAL}.sock"
    log = places.log / f"{TRIAL}.log"
    with log.open("wb") as output, _gunicorn(places, socket, output) as process:
        asking.await_answer(socket, "/readyz", PATIENCE, log, alive=lambda: process.poll() is None)
        asking.await_answer(socket, "/", PATIENCE, log, alive=lambda: process.poll() is None)
    print("the new release answers /readyz and the home page")


@contextmanager
def _gunicorn(places: Places, socket: Path, output: IO[bytes]) -> Iterator["subprocess.Popen[bytes]"]:
    # It has nobody to send elsewhere.
    environment = settings.environment(places, bind=socket) | {"INKSTONE_DRAIN_SECONDS": "0", "INKSTONE_WORKERS": "1"}
    process = subprocess.Popen(
        [*TIED, *gunicorn(places)],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait()
        socket.unlink(missing_ok=True)


def switch(places: Places) -> None:
    """Put in force what this release has prepared; whatever runs already goes on as it was."""
    link = places.etc.with_name("etc.link")
    link.unlink(missing_ok=True)
    link.symlink_to(places.draft.name)
    before = places.etc.readlink().name if places.etc.is_symlink() else ""
    link.replace(places.etc)
    for old in places.var.glob("etc.[0-9]*"):
        if old.name not in {places.draft.name, before}:
            shutil.rmtree(old)


def roll(places: Places) -> None:
    """Let what runs be what is in force: groups that run another release are replaced while the rest takes the work."""
    gone = re.findall(r"^(web(?:-\d+)?): disappeared$", _supervisorctl(places, "reread"), re.M)
    sockets = places.web_sockets
    new = [name for name in sockets if not _pid(places, name)]
    old = [name for name in sockets if name not in new and _release_of(_pid(places, name)) != ROOT]
    for name in new:
        _replace(places, name)
    _lead_nginx(places)
    # Whoever is of no use to readers leaves first.
    leaving = sorted(old, key=lambda name: asking.answer(sockets[name], "/readyz") == 200)
    for name in leaving:
        _replace(places, name)
        if name != leaving[-1]:
            # nginx has to be asking this one again before the next one leaves.
            time.sleep(nginx.LEFT_ALONE + 1)
    for name in gone:
        print(f"{name}: ending it", flush=True)
        _supervisorctl(places, "update", name)
    _replace_counting(places)


def _replace(places: Places, name: str) -> None:
    print(f"{name}: replacing it", flush=True)
    _start_anew(places, name)
    asking.await_answer(places.web_sockets[name], "/readyz", PATIENCE, places.log / f"{name}.log")
    asking.await_answer(places.web_sockets[name], "/", PATIENCE, places.log / f"{name}.log")
    print(f"{name}: ready", flush=True)


def _start_anew(places: Places, name: str) -> None:
    # `update` does nothing but for a definition that has changed, and then it starts the program anew.
    if name not in _supervisorctl(places, "update", name):
        _supervisorctl(places, "restart", name)


def _lead_nginx(places: Places) -> None:
    """Let nginx take a configuration that is new to it; only where it can't while it runs, it is started anew."""
    digest, taken = nginx.digest(places.etc / "nginx"), nginx.taken(places)
    pid = _pid(places, "nginx")
    if not pid or (taken.exists() and taken.read_text() == digest):
        return
    before = set(members(pid, "nginx"))
    os.kill(pid, signal.SIGHUP)
    deadline = time.monotonic() + NEW_WORKERS_SECONDS
    while set(members(pid, "nginx")) <= before:
        if time.monotonic() > deadline:
            print("nginx can't take its new configuration while it runs: starting it anew", flush=True)
            _supervisorctl(places, "restart", "nginx")
            return
        time.sleep(0.1)
    taken.write_text(digest)
    print("nginx has taken its new configuration", flush=True)


def _replace_counting(places: Places) -> None:
    """Start, end or replace who counts what nginx answers; what is counted is in files, and no reader needs it."""
    try:
        if COUNTING not in _supervisorctl(places, "update", COUNTING, check=False):
            # It is started again at once, and nobody has to wait for it.
            _supervisorctl(places, "signal", "TERM", COUNTING)
    except ProblemError as problem:
        print(f"warning: nobody counts what nginx answers: {problem}", flush=True)


def verify(places: Places) -> None:
    """See whether a reader gets the home page from the application, through nginx."""
    for name, socket in places.web_sockets.items():
        asking.await_answer(socket, "/readyz", PATIENCE, places.log / f"{name}.log")
    for path in ("/readyz", "/"):
        asking.await_answer(places.url, path, PATIENCE, places.log / "nginx.log")
    print(f"{settings.remembered(places)['INKSTONE_SITE_URL']} answers")


def status(places: Places) -> None:
    """Each program with its state and, for the web workers, with its release and whether it is ready."""
    for line in _supervisorctl(places, "status", check=False).splitlines():
        name = line.split()[0] if line.split() else ""
        if name in places.web_sockets:
            release = _release_of(_pid(places, name))
            ready = "ready" if asking.answer(places.web_sockets[name], "/readyz") == 200 else "not ready"
            line = f"{line.rstrip()}   {release.name if release else 'no release'}, {ready}"
        print(line)
    free = shutil.disk_usage(places.var).free // 1024**2
    print(f"{free:,} MB are free for posts and images ({places.var})")


STEPS: dict[str, Callable[[Places], None]] = {
    "prepare": prepare,
    "migrate": migrate,
    "trial": trial,
    "switch": switch,
    "roll": roll,
    "verify": verify,
}
# All others are about what is in force.
DRAFTING = {"prepare", "migrate", "trial", "switch"}


def step(places: Places, name: str) -> None:
    """Take one step of a deploy; what a deployer who is gone has left under way is waited for."""
    if name == "status":
        status(places)
        return
    if name in DRAFTING:
        places = replace(places, draft_name=f"etc.{ROOT.name}")
    places.check()
    places.make()
    try:
        with (places.run / "step.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            STEPS[name](places)
    except OSError as error:
        raise ProblemError(f"{error.strerror}: {error.filename}" if error.filename else str(error)) from error


def _supervisorctl(places: Places, *arguments: str, check: bool = True) -> str:
    done = subprocess.run(
        ["supervisorctl", "-c", str(places.etc / "supervisord.conf"), *arguments],
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    if "refused connection" in done.stdout or "no such file" in done.stdout:
        raise ProblemError("Supervisor does not run: as root, systemctl start inkstone")
    # `update` and `restart` say by status 0 too that something went wrong.
    if check and (failed := re.search(r"^.*\bERROR\b.*$", done.stdout, re.M)):
        name = arguments[-1]
        raise ProblemError(f"{failed[0]}{asking.last_lines(places.log / f'{name}.log')}")
    return done.stdout


def _pid(places: Places, name: str) -> int:
    """The process that Supervisor looks after under that name; 0 where there is none."""
    if not (places.etc / "supervisord.conf").exists() or not (places.run / "supervisor.sock").exists():
        return 0
    try:
        said = _supervisorctl(places, "pid", name, check=False).strip()
    except ProblemError:
        return 0
    return int(said) if said.isdecimal() else 0


def _release_of(pid: int) -> Path | None:
    """Where the code of a gunicorn lies: it works in its folder."""
    try:
        return (Path("/proc") / str(pid) / "cwd").resolve(strict=True).parents[1] if pid else None
    except (OSError, IndexError):
        return None
