"""What is looked at before anything starts."""

import fcntl
import os
import shutil
import socket
from typing import TextIO

from deploy.native.places import Places
from deploy.native.problems import ProblemError

# Measured: a new database takes 90 MB, and the first import as much again; one that exists needs room for its logs.
FIRST_START_MB = 300
LATER_START_MB = 50


def take(places: Places) -> TextIO:
    """Hold VAR for this stack until the file that is returned is closed."""
    lock = (places.run / "lock").open("a+")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.seek(0)
        raise ProblemError(
            f"a stack is running in this VAR already (process {lock.read().strip()}): {places.var}"
        ) from None
    lock.truncate(0)
    lock.write(f"{os.getpid()}\n")
    lock.flush()
    return lock


def free_space(places: Places) -> None:
    """Refuse to start on a disk that would fill up at once."""
    default = LATER_START_MB if places.data.exists() else FIRST_START_MB
    needed = int(os.environ.get("VAR_SPACE_MB") or default)
    free = shutil.disk_usage(places.var).free // 1024**2
    if free < needed:
        raise ProblemError(f"VAR is full: {free} MB free, {needed} MB needed: {places.var}")


def free_port(places: Places) -> None:
    """Refuse a port that somebody else answers on."""
    family = socket.AF_INET6 if ":" in places.listen else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((places.listen, places.port))
        except OSError as error:
            why = "is in use" if error.errno == 98 else f"cannot be used on {places.listen}: {error.strerror}"
            raise ProblemError(f"port {places.port} {why}: choose another, as in PORT=8081") from error


def running(places: Places) -> bool:
    """True where this VAR's database server answers."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(str(places.mysql_socket))
        except OSError:
            return False
    return True
