"""A part's figures as a picture: bars in SVG, one group for each thing that is measured in the same unit."""

from collections.abc import Iterator
from html import escape

from tests.bench.report import number
from tests.bench.results import Figure, Part

WIDTH, LABEL, ROW, GAP = 1000, 440, 22, 34
STYLE = (
    "text{font:13px system-ui,sans-serif;fill:#222}.title{font-weight:600;font-size:16px}.unit{fill:#666}"
    ".bar{fill:#4a7a9c}.spread{stroke:#222;stroke-width:1.5}.met{fill:#2c7a3f}.missed{fill:#b3261e}"
)


def draw(part: Part) -> str:
    """One part; a line across a bar's end goes from its smallest round to its largest."""
    shapes, y = [], GAP
    for shape in _shapes(part, y):
        shapes.append(shape)
        y += ROW
    size = f'width="{WIDTH}" height="{y}" viewBox="0 0 {WIDTH} {y}"'
    body = "\n".join(shapes)
    background = '<rect width="100%" height="100%" fill="#fff"/>'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}>\n<style>{STYLE}</style>\n{background}\n{body}\n</svg>\n'


def _shapes(part: Part, y: int) -> Iterator[str]:
    """Each line of a part, from there on downwards."""
    yield _text(20, y, part.title, "title")
    y += ROW
    for unit, figures in _by_unit(part.figures).items():
        most = max(max(figure.rounds) for figure in figures) or 1
        for figure in figures:
            yield _bar(figure, unit, y, most)
            y += ROW
    for goal in part.goals:
        said = f"{goal.name}: {number(goal.value)} {goal.unit}, {goal.bound} {number(goal.target)}"
        yield _text(20, y, said, "met" if goal.met else "missed")
        y += ROW


def _by_unit(figures: list[Figure]) -> dict[str, list[Figure]]:
    """What can be compared, together."""
    groups: dict[str, list[Figure]] = {}
    for figure in figures:
        groups.setdefault(figure.unit, []).append(figure)
    return groups


def _bar(figure: Figure, unit: str, y: int, most: float) -> str:
    scale = (WIDTH - LABEL - 200) / most
    low, end, high = (LABEL + value * scale for value in (min(figure.rounds), figure.median, max(figure.rounds)))
    return (
        _text(20, y, figure.name)
        + f'<rect class="bar" x="{LABEL}" y="{y - 12}" width="{end - LABEL:.1f}" height="15"/>'
        + f'<line class="spread" x1="{low:.1f}" x2="{high:.1f}" y1="{y - 4.5}" y2="{y - 4.5}"/>'
        + _text(WIDTH - 180, y, f"{number(figure.median)} {unit}", "unit")
    )


def _text(x: float, y: int, content: str, kind: str = "") -> str:
    return f'<text class="{kind}" x="{x}" y="{y}">{escape(content)}</text>'
