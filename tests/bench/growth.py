"""Every kind of page, saving a post, and search, with more and more posts: times, and rows that the database read."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from statistics import median

from inkstone.config import DatabaseAddress
from tests.bench import effort, importing, kept, sizes, texts
from tests.bench.asking import Asker
from tests.bench.load import milliseconds_since, thread_times
from tests.bench.results import Part
from tests.bench.servers import APPLICATION, database_pid, gunicorn
from tests.bench.sizes import Page, Sized

SIZES = (100, 10_000, 100_000)
LARGE = 1_000_000
"""Measured where it has been filled already, or where SIZES asks for it: filling takes long."""
ROUNDS = 10
AGAIN = 20
LIMIT = 1.3
SEARCH_MS = 100


@dataclass(frozen=True, slots=True)
class Blog:
    """A running blog of one size."""

    sized: Sized
    asker: Asker
    processes: list[int]


def run(say: Callable[[str], None]) -> Part:
    """One kind of page after the other, the sizes in turn, so that what else the machine does meets all of them."""
    part = Part("growth", "Pages from the application by the number of posts, one request at a time")
    with importing.corpus() as folders, ExitStack() as stack:
        known = texts.read(folders)
        blogs = {size: stack.enter_context(_blog(known, size, say)) for size in _sizes(known)}
        part.notes.append("rows: what the database read for one request, by its own count (Handler_read)")
        for kind in zip(*(blog.sized.pages() for blog in blogs.values()), strict=True):
            say(kind[0].name)
            _measure_page(part, dict(zip(blogs, kind, strict=True)), blogs)
        say("saving")
        _measure_saving(part, blogs)
        _measure_search(part, blogs, sizes.queries(known), say)
    return part


def _sizes(known: texts.Texts) -> list[int]:
    """Those that SIZES names, as in SIZES="100 1000000"; else the usual ones, and the large one where it is kept."""
    if wanted := os.environ.get("SIZES"):
        return [int(size) for size in wanted.replace(",", " ").split()]
    if effort.in_a_hurry():
        return list(SIZES[:2])
    return [*SIZES, *([LARGE] if kept.is_filled(kept.var(), LARGE, known) else [])]


@contextmanager
def _blog(known: texts.Texts, size: int, say: Callable[[str], None]) -> Iterator[Blog]:
    say(f"{size:,} posts")
    with kept.blog(kept.var(), size, known) as url, gunicorn(APPLICATION, url) as server:
        asker = Asker(server.wait("/").url, DatabaseAddress.parse(url))
        yield Blog(Sized(known, size), asker, [*server.workers, database_pid(url)])


def _measure_page(part: Part, pages: Mapping[int, Page], blogs: Mapping[int, Blog]) -> None:
    def ask(size: int) -> list[float]:
        paths = pages[size].paths
        return blogs[size].asker.times(paths if len(paths) > 1 else paths * AGAIN, signed_in=pages[size].signed_in)

    largest = pages[max(pages)]
    _measure(part, largest.name, blogs, ask, least=largest.least)


def _measure_saving(part: Part, blogs: Mapping[int, Blog]) -> None:
    def save(size: int) -> list[float]:
        return [blogs[size].asker.save(blogs[size].sized.saved()) for _ in range(AGAIN)]

    _measure(part, "saving a post", blogs, save)


def _measure(
    part: Part, name: str, blogs: Mapping[int, Blog], ask: Callable[[int], list[float]], least: int = 0
) -> None:
    """Of sizes below `least` nothing is told: their pages show less."""
    chosen = {size: blog for size, blog in blogs.items() if size >= least}
    rows = {size: blog.asker.rows(partial(ask, size)) / len(ask(size)) for size, blog in chosen.items()}  # warms up
    rounds: dict[int, list[tuple[float, float]]] = {size: [] for size in chosen}
    for _ in range(effort.of(ROUNDS)):
        for size, blog in chosen.items():
            rounds[size].append(_timed(blog, partial(ask, size)))
    for size in chosen:
        part.figure(f"{name}, {size:,}", "ms", [wall for wall, _ in rounds[size]])
    cpu = {size: part.figure(f"{name}, {size:,}, CPU", "CPU ms", [cpu for _, cpu in rounds[size]]) for size in chosen}
    for size in chosen:
        part.figure(f"{name}, {size:,}, rows", "rows", [rows[size]])
    # Another program that uses the same caches meets the sizes unequally: the quietest round of each is compared.
    quietest = [min(figure.rounds) for figure in cpu.values()]
    if len(quietest) > 1:
        part.goal(f"{name}: most processor time to least", max(quietest) / min(quietest), "at most", LIMIT)


def _timed(blog: Blog, ask: Callable[[], list[float]]) -> tuple[float, float]:
    """Milliseconds of one request by the clock, the middle one, and of processor time, of worker and database."""
    before = thread_times(blog.processes)
    times = ask()
    return median(times), milliseconds_since(before, blog.processes) / len(times)


def _measure_search(
    part: Part, blogs: Mapping[int, Blog], queries: Mapping[str, list[str]], say: Callable[[str], None]
) -> None:
    largest, times = max(blogs), dict[str, list[float]]()
    for kind, words in queries.items():
        say(f"search: {kind}")
        for size, blog in blogs.items():
            found = [_searched(blog, query) for query in words]
            part.figure(f"{kind}, {size:,}", "ms", [wall for wall, _ in found])
            part.figure(f"{kind}, {size:,}, CPU", "CPU ms", [cpu for _, cpu in found])
            if size == largest:
                times.setdefault(kind.rpartition(",")[0], []).extend(wall for wall, _ in found)
    for kind, found_in in times.items():
        part.goal(f"{kind}, {largest:,}: median", median(found_in), "at most", SEARCH_MS, "ms")


def _searched(blog: Blog, query: str) -> tuple[float, float]:
    """As above, of some tries: the first may have to read from the disk, and others meet what else is going on."""
    tries = [_timed(blog, lambda: [blog.asker.search(query)]) for _ in range(effort.of(3, quick=1))]
    return median(wall for wall, _ in tries), median(cpu for _, cpu in tries)
