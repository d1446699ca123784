"""A post page from the application itself, beside the least that the same libraries need for it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from tests.bench import effort, fill
from tests.bench.load import GZIP, Sample, load
from tests.bench.results import Part
from tests.bench.servers import APPLICATION, Server, database, database_pid, etag, fetch, gunicorn

PATH = f"/post/{fill.SLUG}"
POSTS = 1000
ROUNDS = 8
SECONDS = 2
WARM_UP = 1
Ways = Mapping[str, tuple[Server, Sequence[str]]]
"""What is compared -> the server, and the headers that it is sent."""

REFERENCE = "tests.bench.reference:application"


def run(say: Callable[[str], None]) -> Part:
    """All of them in turn, one worker each."""
    part = Part("origin", "Post page from the application, cache bypassed")
    with database() as url:
        fill.fill(url, POSTS)
        with pair(url) as servers:
            samples = measure(_ways(servers, fill.reader(url)), database_pid(url), say)
            part.notes.append(f"{len(fetch(servers['application'].url + PATH)):,} bytes, two queries, {POSTS:,} posts")
    for name, rounds in samples.items():
        _add(part, name, rounds)
    _judge(part)
    return part


def _ways(servers: dict[str, Server], cookie: str) -> Ways:
    application = servers["application"]
    return {
        "application": (application, ()),
        "reference": (servers["reference"], ()),
        "compressed": (application, GZIP),
        "signed in": (application, (f"Cookie: {cookie}",)),
        "not modified": (application, (f"If-None-Match: {etag(application.url + PATH)}",)),
    }


@contextmanager
def pair(database_url: str) -> Iterator[dict[str, Server]]:
    """The application and the reference, whose page is made as long as the application's."""
    with gunicorn(APPLICATION, database_url) as application:
        wanted = len(fetch(application.wait(PATH).url + PATH))
        with gunicorn(REFERENCE, database_url) as unpadded:
            padding = wanted - len(fetch(unpadded.wait(PATH).url + PATH))
        with gunicorn(REFERENCE, database_url, BENCH_PADDING=str(padding)) as reference:
            got = len(fetch(reference.wait(PATH).url + PATH))
            if got != wanted:
                raise RuntimeError(f"the reference's page has {got} bytes and the application's {wanted}")
            yield {"application": application, "reference": reference}


def measure(ways: Ways, mariadb: int, say: Callable[[str], None]) -> dict[str, list[Sample]]:
    for server, headers in ways.values():
        load(server.url + PATH, WARM_UP, {}, headers=headers)
    samples: dict[str, list[Sample]] = {name: [] for name in ways}
    rounds = effort.of(ROUNDS)
    for number in range(1, rounds + 1):
        say(f"round {number} of {rounds}")
        for name, (server, headers) in ways.items():
            watched = {"worker": server.workers, "database": [mariadb]}
            samples[name].append(load(server.url + PATH, SECONDS, watched, headers=headers))
    return samples


def _add(part: Part, name: str, rounds: list[Sample]) -> None:
    part.figure(name, "requests/s", [sample.per_second for sample in rounds])
    part.figure(f"{name}, worker", "CPU ms/request", [sample.cpu["worker"] for sample in rounds])
    part.figure(f"{name}, database", "CPU ms/request", [sample.cpu["database"] for sample in rounds])
    part.figure(f"{name}, p99", "ms", [sample.p99_ms for sample in rounds])


def _judge(part: Part) -> None:
    speed = part.ratio("application", "reference")
    part.goal("requests/s of the reference's", speed, "at least", 0.7)
    cost = part.ratio("application, worker", "reference, worker")
    part.goal("CPU of the reference's", cost, "at most", 1.3)
    signed_in = part.ratio("signed in, worker", "application, worker")
    part.goal("CPU for somebody who is signed in, of an anonymous reader's", signed_in, "at most", 1.15)
