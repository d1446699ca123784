"""What is looked at before anything starts."""

import errno
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


def free_ports(places: Places) -> None:
    """Refuse a port that somebody else answers on."""
    _free_port(places.listen, places.port, "PORT")
    if places.metrics_port:
        _free_port(places.metrics_listen, places.metrics_port, "METRICS_PORT")


def _free_port(listen: str, port: int, name: str) -> None:
    family = socket.AF_INET6 if ":" in listen else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((listen, port))
        except OSError as error:
            why = "is in use" if error.errno == errno.EADDRINUSE else f"cannot be used on {listen}: {error.strerror}"
            raise ProblemError(f"port {port} {why}: choose another, as in {name}={port + 1}") from error


def running(places: Places) -> bool:
    """True where this VAR's database server answers."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(str(places.mysql_socket))
        except OSError:
            return False
    return True
