"""How gunicorn serves the application, in a container and natively."""

import contextlib
import ctypes
import gc
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NoReturn

from inkstone.config import ConfigError, Settings
from inkstone.logs.handling import configuration


def refuse(message: str) -> NoReturn:
    """End with one line; status 4 is gunicorn's own for an application that can't be loaded."""
    sys.stderr.write(f"inkstone: {message}\n")
    sys.exit(4)


def number(name: str, default: str) -> int:
    """A setting of gunicorn's that counts something."""
    value = os.environ.get(name) or default
    if not value.isdecimal() or int(value) == 0:
        refuse(f"{name} makes no sense: it is a whole number, 1 or more.")
    return int(value)


wsgi_app = "inkstone.app:application"
worker_class = "inkstone.worker.Worker"
bind = os.environ.get("INKSTONE_BIND", "127.0.0.1:8000")
workers = number("INKSTONE_WORKERS", "2")

# A worker that is silent this long is replaced; a request in hand at a stop has the shorter time.
timeout = 45
graceful_timeout = 30

# Longer than nginx keeps an idle connection, so that it is always nginx that closes.
keepalive = 75

# The heartbeat is a file: on a busy disk it would stall the worker that touches it.
worker_tmp_dir = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108 - memory, and gunicorn names the file

# Nobody uses it, and it would be opened under a home that a container's user lacks.
control_socket_disable = True

# The application tells of each request itself (web/telling.py); gunicorn's own lines take the same form and way.
accesslog = None
try:
    log_form, loglevel = Settings.for_logging(os.environ)
except ConfigError as error:
    refuse(str(error))
logconfig_dict = configuration(log_form, loglevel)

# A socket file of our own is for our own user, who is nginx's too.
umask = 0o077 if bind.startswith("unix:") else 0
chdir = str(Path(__file__).parent)

METRICS_FOLDER = "INKSTONE_METRICS_FOLDER"
FOLDERS = "inkstone-metrics-"
AN_HOUR = 3600

# malloc.h
_M_TRIM_THRESHOLD = -1
_M_MMAP_THRESHOLD = -3
_M_ARENA_MAX = -8


def on_starting(server: object) -> None:
    """Look at the settings before there are workers: each would say the same, among lines about its own end."""
    try:
        Settings.from_environment(os.environ)
    except ConfigError as error:
        refuse(str(error))


def share_numbers() -> None:
    """Give several workers a folder in memory to put together what they count; one alone needs none."""
    os.environ.pop(METRICS_FOLDER, None)  # of the master that started this one, where it is being replaced (USR2)
    if workers > 1:
        sweep_numbers()
        os.environ[METRICS_FOLDER] = tempfile.mkdtemp(prefix=FOLDERS, dir=worker_tmp_dir)


def sweep_numbers() -> None:
    """Take away what those left who were all killed at once: whoever lives writes to its folder every second."""
    for folder in Path(worker_tmp_dir or tempfile.gettempdir()).glob(f"{FOLDERS}*"):
        with contextlib.suppress(OSError):  # somebody else's, or gone already
            if time.time() - folder.stat().st_mtime > AN_HOUR:
                shutil.rmtree(folder)


def forget_numbers() -> None:
    """Take the folder away again."""
    if METRICS_FOLDER in os.environ:
        shutil.rmtree(os.environ[METRICS_FOLDER], ignore_errors=True)


def on_exit(server: object) -> None:
    """The master ends, and there are no workers any more."""
    forget_numbers()


def worker_exit(server: object, worker: Any) -> None:
    """Do what a master that was killed can't do."""
    if worker.ppid != os.getppid():
        forget_numbers()


def when_ready(server: object) -> None:
    """Spare what was loaded before the workers start the collector's touch: memory is shared until it is written to."""
    share_numbers()
    gc.collect()
    gc.freeze()


def post_fork(server: object, worker: object) -> None:
    """Let glibc give back what it does not need: the 19 MiB of a password's hash, an upload or a large feed would stay.

    What compressing a page takes stays, for it would be asked of the kernel again each time, and cost more than the
    compressing. One arena for all threads: those that hash and render would each keep one of their own.
    """
    libc = ctypes.CDLL(None)
    if hasattr(libc, "mallopt"):  # musl has none, and needs none
        libc.mallopt(_M_MMAP_THRESHOLD, 512 * 1024)
        libc.mallopt(_M_TRIM_THRESHOLD, 1024 * 1024)
        libc.mallopt(_M_ARENA_MAX, 1)
