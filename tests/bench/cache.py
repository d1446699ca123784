"""A warm post page through the blog's nginx, beside nginx with nothing to decide."""

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.native.render import render
from tests.bench import effort, fill
from tests.bench.load import GZIP, Sample, load
from tests.bench.results import Part
from tests.bench.servers import HOST, Server, database, fetch, free_port, running, site
from tests.servers import ROOT

PATH = f"/post/{fill.SLUG}"
POSTS = 100
ROUNDS = 15
SECONDS = 1
CONFIGURATION = Path(__file__).with_name("bare.conf.template")

Addresses = dict[str, tuple[Server, str]]
"""What is compared -> the server and the page's URL."""


def run(say: Callable[[str], None]) -> Part:
    """The three in turn, all as a browser asks: for gzip."""
    part = Part("cache", "The same page through nginx, anonymous and warm")
    with database() as url:
        fill.fill(url, POSTS)
        with site(url) as blog:
            page = fetch(blog.wait(PATH).url + PATH, Accept_Encoding="gzip")
            part.notes.append(f"{len(page):,} bytes, compressed; the blog's copy is refreshed every second")
            with bare(page) as addresses:
                servers = {"Inkstone": (blog, blog.url + PATH), **addresses}
                samples = take_turns({name: (url, server.workers) for name, (server, url) in servers.items()}, say)
    for name, rounds in samples.items():
        _add(part, name, rounds)
    _judge(part)
    return part


@contextmanager
def bare(page: bytes) -> Iterator[Addresses]:
    """An nginx with these bytes as a file, and with the file in its cache."""
    with tempfile.TemporaryDirectory(prefix="ink-bench-") as folder:
        static, hit = (f"{HOST}:{free_port()}" for _ in range(2))
        path = Path(folder, "pages", PATH[1:])
        path.parent.mkdir(parents=True)
        path.write_bytes(page)
        configuration = Path(folder, "nginx.conf")
        values = {"FOLDER": folder, "STATIC": static, "HIT": hit, "NGINX_MAIN": _main()}
        values["LIMITS"] = str(ROOT / "services/nginx/limits.conf")
        configuration.write_text(render(CONFIGURATION, values))
        with running(["nginx", "-e", "stderr", "-p", folder, "-c", str(configuration)], f"http://{hit}") as server:
            server.wait(PATH)
            yield {
                "static file": (server, f"http://{static}{PATH}"),
                "proxy_cache hit": (server, f"http://{hit}{PATH}"),
            }


def _main() -> str:
    """nginx stays in the foreground; workers of a root master would not be let into the folder."""
    return "daemon off;" + (" user root;" if os.geteuid() == 0 else "")


def take_turns(
    pages: dict[str, tuple[str, list[int]]], say: Callable[[str], None], usual: int = ROUNDS
) -> dict[str, list[Sample]]:
    """Load each URL in turn, round by round, and watch the processes that go with it."""
    for url, _ in pages.values():
        load(url, 1, {}, headers=GZIP)
    samples: dict[str, list[Sample]] = {name: [] for name in pages}
    rounds = effort.of(usual, quick=4)
    for number in range(1, rounds + 1):
        say(f"round {number} of {rounds}")
        for name, (url, processes) in pages.items():
            samples[name].append(load(url, SECONDS, {"nginx": processes}, headers=GZIP))
    return samples


def _add(part: Part, name: str, rounds: list[Sample]) -> None:
    part.figure(name, "requests/s", [sample.per_second for sample in rounds])
    part.figure(f"{name}, nginx", "CPU µs/request", [sample.cpu["nginx"] * 1000 for sample in rounds])
    part.figure(f"{name}, p99", "ms", [sample.p99_ms for sample in rounds])


def _judge(part: Part) -> None:
    speed = part.ratio("Inkstone", "static file")
    cost = part.ratio("Inkstone, nginx", "proxy_cache hit, nginx")
    part.goal("requests/s of a static file's", speed, "at least", 0.9)
    part.goal("CPU of a bare proxy_cache hit's", cost, "at most", 1.1)
