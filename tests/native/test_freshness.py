"""A change is shown to everybody within two seconds, and to its author at once, while all pages are warm and read"""

import asyncio
import itertools
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest

from tests.native.stacks import DEADLINE, Reply, Stack

pytestmark = pytest.mark.xdist_group("native")

LIMIT = 2.0
PAUSE = 0.02
# So long each page goes on being read after a change: an old copy that comes back later would be seen.
AFTER = 3.5
numbers = itertools.count(1)

Shows = Callable[[int, str], bool]
"""Whether an answer, by its status and its text, shows what has been changed."""


@dataclass(frozen=True)
class Step:
    """What is done, and how each page shows it: to everybody, and to the author where that is something else."""

    name: str
    change: Callable[[], Reply]
    shows: dict[str, Shows]
    to_author: dict[str, Shows] = field(default_factory=dict)


@dataclass
class Page:
    """What its readers were told: when they asked, and whether what they got showed the change; by one encoding."""

    path: str
    shows: Shows
    asked: list[tuple[float, bool]] = field(default_factory=list)

    def last_old(self, since: float) -> float:
        """How long after that moment somebody last asked and got the old page; 0 where nobody did."""
        return max((began - since for began, new in self.asked if not new and began > since), default=0.0)

    @property
    def answers(self) -> set[bool]:
        return {new for _, new in self.asked}


async def read(session: aiohttp.ClientSession, page: Page, until: asyncio.Event) -> None:
    """Read a page again and again."""
    while not until.is_set():
        await look(session, page)
        await asyncio.sleep(PAUSE)


async def look(session: aiohttp.ClientSession, page: Page) -> bool:
    began = time.monotonic()
    async with session.get(page.path) as answer:
        new = page.shows(answer.status, await answer.text())
    page.asked.append((began, new))
    return new


def pages(paths: dict[str, Shows]) -> list[Page]:
    return [Page(path, shows) for path, shows in paths.items()]


async def watch(stack: Stack, step: "Step") -> tuple[list[Page], float]:
    """Change something while it is read; answers what readers saw, and when the change was answered.

    Two copies are kept of each page, by encoding. One is read all the time. The other one is read just before the
    change, and not again until the limit has passed: nobody has it made anew meanwhile.
    """
    busy, quiet, over = pages(step.shows), pages(step.shows), asyncio.Event()
    async with (
        client(stack, "identity") as often,
        client(stack, "gzip") as once,
        client(stack, "gzip", stack.cookie) as author,
    ):
        readers = [asyncio.create_task(read(often, page, over)) for page in busy]
        await asyncio.gather(*[look(once, page) for page in quiet])
        await asyncio.gather(*[look(often, page) for page in busy])
        reply = await asyncio.to_thread(step.change)
        changed = time.monotonic()
        assert reply.status < 300, reply
        own = pages(step.shows | step.to_author)
        assert all(await asyncio.gather(*[look(author, page) for page in own])), own
        await asyncio.sleep(max(0.0, changed + LIMIT - time.monotonic()))
        await asyncio.gather(*[look(once, page) for page in quiet])
        await asyncio.sleep(AFTER - LIMIT)
        over.set()
        await asyncio.gather(*readers)
    return [*busy, *quiet], changed


def client(stack: Stack, encoding: str, cookie: str = "") -> aiohttp.ClientSession:
    headers = {"Host": stack.host, "Accept-Encoding": encoding} | ({"Cookie": cookie} if cookie else {})
    return aiohttp.ClientSession(
        f"http://{stack.address}:{stack.port}",
        headers=headers,
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=DEADLINE),
    )


def with_text(text: str) -> Shows:
    return lambda status, body: status == 200 and text in body


def without_text(text: str) -> Shows:
    return lambda status, body: status == 200 and text not in body


def gone(status: int, body: str) -> bool:
    return status == 404


class Author:
    """Somebody with one post under a tag of its own."""

    def __init__(self, stack: Stack) -> None:
        stack.sign_in()
        self.stack = stack
        self.number = next(numbers)
        self.tag = f"fresh{self.number}"
        # Another post keeps the tag's page, when the one that is watched is gone.
        self.write("POST", "/api/posts", "Stays", "published")
        self.post = self.write("POST", "/api/posts", "Before", "draft").json()
        self.slug = self.post["slug"]

    @property
    def lists(self) -> list[str]:
        return ["/", f"/tag/{self.tag}", "/feed.atom", "/feed.rss", "/feed.json"]

    def name(self, what: str) -> str:
        return f"{what} {self.tag}"

    def write(self, method: str, path: str, name: str, status: str, **headers: str) -> Reply:
        content = {"name": self.name(name), "content": "Text.", "status": status, "tags": [self.tag]}
        return self.stack.api(method, path, content, **headers)

    def save(self, name: str, status: str) -> Callable[[], Reply]:
        return lambda: self.write("PUT", f"/api/posts/{self.post['id']}", name, status, if_match="*")

    def delete(self) -> Reply:
        return self.stack.api("DELETE", f"/api/posts/{self.post['id']}")

    def comment(self) -> Reply:
        return self.stack.api("POST", f"/api/posts/{self.post['id']}/comments", {"content": self.name("Said")})

    def steps(self) -> list[Step]:
        post, before, after = f"/post/{self.slug}", self.name("Before"), self.name("After")
        changed = {path: with_text(after) for path in [*self.lists, post]}
        vanished = {path: without_text(after) for path in self.lists} | {post: gone}
        return [
            Step("publish", self.save("Before", "published"), dict.fromkeys(changed, with_text(before))),
            Step("edit", self.save("After", "published"), changed),
            Step("comment", self.comment, {post: with_text(self.name("Said"))}),
            # Authors see their own drafts.
            Step("unpublish", self.save("After", "draft"), vanished, {post: with_text(after)}),
            Step("publish again", self.save("After", "published"), changed),
            Step("delete", self.delete, vanished),
        ]


def test_every_change_is_seen_by_everybody_within_two_seconds_and_by_its_author_at_once(
    stack: Stack, capsys: pytest.CaptureFixture[Any]
) -> None:
    worst = {}
    for step in Author(stack).steps():
        seen, changed = asyncio.run(watch(stack, step))
        worst[step.name] = max((page.last_old(changed), page.path) for page in seen)
        assert all(False in page.answers and True in page.answers for page in seen), worst

    report = ", ".join(f"{what} {seconds:.2f} s ({path})" for what, (seconds, path) in worst.items())
    with capsys.disabled():
        sys.stdout.write(f"\nthe last old page was asked for after: {report}\n")
    assert max(worst.values())[0] < LIMIT, report
