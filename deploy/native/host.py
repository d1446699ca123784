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
from pathlib import Path
from typing import IO

from deploy.native import asking, checks, database, keyring, nginx, settings, supervisor
from deploy.native.places import ROOT, Places
from deploy.native.problems import ProblemError
from deploy.native.programs import COUNTING, TIED, gunicorn

# Installed by `fab setup`. It starts a command of whatever release is the current one.
PROGRAM = "/usr/local/lib/inkstone/run current program"
PATIENCE = 30.0
TRIAL = "trial"


def prepare(places: Places) -> None:
    """Make secrets and database where there are none, and write the configuration; a running nginx takes a new one."""
    checks.free_space(places)
    keyring.ensure(places)
    settings.remember(places)
    database.prepare(places)
    _prepare_nginx(places)
    path = places.etc / "supervisord.conf"
    text = supervisor.configuration(places, PROGRAM)
    if not path.exists() or path.read_text() != text:
        path.write_text(text)
        print("supervisord.conf has changed")


def _prepare_nginx(places: Places) -> None:
    """Only a configuration that has changed is put in place: taking it costs every idle connection."""
    new, now = places.etc / "nginx.new", places.etc / "nginx"
    nginx.write(places, new)
    if now.exists() and nginx.same(new, now):
        shutil.rmtree(new)
        return
    tested = subprocess.run(
        [*nginx.command(places, new.name), "-q", "-t"], check=False, capture_output=True, text=True, errors="replace"
    )
    # Whether it may use the port is seen when it starts.
    if tested.returncode != 0 and "bind()" not in tested.stderr:
        raise ProblemError(f"nginx refuses its new configuration: {tested.stderr.strip()}")
    old = places.etc / "nginx.old"
    shutil.rmtree(old, ignore_errors=True)
    if now.exists():
        now.rename(old)
    new.rename(now)
    shutil.rmtree(old, ignore_errors=True)
    print("nginx's configuration has changed")
    if pid := _pid(places, "nginx"):
        os.kill(pid, signal.SIGHUP)


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


def roll(places: Places) -> None:
    """Replace the groups of web workers that run another release, one at a time, while the rest takes the work."""
    _supervisorctl(places, "reread")
    _replace_counting(places)
    old = [name for name in places.web_sockets if _release_of(_pid(places, name)) != ROOT]
    for name in old:
        print(f"{name}: replacing it", flush=True)
        _replace(places, name)
        if name != old[-1]:
            # nginx has to be asking this one again before the next one leaves.
            time.sleep(nginx.LEFT_ALONE + 1)
    if not old:
        print("every group runs this release already")


def _replace(places: Places, name: str) -> None:
    _start_anew(places, name)
    asking.await_answer(places.web_sockets[name], "/readyz", PATIENCE, places.log / f"{name}.log")
    asking.await_answer(places.web_sockets[name], "/", PATIENCE, places.log / f"{name}.log")
    print(f"{name}: ready")


def _start_anew(places: Places, name: str) -> None:
    # `update` does nothing but for a definition that has changed, and then it starts the program anew.
    if name not in _supervisorctl(places, "update", name):
        _supervisorctl(places, "restart", name)


def _replace_counting(places: Places) -> None:
    """Start, end or replace who counts what nginx answers; what is counted is in files."""
    if places.metrics_port:
        _start_anew(places, COUNTING)
    else:
        _supervisorctl(places, "update", COUNTING, check=False)


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
    "roll": roll,
    "verify": verify,
}


def step(places: Places, name: str) -> None:
    """Take one step of a deploy; what a deployer who is gone has left under way is waited for."""
    if name == "status":
        status(places)
        return
    places.check()
    places.make()
    with (places.run / "step.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        STEPS[name](places)


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
