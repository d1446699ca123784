"""What a load test leaves: report.html, its pictures by themselves, results.json; and a summary to print."""

import json
from pathlib import Path
from typing import Any

import jinja2

from tests.load import pictures
from tests.load.results import HEADROOM, READING, Result, Run

AUDIENCES = (100, 1_000, 5_000, 20_000)
TEMPLATES = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).parent),
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
    undefined=jinja2.StrictUndefined,
)
MEANING = {
    "warm": "nobody who only reads is signed in, so nginx answers most of it from its cache",
    "origin": "everybody is signed in, so nginx's cache answers nothing and the application everything",
}
LIMITS = {
    "web": "the replicas' share of the processors",
    "the load generator": "the load generator, not the blog: give it more WORKERS",
    "this machine": "this machine: no processor was idle",
    "": "nothing that was looked at: waiting, or a machine that does something else",
}


def write(result: Result, folder: Path) -> None:
    """Leave all of it."""
    (folder / "results.json").write_text(json.dumps(result.as_json(), ensure_ascii=False, indent=2) + "\n")
    drawn = _drawn(result)
    for name, svg in drawn.items():
        (folder / f"{name}.svg").write_text(pictures.alone(svg))
    (folder / "report.html").write_text(html(result, drawn))


def html(result: Result, drawn: dict[str, str]) -> str:
    """The whole page, which needs no other file."""
    return TEMPLATES.get_template("report.html").render(
        result=result,
        pictures=drawn,
        headline=headline(result),
        growths=[result.growth(scenario) for scenario in result.scenarios],
        audiences=AUDIENCES,
        reading=READING,
        free=round(100 * (1 - HEADROOM)),
        meaning=MEANING,
        limits=LIMITS,
        busy={scenario: _last(result, scenario) for scenario in result.scenarios},
        light=pictures.LIGHT,
        dark=pictures.DARK,
        number=number,
        replicas=replicas,
    )


def _drawn(result: Result) -> dict[str, str]:
    drawn = {}
    for scenario in result.scenarios:
        if len(result.growth(scenario).points) > 1:
            drawn[f"throughput-{scenario}"] = pictures.throughput(result, scenario)
        drawn[f"answered-{scenario}"] = pictures.answered(result, scenario)
        drawn[f"latency-{scenario}"] = pictures.latency(result, scenario)
        if result.plan.replicas:
            drawn[f"processors-{scenario}"] = pictures.processors(result, scenario)
            drawn[f"memory-{scenario}"] = pictures.memory(result, scenario)
    return drawn


def headline(result: Result) -> str:
    """What the page says first: about the scenario in which replicas count most."""
    growth = result.growth(result.scenarios[-1])
    (fewest, few), (most, many) = growth.points[0], growth.points[-1]
    carries = f"{number(growth.readers(fewest or 1))} readers at once"
    if not fewest:
        return f"{number(many)} requests/s: enough for about {carries}"
    first = f"{replicas(fewest).capitalize()} of {result.plan.cpus:g} CPU: {number(few)} requests/s"
    if fewest == most:
        return f"{first}, enough for {carries}"
    return f"{first}, {replicas(most)} {number(many)}: {growth.factor:.2f} times as many"


def _last(result: Result, scenario: str) -> str:
    """What was busy where there were most replicas."""
    return result.limit(result.of(scenario)[-1])


def summary(result: Result) -> str:
    """For the terminal."""
    lines = ["", headline(result), "", f"{'':<22}{'requests/s':>11}{'p95 ms':>8}{'users':>7}{'web CPU':>9}  limit"]
    for scenario in result.scenarios:
        lines += [_line(result, run) for run in result.of(scenario)]
    for growth in (result.growth(scenario) for scenario in result.scenarios):
        if len(growth.points) > 1:
            lines.append(
                f"{growth.scenario}: {growth.factor:.2f} times as many by {growth.ideal:.3g} times the replicas"
            )
    return "\n".join(lines)


def _line(result: Result, run: Run) -> str:
    best = run.best
    name = f"{run.scenario}, {replicas(run.replicas)}" if run.replicas else run.scenario
    use = f"{best.cpu['web']:9.2f}" if "web" in best.cpu else " " * 9
    return (
        f"{name:<22}{number(best.requests_per_second):>11}{best.p95:>8}{best.users:>7}{use}  {result.limit(run) or '?'}"
    )


def replicas(count: int) -> str:
    """As people say it."""
    return "1 replica" if count == 1 else f"{count} replicas"


def number(value: Any) -> str:
    """Three figures that count, and no more.

    >>> [number(value) for value in (12345.6, 56.78, 0.01234, 0)]
    ['12,300', '56.8', '0.0123', '0']
    """
    if value < 1000:
        return f"{value:.3g}"
    digits = len(str(int(value))) - 3
    return f"{round(value, -digits):,.0f}"
