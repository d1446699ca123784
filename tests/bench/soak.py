"""A mixed load for minutes, with slow readers and slow senders: what memory and descriptors come to."""

import asyncio
import contextlib
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from tests.bench import clients, effort, fill, process
from tests.bench.clients import Load
from tests.bench.load import children
from tests.bench.results import Part
from tests.bench.servers import Server, database, site

MINUTES, QUICK_MINUTES = 2.0, 0.25
POSTS = 300
SAMPLE = 2.0
LARGE = 600_000
# Until nginx closes what it keeps open to the application and to readers, and a bit.
REST = 90
CLIENTS = [
    ("reader", clients.reader, 180),
    ("writer", clients.writer, 20),
    ("slow reader", clients.slow_reader, 250),
    ("slow header", clients.slow_header, 125),
    ("slow body", clients.slow_body, 125),
]
GOOD = {"200", "201", "204"}
NOISE = 1.03
"""What memory may seem to grow by: the median of the last fifth beside that of the second."""


@dataclass(frozen=True, slots=True)
class Sample:
    """Memory in millions of bytes (PSS), open sockets, and all descriptors, of the worker and of nginx."""

    worker: float
    nginx: float
    worker_sockets: int
    nginx_sockets: int
    descriptors: int


def run(say: Callable[[str], None]) -> Part:
    """One worker behind nginx, all the clients at once."""
    minutes = float(os.environ.get("MINUTES") or (QUICK_MINUTES if effort.in_a_hurry() else MINUTES))
    part = Part("soak", f"{minutes:g} minutes of mixed load with {sum(number for *_, number in CLIENTS)} connections")
    with database() as url:
        fill.fill(url, POSTS)
        process.let_sign_in(url)
        with site(url) as front:
            load = _prepare(front.wait("/"))
            before = sample(front)
            samples = asyncio.run(_soak(load, front, minutes, say))
            after = _rest(front, before)
    _add(part, samples, before, after)
    _judge(part, load, samples, before, after)
    return part


def _prepare(front: Server) -> Load:
    signed_in, _ = process.send(
        front.url, "POST", "/api/authenticate", {"email": fill.EMAIL, "password": process.PASSWORD}
    )
    cookie = signed_in["Set-Cookie"].partition(";")[0]
    large = {"name": "Large", "content": ("Much to *read* here, and slowly. " * 20 + "\n\n") * (LARGE // 680)}
    _, post = process.send(front.url, "POST", "/api/posts", {**large, "status": "published"}, Cookie=cookie)
    pages = ["/", "/archive", f"/tag/{fill.TAG}", "/feed.atom", *(f"/post/post-{number}" for number in range(50))]
    commented = {"name": "Commented", "content": "Say *something*.", "status": "published"}
    _, talk = process.send(front.url, "POST", "/api/posts", commented, Cookie=cookie)
    return Load(front.url, pages, f"/post/{post['slug']}", talk["id"], cookie)


async def _soak(load: Load, front: Server, minutes: float, say: Callable[[str], None]) -> list[Sample]:
    work = asyncio.create_task(clients.keep(load, CLIENTS))
    samples: list[Sample] = []
    end = time.monotonic() + minutes * 60
    while time.monotonic() < end:
        await asyncio.sleep(SAMPLE)
        if work.done():
            await work
        samples.append(await asyncio.to_thread(sample, front))
        if len(samples) % 15 == 0:
            say(f"{_described(samples[-1])}, {sum(load.answers.values())} answers")
    work.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await work
    return samples


def _described(one: Sample) -> str:
    return f"worker {one.worker:.1f} MB, nginx {one.nginx:.1f} MB, {one.descriptors} descriptors"


def _rest(front: Server, before: Sample) -> Sample:
    """What is open when nobody is there any more, and nginx has let go of what it keeps for the next one."""
    end = time.monotonic() + REST
    while (now := sample(front)) and time.monotonic() < end:
        if (now.worker_sockets, now.nginx_sockets) <= (before.worker_sockets, before.nginx_sockets):
            break
        time.sleep(1)
    return now


def sample(front: Server) -> Sample:
    """What the blog behind nginx uses now."""
    workers = front.behind.workers if front.behind else []
    nginx = [front.process.pid, *children(front.process.pid)]
    open_there, open_here = _descriptors(workers), _descriptors(nginx)
    return Sample(
        worker=sum(map(_memory, workers)),
        nginx=sum(map(_memory, nginx)),
        worker_sockets=_sockets(open_there),
        nginx_sockets=_sockets(open_here),
        descriptors=len(open_there) + len(open_here),
    )


def _memory(pid: int) -> float:
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return int(text.partition("\nPss:")[2].split()[0]) * 1024 / 1e6


def _descriptors(pids: list[int]) -> list[str]:
    """What they are open on; one that is closed meanwhile is none."""
    found = []
    for pid in pids:
        for link in Path(f"/proc/{pid}/fd").iterdir():
            with contextlib.suppress(OSError):
                found.append(str(link.readlink()))
    return found


def _sockets(descriptors: list[str]) -> int:
    return sum(name.startswith("socket:") for name in descriptors)


def _fifth(values: list[float], number: int) -> float:
    """The median of a fifth of them, from 1 to 5."""
    size = max(1, len(values) // 5)
    return median(values[(number - 1) * size : number * size])


def _add(part: Part, samples: list[Sample], before: Sample, after: Sample) -> None:
    part.figure("memory of the worker", "MB", [one.worker for one in samples])
    part.figure("memory of nginx", "MB", [one.nginx for one in samples])
    part.figure("descriptors under load", "", [one.descriptors for one in samples])
    part.figure(
        "sockets before and after",
        "",
        [before.worker_sockets + before.nginx_sockets, after.worker_sockets + after.nginx_sockets],
    )


def _judge(part: Part, load: Load, samples: list[Sample], before: Sample, after: Sample) -> None:
    for name in ("worker", "nginx"):
        values = [getattr(one, name) for one in samples]
        part.goal(
            f"memory of the {name}, last fifth to the second", _fifth(values, 5) / _fifth(values, 2), "at most", NOISE
        )
    leaked = after.worker_sockets - before.worker_sockets, after.nginx_sockets - before.nginx_sockets
    part.goal("sockets left open by the worker", max(0, leaked[0]), "at most", 0, "")
    part.goal("sockets left open by nginx", max(0, leaked[1]), "at most", 0, "")
    failed = sum(number for (_, status), number in load.answers.items() if status not in GOOD)
    part.goal("requests that failed", failed, "at most", 0, "")
    said = ", ".join(f"{name} {status}: {number:,}" for (name, status), number in sorted(load.answers.items()))
    part.notes.append(said)
