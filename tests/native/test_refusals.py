"""make run where it cannot: one clear line, exit status 1, and nothing left running"""

import shutil
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from deploy.native import database, news

pytestmark = pytest.mark.xdist_group("native")

Refused = Callable[..., str]


def test_port_in_use(folder: Path, refused: Refused) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]

        line = refused(VAR=str(folder / "port"), PORT=str(port))

        metrics = refused(VAR=str(folder / "port"), METRICS_PORT=str(port))

    assert line == f"inkstone: port {port} is in use: choose another, as in PORT={port + 1}"
    assert metrics == f"inkstone: port {port} is in use: choose another, as in METRICS_PORT={port + 1}"


def test_port_that_is_none(folder: Path, refused: Refused) -> None:
    assert refused(VAR=str(folder / "port"), PORT="eighty").startswith("inkstone: PORT makes no sense: eighty is not")
    assert "METRICS_PORT makes no sense: -1 is not" in refused(VAR=str(folder / "port"), METRICS_PORT="-1")


def test_var_too_long_for_a_socket(folder: Path, refused: Refused) -> None:
    line = refused(VAR=str(folder / ("long" * 30)))

    assert "bytes too long for a unix socket" in line


def test_var_with_a_character_that_means_something(folder: Path, refused: Refused) -> None:
    assert "has a character that configuration files give a meaning" in refused(VAR=str(folder / "a;b"))


def test_var_that_is_a_file(folder: Path, refused: Refused) -> None:
    (folder / "file").touch()

    assert "VAR cannot be used" in refused(VAR=str(folder / "file"))


def test_var_without_room(folder: Path, refused: Refused) -> None:
    line = refused(VAR=str(folder / "full"), VAR_SPACE_MB="1000000000")

    assert line.startswith("inkstone: VAR is full: ")
    assert "1000000000 MB needed" in line


def test_disk_that_fills_while_the_database_is_made(folder: Path, refused: Refused) -> None:
    line = refused(VAR=str(folder / "filling"), file_limit=1024**2)

    assert line.startswith("inkstone: the database could not be made: ")
    assert not (folder / "filling" / "mysql").exists()


def test_missing_program(folder: Path, refused: Refused) -> None:
    programs = folder / "programs"
    programs.mkdir()
    for name in ("mariadbd", "mariadb-install-db", "my_print_defaults", "setpriv"):
        (programs / name).symlink_to(shutil.which(name) or "/usr/sbin/mariadbd")

    line = refused(VAR=str(folder / "missing"), PATH=str(programs))

    assert line.startswith("inkstone: nginx missing, and this is not Debian: install the packages")


def test_reason_of_a_database_on_a_full_disk() -> None:
    log = (
        "2026-01-01  1:00:00 0 [ERROR] InnoDB: Operating system error number 28 in a file operation.\n"
        "2026-01-01  1:00:00 0 [ERROR] Plugin 'InnoDB' registration as a STORAGE ENGINE failed.\n"
        "2026-01-01  1:00:00 0 [ERROR] Aborting\n"
    )

    assert database.reason(log).startswith("no space left on the disk")


def test_reason_of_a_web_worker_is_its_exception() -> None:
    log = "Traceback:\n  File x\nModuleNotFoundError: No module named 'x'\nNo module named 'x'\n[1] [ERROR] Bye\n"

    assert news.python_reason(log) == "ModuleNotFoundError: No module named 'x'"
