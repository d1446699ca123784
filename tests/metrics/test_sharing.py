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


def test_a_folder_that_is_gone_is_said_once_and_harms_nobody(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    gone = Folder(tmp_path / "gone")

    for _ in range(3):
        gone.write(sharing.snapshot(counted(1)))

    assert gone.others() == []
    assert [record.levelname for record in caplog.records] == ["WARNING"]
