"""Home, post and tag pages with more and more posts in the table."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from tests.bench import fill
from tests.bench.load import Sample, load
from tests.bench.results import Part
from tests.bench.servers import APPLICATION, Server, database, database_pid, gunicorn

SIZES = (1_000, 10_000, 100_000)
ROUNDS = 4
SECONDS = 1
LIMIT = 1.3


def run(say: Callable[[str], None]) -> Part:
    """One page after the other, the sizes in turn, so that what else the machine does meets all of them."""
    part = Part("growth", "Pages from the application by the number of posts, one request at a time")
    part.notes.append(
        "posts of 1 kB; “far back” starts at nine tenths of the list; no search index, which no page here reads"
    )
    with ExitStack() as stack:
        servers = {size: stack.enter_context(_sized(size, say)) for size in SIZES}
        for name, path in _pages().items():
            say(name)
            _add(part, name, _measure(servers, path))
    return part


@contextmanager
def _sized(size: int, say: Callable[[str], None]) -> Iterator[tuple[Server, int]]:
    """The application on a database of its own with that many posts."""
    with database() as url:
        say(f"writing {size:,} posts")
        fill.fill(url, size)
        with gunicorn(APPLICATION, url) as server:
            yield server.wait("/"), database_pid(url)


def _pages() -> dict[str, Callable[[int], str]]:
    """What is measured -> its path, by the number of posts."""
    return {
        "home": lambda _: "/",
        "home, far back": lambda size: f"/?before={fill.cursor_of(size * 9 // 10)}",
        "post": lambda _: "/post/post-1",
        "post, far back": lambda size: f"/post/post-{size * 9 // 10}",
        "tag": lambda _: f"/tag/{fill.TAG}",
        "tag, far back": lambda size: f"/tag/{fill.TAG}?before={fill.cursor_of(size * 9 // 10)}",
    }


def _measure(servers: dict[int, tuple[Server, int]], path: Callable[[int], str]) -> dict[int, list[Sample]]:
    samples: dict[int, list[Sample]] = {size: [] for size in servers}
    for number in range(ROUNDS + 1):
        for size, (server, mariadb) in servers.items():
            watched = {"all": [*server.workers, mariadb]}
            sample = load(server.url + path(size), SECONDS, watched, connections=1)
            if number:  # the first warms up
                samples[size].append(sample)
    return samples


def _add(part: Part, name: str, samples: dict[int, list[Sample]]) -> None:
    times = [part.figure(f"{name}, {size:,}", "ms", [sample.p50_ms for sample in samples[size]]) for size in samples]
    for size in samples:
        part.figure(f"{name}, {size:,}, CPU", "CPU ms/request", [sample.cpu["all"] for sample in samples[size]])
    # A busy machine meets the sizes unequally: only the quietest round of each can be compared.
    quietest = [min(figure.rounds) for figure in times]
    part.goal(f"{name}: slowest to fastest", max(quietest) / min(quietest), "at most", LIMIT)
