"""Readers and writers at work beside a test: every answer is counted, every comment can be asked for afterwards.

with traffic(stack, readers=8, writers=4) as flow:
    ...  # something happens to the stack
assert flow.failed_reads == [], flow.report
assert_nothing_lost(stack, flow)
"""

import asyncio
import itertools
import threading
import time
import uuid
from collections import Counter
from collections.abc import Coroutine, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from tests.native.stacks import Site, wait_for

POSTS = 4
# What takes longer counts as unanswered. It is far beyond what the stack promises, so that one sees how long it was.
DEADLINE = 40.0
# What a client that was refused waits before it tries again: less than Retry-After says, for a test has little time.
WAIT = 0.5
# How long a writer that is told to stop goes on trying to save the comment at hand.
LAST_TRIES = 10.0
TRY_AGAIN = {0, 502, 503, 504}
_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one request; `status` is 0 where nothing came, and `error` says why. Times are of time.monotonic."""

    method: str
    path: str
    signed_in: bool
    began: float
    ended: float
    status: int
    headers: dict[str, str]
    error: str = ""

    @property
    def seconds(self) -> float:
        return self.ended - self.began

    @property
    def stale(self) -> bool:
        """The copy that nginx shows while the application or its database is away."""
        return "x-inkstone-stale" in self.headers


@dataclass(slots=True)
class Comment:
    """One comment that somebody wants to write, sent again with the same key until it is acknowledged or given up."""

    post: str
    key: str = field(default_factory=lambda: uuid.uuid4().hex)
    answers: list[Answer] = field(default_factory=list)
    id: str = ""

    @property
    def acknowledged(self) -> bool:
        return bool(self.id)


class Flow:
    """All that was asked and answered so far."""

    def __init__(self) -> None:
        self.answers: list[Answer] = []
        self.comments: list[Comment] = []

    @property
    def reads(self) -> list[Answer]:
        return [answer for answer in list(self.answers) if answer.method == "GET"]

    @property
    def writes(self) -> list[Answer]:
        return [answer for answer in list(self.answers) if answer.method == "POST"]

    @property
    def failed_reads(self) -> list[Answer]:
        return [answer for answer in self.reads if answer.status != 200]

    @property
    def acknowledged(self) -> list[Comment]:
        return [comment for comment in list(self.comments) if comment.acknowledged]

    @property
    def report(self) -> str:
        """Everything in a few lines, to be shown where a test fails."""
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        for name, answers in [("reads", self.reads), ("writes", self.writes)]:
            statuses = sorted(Counter(answer.status or answer.error for answer in answers).items(), key=str)
            slowest = max((answer.seconds for answer in answers), default=0.0)
            yield f"{name}: {statuses}, {sum(answer.stale for answer in answers)} stale, slowest {slowest:.2f} s"
        tries = Counter(len(comment.answers) for comment in self.comments)
        yield f"comments: {len(self.acknowledged)} of {len(self.comments)} acknowledged; tries: {sorted(tries.items())}"
        failed = [*self.failed_reads, *(answer for answer in self.writes if answer.status != 201)]
        for answer in sorted(failed, key=lambda answer: -answer.seconds)[:5]:
            yield f"  {answer}"


@dataclass(frozen=True, slots=True)
class Places:
    """What clients ask for: posts of this flow's own, and what lists them."""

    anonymous: tuple[str, ...]
    signed_in: tuple[str, ...]
    posts: tuple[str, ...]


@contextmanager
def traffic(
    stack: Site, readers: int = 8, writers: int = 4, *, pause: float = 0.1, keep_alive: bool = True
) -> Iterator[Flow]:
    """Clients with connections that they keep, or not, each of which waits `pause` seconds between two requests.

    Half of the readers are signed in, so that nginx's cache never answers them. The block begins when all pages have
    been read and a comment is saved; at its end each client finishes what it has begun.
    """
    places, flow, stop = publish(stack), Flow(), threading.Event()
    crowd = _Crowd(stack, places, flow, stop, pause, keep_alive)
    failures: list[BaseException] = []
    thread = threading.Thread(target=crowd.run, args=(readers, writers, failures), name="traffic")
    thread.start()
    try:
        wait_for(lambda: failures or _runs(flow, places, readers, writers), lambda: flow.report)
        if failures:
            raise failures[0]
        yield flow
    finally:
        stop.set()
        thread.join()
    if failures:
        raise failures[0]


def publish(stack: Site) -> Places:
    """Some posts with a tag of their own, and the pages that show them."""
    tag = f"flow{next(_numbers)}"
    posts = []
    for number in range(POSTS):
        fields = {"name": f"Traffic {tag} {number}", "content": "Much *read*.", "status": "published", "tags": [tag]}
        reply = stack.api("POST", "/api/posts", fields)
        assert reply.status == 201, reply
        posts.append(reply.json())
    pages = ("/", *(f"/post/{post['slug']}" for post in posts), f"/tag/{tag}", "/feed.atom")
    return Places(
        pages, (*pages, "/api/me", f"/api/posts?tag={tag}&limit={POSTS}"), tuple(post["id"] for post in posts)
    )


