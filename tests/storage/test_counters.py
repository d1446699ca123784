"""What is counted in advance equals what COUNT(*) says, whatever happened in whatever order."""

import asyncio
import random
from datetime import timedelta

import pytest

from inkstone.domain import rendering
from inkstone.domain.comments import CommentStatus
from inkstone.domain.errors import DomainError
from inkstone.domain.posts import Draft
from inkstone.domain.users import User
from inkstone.storage import clock, comments, posts
from inkstone.storage.database import Connection, Database
from tests.conftest import Cast

STEPS = 60


class Walker:
    """Somebody who does whatever comes to mind."""

    def __init__(self, database: Database, cast: Cast, seed: str) -> None:
        self.database = database
        self.people = (cast.ada, cast.alice, cast.bob, cast.carol)
        self.random = random.Random(seed)

    async def walk(self) -> None:
        for _ in range(STEPS):
            act = self.random.choice(
                [self.write, self.change, self.change, self.delete, *[self.comment] * 3, self.moderate]
            )
            try:
                async with self.database.transaction() as db:
                    await act(db)
            except DomainError:  # somebody else was faster, or both waited for each other
                continue

    def draft(self) -> tuple[Draft, posts.Rendered]:
        tags = self.random.sample(["tea", "Tea", "coffee", "茶", "milk"], self.random.randint(0, 4))
        time = clock.now() + timedelta(days=self.random.randint(-90, 60))
        status = self.random.choice(["draft", "scheduled", "published"])
        draft = Draft.parse({"name": "Walk", "tags": tags, "status": status, "published_at": time})
        return draft, rendering.render(draft)

    async def any(self, db: Connection, table: str) -> str:
        rows = await db.all(f"SELECT id FROM {table} ORDER BY id")
        return self.random.choice(rows)[0] if rows else ""

    async def write(self, db: Connection) -> None:
        await posts.insert(db, self.person().id, *self.draft())

    async def change(self, db: Connection) -> None:
        post = await posts.get(db, await self.any(db, "posts"))
        version = post.version if self.random.random() < 0.9 else 999
        await posts.update(db, post, *self.draft(), version=version)

    async def delete(self, db: Connection) -> None:
        await posts.delete(db, await posts.get(db, await self.any(db, "posts")))

    async def comment(self, db: Connection) -> None:
        post = await posts.get(db, await self.any(db, "posts"))
        await comments.insert(db, post, self.person(), "Hm.", "<p>Hm.</p>")

    async def moderate(self, db: Connection) -> None:
        comment = await comments.get(db, await self.any(db, "comments"))
        if self.random.random() < 0.3:
            await comments.delete(db, comment)
        else:
            await comments.update_status(db, comment, self.random.choice(list(CommentStatus)))

    def person(self) -> User:
        return self.random.choice(self.people)


@pytest.mark.parametrize(("seed", "walkers"), [("one", 1), ("two", 1), ("three", 4), ("four", 4)])
async def test_counters_agree_with_what_they_count(database, cast, seed, walkers):
    await asyncio.gather(*[Walker(database, cast, f"{seed}{number}").walk() for number in range(walkers)])

    async with database.connection() as db:
        assert (await db.one("SELECT COUNT(*) FROM posts"))[0] > 2
        assert await wrong(db, "tags", "slug", "post_tags WHERE tag = counted.slug AND published_at IS NOT NULL") == []
        months = "posts WHERE DATE_FORMAT(published_at, '%%Y-%%m') = counted.month"
        assert await wrong(db, "months", "month", months) == []
        approved = "comments WHERE post_id = counted.id AND status = 'approved'"
        assert await wrong(db, "posts", "id", approved, "comment_count") == []
        assert (await db.one("SELECT SUM(posts) FROM months"))[0] == (
            await db.one("SELECT COUNT(*) FROM posts WHERE published_at IS NOT NULL")
        )[0]
        for table in ("comments", "post_tags", "redirects", "post_search"):
            assert await db.all(f"SELECT * FROM {table} WHERE post_id NOT IN (SELECT id FROM posts)") == ()


async def wrong(db: Connection, table: str, key: str, counted: str, counter: str = "posts") -> list[object]:
    """The rows whose counter differs: key, counter, count."""
    sql = f"SELECT {key}, {counter}, (SELECT COUNT(*) FROM {counted}) c FROM {table} counted"
    return [row for row in await db.all(sql) if row[1] != row[2]]
