"""SQL that stores posts for the first time, one or many."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from inkstone.domain.posts import Draft, Rendered
from inkstone.storage import bulk, clock, ids, search, tags
from inkstone.storage.counters import Counters
from inkstone.storage.database import Connection, Row


@dataclass(frozen=True, slots=True)
class New:
    """A post that is to be stored at `slug`; `created` is for an import that knows better."""

    slug: str
    author_id: str
    draft: Draft
    rendered: Rendered
    created: datetime | None = None
    time: datetime = field(default_factory=clock.now)
    id: str = field(default_factory=ids.new)

    @property
    def published_at(self) -> datetime | None:
        return self.draft.publication(self.time)

    @property
    def row(self) -> Row:
        draft, rendered = self.draft, self.rendered
        return (
            self.id, self.slug, draft.name, draft.summary, rendered.excerpt, draft.content, rendered.html,
            as_json(draft.tags), self.author_id, self.published_at, self.created or self.time, self.time, 1, 0,
        )  # fmt: skip


async def insert_many(db: Connection, news: Sequence[New], counters: Counters) -> None:
    """Store posts; raises Duplicate where a slug is taken.

    Run it in a transaction, and write the counters at its end.
    """
    await bulk.insert(
        db,
        "INSERT INTO posts (id, slug, name, summary, excerpt, content, html, tags, author_id, published_at,"
        " created_at, updated_at, version, comment_count)",
        [new.row for new in news],
    )
    await tags.insert_many(db, [(new.id, new.draft.tags, new.published_at) for new in news])
    await search.insert_many(db, [(new.id, new.rendered) for new in news])
    for new in news:
        counters.add(new.draft.tags, new.published_at, 1)


async def taken(db: Connection, slugs: Sequence[str]) -> set[str]:
    """Those of these slugs that posts have already."""
    if not slugs:
        return set()
    marks = ", ".join(["%s"] * len(slugs))
    return {row[0] for row in await db.all(f"SELECT slug FROM posts WHERE slug IN ({marks})", *slugs)}


def as_json(names: tuple[str, ...]) -> str:
    """A post's tags as the column `tags` has them."""
    return json.dumps(names, ensure_ascii=False)
