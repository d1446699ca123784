"""Every kind of page, saving a post, and search, with more and more posts: times, and rows that the database read."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from statistics import median

from inkstone.config import DatabaseAddress
from tests.bench import effort, importing, kept, sizes, texts
from tests.bench.asking import Asker
from tests.bench.results import Part
from tests.bench.servers import APPLICATION, gunicorn
from tests.bench.sizes import Page, Sized

SIZES = (100, 10_000, 100_000)
LARGE = 1_000_000
"""Measured where it has been filled already, or where SIZES asks for it: filling takes long."""
ROUNDS = 4
AGAIN = 20
LIMIT = 1.3
SEARCH_MS = 100


@dataclass(frozen=True, slots=True)
class Blog:
    """A running blog of one size."""

    sized: Sized
    asker: Asker


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
        yield Blog(Sized(known, size), Asker(server.wait("/").url, DatabaseAddress.parse(url)))


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
    rounds: dict[int, list[float]] = {size: [] for size in blogs}
    rows: dict[int, float] = {}
    for number in range(effort.of(ROUNDS) + 1):
        for size, blog in blogs.items():
            if number == 0:  # warms up
                rows[size] = blog.asker.rows(lambda size=size: ask(size)) / len(ask(size))  # type: ignore[misc]
            else:
                rounds[size].append(median(ask(size)))
    # A busy machine meets the sizes unequally: only the quietest round of each can be compared.
    quietest = [min(part.figure(f"{name}, {size:,}", "ms", rounds[size]).rounds) for size in blogs if size >= least]
    for size in blogs:
        part.figure(f"{name}, {size:,}, rows", "rows", [rows[size]])
    if len(quietest) > 1:
        part.goal(f"{name}: slowest to fastest", max(quietest) / min(quietest), "at most", LIMIT)


def _measure_search(
    part: Part, blogs: Mapping[int, Blog], queries: Mapping[str, list[str]], say: Callable[[str], None]
) -> None:
    times: dict[tuple[str, int], list[float]] = {}
    for kind, words in queries.items():
        say(f"search: {kind}")
        for size, blog in blogs.items():
            found = [_best(blog.asker, query) for query in words]
            part.figure(f"{kind}, {size:,}", "ms", [milliseconds for milliseconds, _ in found])
            times.setdefault((kind.rpartition(",")[0], size), []).extend(milliseconds for milliseconds, _ in found)
            if excuses := [query for query, (_, answered) in zip(words, found, strict=True) if not answered]:
                part.notes.append(f"{kind}, {size:,}: no answer in time for {', '.join(excuses)}")
    largest = max(blogs)
    for kind in dict.fromkeys(kind for kind, _ in times):
        part.goal(f"{kind}, {largest:,}: median", median(times[kind, largest]), "at most", SEARCH_MS, "ms")


def _best(asker: Asker, query: str) -> tuple[float, bool]:
    """Of some tries the middle one: the first may have to read from the disk, and others met what else was going on."""
    tries = [asker.search(query) for _ in range(effort.of(3, quick=1))]
    return median(milliseconds for milliseconds, _ in tries), all(answered for _, answered in tries)
