"""POST /api/posts/{id}/comments by five hundred at once, and those who read meanwhile"""

import asyncio
import itertools
from collections import Counter
from collections.abc import Iterator
from typing import Any

import aiohttp
import pytest

from inkstone.domain.users import Role, User
from inkstone.storage import users
from inkstone.storage.database import Database
from tests import servers
from tests.conftest import Reply, session_cookie
from tests.servers import Blog, Front

CROWD = 500
READERS = 8


@pytest.fixture
async def crowd(database: Database, credential: str) -> list[User]:
    async with database.transaction() as db:
        return [
            await users.insert(
                db, email=f"c{number}@blog.test", name=f"C {number}", role=Role.READER, credential=credential
            )
            for number in range(CROWD)
        ]


class Client:
    """As many connections as there are requests; everything that is answered is kept."""

    def __init__(self, front: Front) -> None:
        self._session = aiohttp.ClientSession(
            f"http://127.0.0.1:{front.port}",
            connector=aiohttp.TCPConnector(limit=0),
            headers={"Host": servers.SITE_URL.removeprefix("http://"), "Origin": servers.SITE_URL},
            cookie_jar=aiohttp.DummyCookieJar(),
        )

    async def __aenter__(self) -> "Client":
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._session.close()

    async def ask(self, method: str, path: str, who: User | None = None, **options: Any) -> Reply:
        cookie = {"Cookie": f"inkstone_session={session_cookie(who)}"} if who else {}
        async with self._session.request(method, path, headers=cookie, **options) as reply:
            return Reply(reply.status, reply.headers, await reply.read())

    async def read_until(self, over: asyncio.Event, paths: list[str], reader: int, who: User) -> list[int]:
        """The statuses of what was asked and answered before it was over; past the cache, as one who is signed in."""
        statuses = []
        for path in itertools.islice(itertools.cycle(paths), reader, None):
            reply = await self.ask("GET", path, who)
            statuses.append(reply.status)
            if over.is_set():
                return statuses[:-1]
        raise AssertionError


async def comments(client: Client, post_id: str, admin: User) -> list[dict[str, object]]:
    """All of the post's, those that are held too."""
    found: list[dict[str, object]] = []
    before = ""
    while True:
        page: Any = (await client.ask("GET", f"/api/comments?status=held&limit=100{before}", admin)).json
        found += page["items"]
        if page["next"] is None:
            return [comment for comment in found if comment["post_id"] == post_id]
        before = f"&before={page['next']}"


@pytest.fixture
def front(blog: Blog) -> Iterator[Front]:
    with servers.nginx(blog.socket) as front:
        yield front


async def test_five_hundred_comment_at_once_and_readers_go_on_reading(front: Front, cast, crowd, post):
    path, over = f"/api/posts/{post.id}/comments", asyncio.Event()
    async with Client(front) as client:
        readers = [
            asyncio.create_task(
                client.read_until(over, ["/", "/post/hello", "/archive", "/feed.atom"], number, cast.bob)
            )
            for number in range(READERS)
        ]
        replies = await asyncio.gather(
            *[client.ask("POST", path, user, json={"content": f"From {user.name}."}) for user in crowd]
        )
        over.set()
        read = await asyncio.gather(*readers)
        stored = await comments(client, post.id, cast.ada)

    assert Counter(reply.status for reply in replies) == {201: CROWD}
    assert Counter(status for statuses in read for status in statuses).keys() == {200}
    # Each of them several times, while the others wrote.
    assert min(len(statuses) for statuses in read) > 1, read
    assert Counter(comment["id"] for comment in stored) == Counter(reply.json["id"] for reply in replies)
    assert sorted(str(comment["content"]) for comment in stored) == sorted(f"From {user.name}." for user in crowd)
