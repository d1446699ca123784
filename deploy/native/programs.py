"""What Supervisor starts: each program becomes the process that Supervisor looks after."""

import os
import signal
import time
from pathlib import Path

from deploy.native import nginx, settings
from deploy.native.places import PYTHON, ROOT, Places

# Dies with its parent, so that not even a killed Supervisor leaves a server behind.
TIED = ["setpriv", "--pdeathsig", "TERM"]
RELOADING = [str(PYTHON), "-P", "-m", "deploy.native.reloading"]
COUNTING = "counting"
COUNT = ROOT / "services" / "nginx" / "count.sh"
# On a host of its own nginx, and nobody else, may listen on a port below 1024.
PLAIN = ["--ambient-caps=-net_bind_service", "--inh-caps=-net_bind_service"]


def become(places: Places, name: str, *, reload: bool) -> None:
    """Turn this process into the program; does not return."""
    if name == "nginx":
        end_leftovers(places.nginx_pid, "nginx")
        nginx.taken(places).write_text(nginx.digest(places.etc / "nginx"))
    commands = {
        "mysql": ["mariadbd", f"--defaults-file={places.etc / 'mysql.cnf'}"],
        "nginx": nginx.command(places),
        COUNTING: [str(COUNT), str(places.counting), str(places.nginx_pid)],
    }
    commands |= dict.fromkeys(places.web_sockets, RELOADING if reload else gunicorn(places))
    web = places.web_sockets.get(name)
    # What reloads gives its workers their settings itself, for those may change.
    environment = settings.environment(places, bind=web) if web and not reload else dict(os.environ)
    command = TIED + ([] if name == "nginx" else PLAIN) + commands[name]
    os.execvpe(command[0], command, environment)  # noqa: S606 - a list, no shell


def gunicorn(places: Places) -> list[str]:
    """A group of web workers; one of several is never given other code, so its processes share what is loaded of it."""
    return settings.GUNICORN + (["--preload"] if places.groups > 1 else [])


def end_leftovers(pid_file: Path, name: str) -> None:
    """End the workers of an nginx whose master was killed: they would keep the port."""
    try:
        group = int(pid_file.read_text())
    except (OSError, ValueError):
        return
    deadline = time.monotonic() + 5
    while left := members(group, name):
        for pid in left:
            _signal(pid, signal.SIGTERM if time.monotonic() < deadline else signal.SIGKILL)
        time.sleep(0.05)


def members(group: int, name: str) -> list[int]:
    """The living processes of that group with that name."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            pid, rest = stat.read_text(errors="replace").split(" (", 1)
        except OSError:
            continue
        comm, fields = rest.rsplit(") ", 1)
        state, _, process_group = fields.split()[:3]
        if comm == name and int(process_group) == group and state != "Z":
            found.append(int(pid))
    return found


def _signal(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return
