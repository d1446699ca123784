"""What follows from the figures, and the report that shows it"""

import json
import re
import xml.etree.ElementTree as ElementTree
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.load import report
from tests.load.machine import machine
from tests.load.plan import Plan
from tests.load.results import Growth, Result, Run, Step
from tests.load.watching import Watch

SHARE = 0.2


def step(users: int, found: float, p95: int = 20, *, cpu: float = 0.1, failures: dict[str, int] | None = None) -> Step:
    return Step(
        users=users,
        requests_per_second=found,
        p50=p95 // 2,
        p95=p95,
        p99=p95 * 2,
        start=1000,
        end=1010,
        pages={"GET /": {"requests": 10, "p50": 1, "p95": 2, "p99": 3}},
        failures=failures or {},
        client_cpu=0.1,
        last="",
        cpu={"web": cpu, "mysql": 0.1, "nginx": 0.05, "load": 0.1},
        memory={"web": 80.0, "mysql": 400.0, "nginx": 10.0, "load": 90.0},
    )


def run(scenario: str, replicas: int, most: float) -> Run:
    busy, once = SHARE * replicas, replicas or 1
    return Run(
        scenario,
        replicas,
        [
            step(20 * once, most / 4, cpu=busy / 4),
            step(40 * once, most / 2, cpu=busy / 2),
            step(80 * once, most, 90, cpu=busy),
            step(120 * once, most * 0.98, 900, cpu=busy),
        ],
    )


def result(*runs: Run, **said: object) -> Result:
    replicas = tuple(sorted({one.replicas for one in runs} - {0}))
    names = tuple(dict.fromkeys(one.scenario for one in runs))
    plan = Plan(Path("x"), names, replicas, cpus=SHARE, **said)  # type: ignore[arg-type]
    return Result(machine() | {"cores": 2}, plan, list(runs))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a whole load test has left."""
    folder = tmp_path_factory.mktemp("load")
    runs = (run(name, count, 100 * count**0.95) for count in (1, 2, 4) for name in ("warm", "origin"))
    report.write(result(*runs), folder)
    return folder


# What follows


def test_the_knee_is_the_last_step_that_was_worth_it() -> None:
    assert run("origin", 1, 100).knee.users == 80
    assert Run("origin", 1, [step(20, 20)]).knee.users == 20


def test_a_step_with_failures_lies_behind_the_knee() -> None:
    assert Run("origin", 1, [step(20, 20), step(40, 40, failures={"GET /: 503": 1})]).knee.users == 20


def test_the_best_step_is_one_without_failures() -> None:
    found = Run("origin", 1, [step(20, 20), step(40, 39), step(80, 45, failures={"GET /: 503": 90})])

    assert (found.best.users, found.failed, found.turned_away) == (40, 0, 90)


def test_growth_is_of_the_median_of_the_rounds() -> None:
    rounds = [run("origin", 1, most) for most in (90, 100, 400)] + [run("origin", 4, most) for most in (390, 380, 20)]

    growth = Growth.of("origin", rounds)

    assert growth.points == [(1, 100), (4, 380)]
    assert (growth.factor, growth.ideal) == (3.8, 4)
    assert growth.cost[1] == pytest.approx(SHARE * 1000 / 100)


def test_readers_and_replicas_fit_together() -> None:
    growth = Growth.of("origin", [run("origin", 1, 100), run("origin", 4, 400)])

    # 100 requests/s × 20 s between pages, of which 0.7 are to be used.
    assert growth.readers() == 1400
    assert [growth.replicas_for(readers) for readers in (1, 1400, 1401, 14000)] == [1, 1, 2, 10]


def test_what_was_busy_is_named() -> None:
    busy = step(100, 100, cpu=SHARE * 2)
    assert Run("origin", 2, [busy]).limit(SHARE, 2) == "web"
    assert Run("origin", 4, [busy]).limit(SHARE, 2) == ""
    assert Run("origin", 4, [step(100, 100, cpu=1.6)]).limit(10, 2) == "this machine"


# The report


class Page(HTMLParser):
    """The ids, and what would have to be fetched."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.fetched: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        for name, value in attributes:
            if name == "id":
                self.ids.append(value or "")
            if name in {"src", "srcset", "data"} or (name.endswith("href") and not (value or "").startswith("#")):
                self.fetched.append(f"{tag} {name}={value}")


def test_a_report_needs_no_other_file(folder: Path) -> None:
    text = (folder / "report.html").read_text()
    page = Page(text)
    assert page.fetched == []
    assert "@import" not in text
    assert len(page.ids) == len(set(page.ids)) > 100
    assert set(re.findall(r"url\(#([^)]*)\)", text)) <= set(page.ids)
    assert text.count("<svg") == 10


