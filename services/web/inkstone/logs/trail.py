"""What one request leaves behind while it is under way: its id, and what it asked of the database."""

from contextvars import ContextVar
from typing import NamedTuple

STATEMENT, RENDERING = "statement", "rendering"


class Part(NamedTuple):
    """Something that took a part of a request's time; both times are perf_counter's."""

    kind: str
    name: str
    started: float
    ended: float


class Trail:
    """One request's; `parts` are kept only where somebody traces."""

    __slots__ = ("database_seconds", "id", "parts", "statements")

    def __init__(self, id: str, *, traced: bool = False) -> None:
        self.id = id
        self.statements = 0
        self.database_seconds = 0.0
        self.parts: list[Part] | None = [] if traced else None

    def asked(self, query: str, started: float, ended: float) -> None:
        """Note a statement, by the name that metrics give it."""
        self.statements += 1
        self.database_seconds += ended - started
        if self.parts is not None:
            self.parts.append(Part(STATEMENT, query, started, ended))

    def rendered(self, template: str, started: float, ended: float) -> None:
        """Note a page's making."""
        if self.parts is not None:
            self.parts.append(Part(RENDERING, template, started, ended))


# aiohttp gives each request a task, and with it a context, of its own: nobody sees another's.
TRAIL: ContextVar[Trail | None] = ContextVar("trail", default=None)


def request_id() -> str | None:
    """The id of the request that is being answered here; none in what the process does by itself."""
    trail = TRAIL.get()
    return trail.id if trail else None
