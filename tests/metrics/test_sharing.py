"""Several processes' numbers as one"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from inkstone.metrics import exposition, sharing
from inkstone.metrics.catalogue import Metrics
from inkstone.metrics.sharing import Folder
from tests.scraping import Scrape

REQUEST = ("home", "read", 200)


def counted(requests: int, *, reachable: int = 1) -> Metrics:
    metrics = Metrics()
    metrics.requests.by[REQUEST] += requests
    for number in range(requests):
        metrics.query_time.by["posts.find",].add(0.002 * number)
    metrics.in_flight.by[()] = 3
    metrics.reachable.by["primary",] = reachable
    return metrics


def leave(folder: Path, pid: int, metrics: Metrics) -> None:
    """As the process of that number would."""
    Folder(folder).write(sharing.snapshot(metrics))
    (folder / f"{os.getpid()}.json").rename(folder / f"{pid}.json")


def told(*snapshots: sharing.Snapshot) -> Scrape:
    return Scrape(exposition.text(sharing.joined(snapshots)).decode())


@pytest.fixture
def ended() -> int:
    """The number of a process that is no more."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_numbers_are_added_up(tmp_path: Path) -> None:
    leave(tmp_path, os.getppid(), counted(2, reachable=0))

    (other,) = Folder(tmp_path).others()

    both = told(sharing.snapshot(counted(3)), other)
    assert both.get("inkstone_requests_total", route="home", method="read", status="200") == 5
    assert both.get("inkstone_query_duration_seconds_count", query="posts.find") == 5
    assert both.get("inkstone_query_duration_seconds_bucket", query="posts.find", le="0.0025") == 4
    assert both.get("inkstone_query_duration_seconds_bucket", query="posts.find", le="0.005") == 5
    assert both.get("inkstone_query_duration_seconds_sum", query="posts.find") == pytest.approx(0.008)
    assert both.get("inkstone_requests_in_flight") == 6
    assert both.get("inkstone_database_reachable") == 0


def test_who_has_ended_has_counted_and_does_nothing_any_more(tmp_path: Path, ended: int) -> None:
    leave(tmp_path, ended, counted(2))

    (other,) = Folder(tmp_path).others()

    alone = told(other)
    assert alone.get("inkstone_requests_total") == 2
    assert alone.get("inkstone_requests_in_flight") == 0
    assert alone.values("database") == set()


def test_the_next_one_counts_on_from_where_one_ended(tmp_path: Path, ended: int) -> None:
    leave(tmp_path, ended, counted(2))
    leave(tmp_path, os.getppid(), counted(3))
    mine, metrics = Folder(tmp_path), counted(5)

    mine.take_over(metrics)

    assert metrics.requests.by[REQUEST] == 7
    assert metrics.in_flight.by[()] == 3
    assert {path.stem for path in tmp_path.iterdir()} == {str(os.getpid()), str(os.getppid())}
    assert told(*mine.others()).get("inkstone_requests_total") == 3
    again = Metrics()
    mine.take_over(again)
    assert again.requests.by[REQUEST] == 2, "a number that was given again is another process's"


def test_who_is_given_a_number_again_loses_nothing_of_others(tmp_path: Path, ended: int) -> None:
    leave(tmp_path, ended, counted(1000))
    Folder(tmp_path).write(sharing.snapshot(counted(5)))
    mine, metrics = Folder(tmp_path), Metrics()

    mine.take_over(metrics)

    assert metrics.requests.by[REQUEST] == 5
    assert told(*mine.others()).get("inkstone_requests_total") == 1000


def test_a_number_that_is_another_users_by_now(tmp_path: Path) -> None:
    """Whose process may not even be asked whether it lives; asked by somebody who is not root."""
    leave(tmp_path, 1, counted(2))
    script = (
        "import os, sys; from pathlib import Path\n"
        "from inkstone.metrics.sharing import _lives\n"
        "if os.getuid() == 0: os.setuid(65534)\n"
        "print(_lives(Path(sys.argv[1])))"
    )

    done = subprocess.run(
        [sys.executable, "-c", script, tmp_path / "1.json"], check=False, capture_output=True, text=True
    )

    assert done.stdout == "False\n", done.stderr


def test_a_folder_that_is_gone_is_said_once_and_harms_nobody(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    gone = Folder(tmp_path / "gone")

    for _ in range(3):
        gone.write(sharing.snapshot(counted(1)))

    assert gone.others() == []
    assert [record.levelname for record in caplog.records] == ["WARNING"]