def test_the_headline_answers_the_question(folder: Path) -> None:
    text = (folder / "report.html").read_text()
    assert "<h1>1 replica of 0.2 CPU: 100 requests/s, 4 replicas 373: 3.73 times as many</h1>" in text
    assert "How many replicas do I need?" in text
    # 5,000 readers × 1 page in 20 s, of 93 requests/s a replica, of which 0.7 are to be used.
    assert re.search(r"<td>5,000</td><td>4</td><td>4</td>", text)
    assert "none failed" in text


def test_pictures_stand_by_themselves_in_both_colours(folder: Path) -> None:
    names = {path.name for path in folder.glob("*.svg")}
    assert {"throughput-origin.svg", "latency-origin.svg", "processors-warm.svg", "memory-warm.svg"} <= names
    for path in folder.glob("*.svg"):
        text = path.read_text()
        ElementTree.fromstring(text)  # noqa: S314 - our own
        assert "prefers-color-scheme: dark" in text
        # What had no colour of its own would be black on black.
        assert not re.search(r"(fill|stroke): #(?!fff)[0-9a-f]{3,6}", text), path
    assert "ideal" in (folder / "throughput-warm.svg").read_text()


def test_results_can_be_read_by_programs(folder: Path) -> None:
    found = json.loads((folder / "results.json").read_text())
    (growth,) = (one for one in found["growth"] if one["scenario"] == "origin")
    assert growth["factor"] == pytest.approx(4**0.95)
    assert [point["replicas"] for point in growth["points"]] == [1, 2, 4]
    assert found["runs"][0]["steps"][2]["cpu"]["web"] == SHARE
    assert found["runs"][0]["limit"] == "web"


def test_nobodys_password_is_left_behind(tmp_path: Path) -> None:
    report.write(result(run("warm", 0, 100), url="http://localhost", email="a@b.test", password="hidden"), tmp_path)

    assert not [path for path in tmp_path.iterdir() if "hidden" in path.read_text()]


def test_failures_are_told(tmp_path: Path) -> None:
    bad = Run("origin", 1, [step(20, 20, failures={"GET /<x>: 503": 7}), step(40, 30)])
    assert bad.failed == 7

    report.write(result(bad), tmp_path)

    text = (tmp_path / "report.html").read_text()
    assert "7 failed" in text
    assert "<td>GET /&lt;x&gt;: 503</td>" in text


def test_to_be_turned_away_under_too_much_load_is_no_failure(tmp_path: Path) -> None:
    found = result(Run("origin", 1, [step(20, 20), step(40, 15, failures={"GET /: 503": 7})]))

    report.write(found, tmp_path)

    assert (found.failed, found.turned_away) == (0, 7)
    text = " ".join((tmp_path / "report.html").read_text().split())
    assert "none failed but for 7 that were turned away" in text
    assert "<td>GET /: 503</td>" in text


def test_load_on_an_address_has_no_replicas_to_speak_of(tmp_path: Path) -> None:
    found = result(run("warm", 0, 200), url="http://localhost:8080")

    report.write(found, tmp_path)

    text = (tmp_path / "report.html").read_text()
    assert "Load on http://localhost:8080" in text
    assert "How many replicas" not in text
    assert not [*tmp_path.glob("throughput*")]
    assert "200 requests/s" in report.summary(found)


def test_what_is_there_is_shown_while_the_rest_is_measured(tmp_path: Path) -> None:
    found = result(run("warm", 1, 100), run("origin", 1, 50), run("warm", 2, 190))

    report.write(found, tmp_path)

    assert "<tr><td>2</td><td>190</td><td>2.11</td><td>–</td><td>–</td></tr>" in (tmp_path / "report.html").read_text()


def test_more_counts_than_colours_are_all_drawn(tmp_path: Path) -> None:
    report.write(result(*(run("origin", count, 100.0 * count) for count in range(1, 9))), tmp_path)

    text = (tmp_path / "answered-origin.svg").read_text()
    assert [f"{count} replicas" in text for count in range(2, 9)] == [True] * 7


# What containers use


def test_the_use_of_a_services_containers_is_added_up(monkeypatch: pytest.MonkeyPatch) -> None:
    watch = Watch("ink")
    for time, name, cpu in [
        (100.0, "ink-web-1", "90%"),  # before
        (102.0, "ink-web-1", "10.00%"),
        (103.0, "ink-web-1", "20.00%"),
        (103.0, "ink-web-2", "30.00%"),
        (103.0, "ink-load-run-3f2a", "5.00%"),
        (103.0, "inkling-web-1", "99.00%"),
        (103.0, "ink-nginx-1", "--"),
        (110.0, "ink-web-1", "90%"),  # after
    ]:
        monkeypatch.setattr("tests.load.watching.time.time", lambda time=time: time)
        watch.take("\x1b[H" + json.dumps({"Name": name, "CPUPerc": cpu, "MemUsage": "100MiB / 384MiB"}) + " \x1b[K\n")

    used, memory = watch.used(100.5, 105)

    assert used == pytest.approx({"web": 0.45, "load": 0.05})
    assert memory["web"] == pytest.approx(209.7, abs=0.1)
