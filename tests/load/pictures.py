"""The pictures of the report, drawn by Matplotlib in colours that the page chooses, light or dark."""

import io
import re
from collections.abc import Callable, Iterable
from itertools import cycle
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from tests.load.results import Result, Run

# What a colour is drawn as -> what it is called afterwards, in light, in dark. report.html uses these, too.
COLOURS = {
    "#000001": ("ink", "#222", "#ddd"),
    "#000002": ("faint", "#ccc", "#444"),
    "#000011": ("one", "#2563a8", "#7db3ee"),
    "#000012": ("two", "#b5541c", "#f0a070"),
    "#000013": ("three", "#2c7a3f", "#7fce93"),
    "#000014": ("four", "#7a3fa0", "#c79be6"),
    "#000015": ("five", "#8a6d00", "#dcc060"),
    "#000016": ("bad", "#b3261e", "#ff8a80"),
}
INK, FAINT, *SERIES, BAD = COLOURS
MARKS = "os^Dv"
LIGHT = " ".join(f"--{name}: {light};" for name, light, _ in COLOURS.values())
DARK = " ".join(f"--{name}: {dark};" for name, _, dark in COLOURS.values())
# For a picture that is looked at by itself.
STYLE = f"""<style>
  :root {{ {LIGHT} }}
  svg {{ background: #fff; }}
  @media (prefers-color-scheme: dark) {{
    :root {{ {DARK} }}
    svg {{ background: #16181c; }}
  }}
</style>"""
SETTINGS: dict[Any, Any] = {
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 10,
    "text.color": INK,
    "axes.edgecolor": FAINT,
    "axes.labelcolor": INK,
    "axes.facecolor": "none",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": FAINT,
    "grid.linewidth": 0.5,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "legend.frameon": False,
    "legend.fontsize": 9,
    "lines.linewidth": 1.6,
    "lines.markersize": 4.5,
    "figure.facecolor": "none",
    "savefig.facecolor": "none",
}


def throughput(result: Result, scenario: str) -> str:
    """Requests/s against replicas, with the line that nothing shared would give."""

    def plot(axes: Axes) -> None:
        counts, found = zip(*result.growth(scenario).points, strict=True)
        axes.plot(
            counts, [found[0] * count / counts[0] for count in counts], "--", color=INK, linewidth=1, label="ideal"
        )
        axes.plot(counts, found, MARKS[0] + "-", color=SERIES[0], label=scenario)
        axes.set_xlabel("replicas of the application")
        axes.set_ylabel("requests/s")
        axes.set_xlim(left=0)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))

    return _draw(f"throughput-{scenario}", plot)


def answered(result: Result, scenario: str) -> str:
    """Requests/s against users."""

    def plot(axes: Axes) -> None:
        for colour, mark, run in _series(result, scenario):
            axes.plot(
                [step.users for step in run.steps],
                [step.requests_per_second for step in run.steps],
                mark + "-",
                color=colour,
                label=_name(run),
            )
            bad = [step for step in run.steps if step.failed]
            axes.plot([step.users for step in bad], [step.requests_per_second for step in bad], "x", color=BAD)
        axes.set_xlabel("users, of whom each asks about once a second")
        axes.set_ylabel("requests/s")
        axes.set_xlim(left=0)

    return _draw(f"answered-{scenario}", plot)


def latency(result: Result, scenario: str) -> str:
    """How long half, 95 and 99 of a hundred waited at most, against users."""

    def plot(axes: Axes) -> None:
        styles = (("p50", ":"), ("p95", "-"), ("p99", "--"))
        for colour, mark, run in _series(result, scenario):
            for part, style in styles:
                axes.plot(
                    [step.users for step in run.steps],
                    [max(1, getattr(step, part)) for step in run.steps],
                    marker=mark if part == "p95" else "",
                    linestyle=style,
                    linewidth=1.6 if part == "p95" else 1,
                    color=colour,
                    label=_name(run) if part == "p95" else None,
                )
        for part, style in styles:
            axes.plot([], [], style, color=INK, label=part)
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
        axes.set_xlabel("users")
        axes.set_ylabel("ms until answered")
        axes.set_xlim(left=0)

    return _draw(f"latency-{scenario}", plot, zero=False)


def processors(result: Result, scenario: str) -> str:
    """Which service used how much of the processors at its most."""
    return _bars(result, scenario, "cpu", "processors in use")


def memory(result: Result, scenario: str) -> str:
    """Which service used how much memory then."""
    return _bars(result, scenario, "memory", "MB in use")


def _bars(result: Result, scenario: str, what: str, label: str) -> str:
    runs = _middle(result, scenario)
    services = [name for name in ("web", "mysql", "nginx", "load") if any(name in _use(run, what) for run in runs)]

    def plot(axes: Axes) -> None:
        places = range(len(runs))
        below = [0.0] * len(runs)
        for colour, service in zip(SERIES, services, strict=False):
            heights = [_use(run, what).get(service, 0.0) for run in runs]
            axes.bar(places, heights, bottom=below, width=0.6, color=colour, label=service)
            below = [low + height for low, height in zip(below, heights, strict=True)]
        axes.set_xticks(places, [_name(run) for run in runs])
        axes.set_ylabel(label)
        axes.grid(visible=False, axis="x")

    return _draw(f"{what}-{scenario}", plot)


def _use(run: Run, what: str) -> dict[str, float]:
    found: dict[str, float] = getattr(run.best, what)
    return found


def _series(result: Result, scenario: str) -> Iterable[tuple[str, str, Run]]:
    """A colour and a mark for each count of replicas; of several rounds, the one with the median."""
    return zip(cycle(SERIES), cycle(MARKS), _middle(result, scenario), strict=False)


def _middle(result: Result, scenario: str) -> list[Run]:
    """One run for each count of replicas: the one in the middle."""
    runs = result.of(scenario)
    middle = []
    for count in sorted({run.replicas for run in runs}):
        same = sorted((run for run in runs if run.replicas == count), key=lambda run: run.best.requests_per_second)
        middle.append(same[len(same) // 2])
    return middle


def _name(run: Run) -> str:
    if not run.replicas:
        return run.scenario
    return "1 replica" if run.replicas == 1 else f"{run.replicas} replicas"


def _draw(name: str, plot: Callable[[Axes], None], *, zero: bool = True) -> str:
    """The picture as SVG, its ids its own."""
    with mpl.rc_context(SETTINGS | {"svg.hashsalt": name}):
        figure = Figure(figsize=(4.6, 3.2), layout="constrained")
        axes = figure.add_subplot()
        plot(axes)
        if zero:
            axes.set_ylim(bottom=0)
        axes.margins(x=0.03)
        figure.legend(loc="outside upper left", ncols=3)
        out = io.StringIO()
        figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
    return _named(out.getvalue(), name)


def _named(svg: str, name: str) -> str:
    """Colours by their names, ids that several pictures on one page do not share, and a size that fits."""
    for drawn, (colour, _, _) in COLOURS.items():
        svg = svg.replace(drawn, f"var(--{colour})")
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r'\bid="', f'id="{name}-', svg)
    svg = re.sub(r'(href="#|url\(#)', rf"\g<1>{name}-", svg)
    return re.sub(r'<svg ([^>]*?)width="[^"]*"([^>]*?)height="[^"]*"', r"<svg \1\2", svg, count=1)


def alone(svg: str) -> str:
    """The same as a file of its own."""
    start = svg.index(">") + 1
    return f"{svg[:start]}\n{STYLE}{svg[start:]}"