def _runs(flow: Flow, places: Places, readers: int, writers: int) -> bool:
    read = {answer.path for answer in flow.reads if answer.status == 200 and not answer.signed_in}
    return (not readers or read >= set(places.anonymous)) and (not writers or bool(flow.acknowledged))


@dataclass(frozen=True, slots=True)
class _Crowd:
    """The clients, who run in a thread with a loop of its own."""

    stack: Site
    places: Places
    flow: Flow
    stop: threading.Event
    pause: float
    keep_alive: bool

    def run(self, readers: int, writers: int, failures: list[BaseException]) -> None:
        clients = [self.read(number) for number in range(readers)] + [self.write(number) for number in range(writers)]
        try:
            asyncio.run(_all(clients))
        except BaseException as error:
            failures.append(error)

    async def read(self, number: int) -> None:
        signed_in = number % 2 == 1
        paths = self.places.signed_in if signed_in else self.places.anonymous
        async with self.client(signed_in=signed_in) as session:
            for path in itertools.islice(itertools.cycle(paths), number, None):
                if self.stop.is_set():
                    return
                await self.ask(session, "GET", path, signed_in=signed_in)
                await asyncio.sleep(self.pause)

    async def write(self, number: int) -> None:
        async with self.client(signed_in=True) as session:
            for post in itertools.islice(itertools.cycle(self.places.posts), number, None):
                if self.stop.is_set():
                    return
                await self.save(session, Comment(post))
                await asyncio.sleep(self.pause)

    async def save(self, session: aiohttp.ClientSession, comment: Comment) -> None:
        """Send a comment until it is acknowledged or refused for good."""
        self.flow.comments.append(comment)
        path, content = f"/api/posts/{comment.post}/comments", {"content": comment.key}
        stopped = None
        while True:
            headers = {"Idempotency-Key": comment.key}
            answer, body = await self.ask(session, "POST", path, signed_in=True, json=content, headers=headers)
            comment.answers.append(answer)
            if answer.status == 201:
                comment.id = body["id"]
            if answer.status not in TRY_AGAIN:
                return
            if self.stop.is_set():
                stopped = stopped or time.monotonic()
                if time.monotonic() - stopped > LAST_TRIES:
                    return
            await asyncio.sleep(WAIT)

    async def ask(
        self, session: aiohttp.ClientSession, method: str, path: str, *, signed_in: bool, **more: Any
    ) -> tuple[Answer, Any]:
        """Ask once and count what comes; the body where it is JSON."""
        began, status, headers, error, body = time.monotonic(), 0, {}, "", None
        try:
            async with session.request(method, path, allow_redirects=False, **more) as response:
                content = await response.read()
                headers = {name.lower(): value for name, value in response.headers.items()}
                body = await response.json(content_type=None) if response.content_type.endswith("json") else content
                status = response.status
        except (aiohttp.ClientError, TimeoutError, OSError) as failure:
            error = f"{type(failure).__name__}: {failure}"
        answer = Answer(method, path, signed_in, began, time.monotonic(), status, headers, error)
        self.flow.answers.append(answer)
        return answer, body

    def client(self, *, signed_in: bool) -> aiohttp.ClientSession:
        """A browser, or a program: one connection at a time."""
        headers = {"Host": self.stack.host, "Origin": f"http://{self.stack.host}"}
        if signed_in:
            headers["Cookie"] = self.stack.cookie
        return aiohttp.ClientSession(
            f"http://{self.stack.address}:{self.stack.port}",
            headers=headers,
            cookie_jar=aiohttp.DummyCookieJar(),
            connector=aiohttp.TCPConnector(limit=1, force_close=not self.keep_alive),
            timeout=aiohttp.ClientTimeout(total=DEADLINE),
        )


async def _all(clients: Iterable[Coroutine[Any, Any, None]]) -> None:
    async with asyncio.TaskGroup() as tasks:
        for client in clients:
            tasks.create_task(client)


def assert_nobody_noticed(stack: Site, flow: Flow) -> None:
    """Every request was answered as if nothing had happened, the first time it was sent."""
    assert flow.failed_reads == [], flow.report
    assert {answer.status for answer in flow.writes} == {201}, flow.report
    assert_nothing_lost(stack, flow)


def assert_nothing_lost(stack: Site, flow: Flow) -> None:
    """Every acknowledged comment is there exactly once, under the id that was told; no other one is there twice."""
    stored = [comment for post in {comment.post for comment in flow.comments} for comment in comments_of(stack, post)]
    ids = {comment["content"]: comment["id"] for comment in stored}
    times = Counter(comment["content"] for comment in stored)
    lost = [comment for comment in flow.acknowledged if ids.get(comment.key) != comment.id]
    assert flow.acknowledged, "nothing was written"
    assert lost == [], flow.report
    assert [key for key, count in times.items() if count > 1] == [], flow.report


def comments_of(stack: Site, post: str) -> list[Any]:
    """All of a post's comments, by as many requests as it takes."""
    found: list[Any] = []
    cursor = ""
    while True:
        reply = stack.api("GET", f"/api/posts/{post}/comments?limit=100{cursor}")
        assert reply.status == 200, reply
        page = reply.json()
        found += page["items"]
        if page["next"] is None:
            return found
        cursor = f"&before={page['next']}"
