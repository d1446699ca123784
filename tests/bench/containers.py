"""One page through the container stack and the native one; a replica's memory; from `up` to the first page."""

import json
import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.bench import effort, fill, process
from tests.bench.cache import PATH, POSTS, take_turns
from tests.bench.load import GZIP, load
from tests.bench.results import Part
from tests.bench.servers import database, fetch, site, succeeds, workers
from tests.native.stacks import wait_for
from tests.stack.containers import Containers

STARTS = 3
ROUNDS = 9
MIB = 1024 * 1024
PORT = 8080
"""Where nginx listens in its container."""
NATIVE, STACK, PLAIN = "native", "containers", "static file in a container"
IMAGE = os.environ.get("NGINX_IMAGE", "nginx:1.30")
PLAIN_CONF = Path(__file__).with_name("plain.conf")


def run(say: Callable[[str], None]) -> Part:
    """Starts first, then the two stacks in turn, then everything else that fills a replica's memory."""
    part = Part("containers", "The container stack")
    if subprocess.run(["docker", "info"], check=False, capture_output=True).returncode:
        part.notes.append("not measured: no container engine answers")
        return part
    with containers() as stack:
        _measure_starts(part, stack, say)
        _measure_pages(part, stack, say)
        say("memory")
        _measure_memory(part, stack)
    return part


@contextmanager
def containers() -> Iterator[Containers]:
    """A stack of its own, built and not yet started."""
    stack = Containers()
    try:
        stack.compose("build")
        yield stack
    finally:
        stack.end()


def _measure_starts(part: Part, stack: Containers, say: Callable[[str], None]) -> None:
    empty, filled = [], []
    starts = effort.of(STARTS, quick=1)
    for number in range(1, starts + 1):
        say(f"start {number} of {starts}")
        stack.compose("down", "--volumes")
        empty.append(_first_page(stack))
        stack.compose("down")
        filled.append(_first_page(stack))
    on_empty = part.figure("first page, empty volume", "s", empty).median
    on_filled = part.figure("first page, filled volume", "s", filled).median
    part.goal("first page on an empty volume", on_empty, "at most", 25, "s")
    part.goal("first page on a filled volume", on_filled, "at most", 8, "s")


def _first_page(stack: Containers) -> float:
    began = time.perf_counter()
    stack.compose("up", "--detach")
    while not stack.serves("/"):
        time.sleep(0.02)
    return time.perf_counter() - began


def _measure_pages(part: Part, stack: Containers, say: Callable[[str], None]) -> None:
    fill.fill(_database(stack), POSTS)
    nginx = stack.facts("nginx")[0]
    front, processes = f"http://{stack.where(nginx, 'outside')}:{PORT}{PATH}", workers(nginx["State"]["Pid"])
    with database() as url:
        fill.fill(url, POSTS)
        with site(url) as blog, plain(stack, fetch(blog.wait(PATH).url + PATH, Accept_Encoding="gzip")) as file:
            pages = {
                NATIVE: (blog.url + PATH, blog.workers),
                STACK: (front, processes),
                f"{STACK}, by the port of this machine": (f"http://127.0.0.1:{stack.port}{PATH}", processes),
                PLAIN: file,
            }
            samples = take_turns(pages, say, ROUNDS)
    for name, rounds in samples.items():
        part.figure(name, "requests/s", [sample.per_second for sample in rounds])
        part.figure(f"{name}, nginx", "CPU µs/request", [sample.cpu["nginx"] * 1000 for sample in rounds])
    part.notes.append("connections to 127.0.0.1 go through the engine's proxy, those of other machines do not")
    part.goal("requests/s of the native stack's nginx", part.ratio(STACK, NATIVE), "at least", 0.8)


@contextmanager
def plain(stack: Containers, page: bytes) -> Iterator[tuple[str, list[int]]]:
    """An nginx in a container with these bytes as a file, across the same network: its URL and workers."""
    configuration = f"--volume={PLAIN_CONF}:/etc/nginx/nginx.conf:ro"
    options = ["--detach", "--rm", f"--network={stack.project}_outside", configuration]
    with tempfile.TemporaryDirectory(prefix="ink-bench-") as folder:
        path = Path(folder, PATH[1:])
        path.parent.mkdir(parents=True)
        path.write_bytes(page)
        Path(folder).chmod(0o755)
        container = stack.run("docker", "run", *options, f"--volume={folder}:/pages:ro", IMAGE).strip()
        try:
            facts = json.loads(stack.run("docker", "inspect", container))[0]
            url = f"http://{stack.where(facts, 'outside')}:{PORT}{PATH}"
            wait_for(lambda: succeeds(url))
            yield url, workers(facts["State"]["Pid"])
        finally:
            stack.run("docker", "rm", "--force", container)


def _measure_memory(part: Part, stack: Containers) -> None:
    replica = f"http://{stack.where(stack.facts('web')[0])}:8000"
    part.figure("a replica's memory at the start", "MB", [_memory(stack)])
    for path in process.READ:
        load(replica + path, effort.of(process.SECONDS, quick=1), {}, headers=GZIP)
    part.figure("a replica's memory after reading", "MB", [_memory(stack)])
    process.let_sign_in(_database(stack))
    process.write(replica)
    load(replica + PATH, effort.of(process.SECONDS, quick=1), {}, headers=GZIP)
    after = part.figure("a replica's memory after writing, too", "MB", [_memory(stack)]).median
    part.goal("a replica's memory after the load", after, "at most", 100, "MB")


def _memory(stack: Containers) -> float:
    """What the engine counts for the container, in millions of bytes; it says "79.6MiB / 384MiB"."""
    used = stack.run("docker", "stats", "--no-stream", "--format={{.MemUsage}}", stack.containers("web")[0])
    return float(used.partition("MiB")[0]) * MIB / 1e6


def _database(stack: Containers) -> str:
    """The stack's database by its address: from this machine, and nowhere else, it can be reached."""
    url = stack.inside("web", "cat", "/run/inkstone/web/database_url").strip()
    return url.replace("@mysql:", f"@{stack.where(stack.facts('mysql')[0], 'data')}:")
