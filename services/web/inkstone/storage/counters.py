"""What a transaction changes the counters of tags and months by."""

from collections import Counter
from datetime import datetime

from inkstone.domain.posts import slugify
from inkstone.storage import months, tags
from inkstone.storage.database import Connection


class Counters:
    """Adds up, to be written at a transaction's end.

    These rows are everybody's: so they are locked for a moment only, and in the same order by all.
    """

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._tags = Counter[str]()
        self._months = Counter[str]()

    def add(self, names: tuple[str, ...], published_at: datetime | None, posts: int) -> None:
        """Count a post with these tags in, or out with -1; a draft counts nowhere."""
        if published_at is None:
            return
        self._months[f"{published_at:%Y-%m}"] += posts
        for name in names:
            slug = slugify(name)
            self._names.setdefault(slug, name)
            self._tags[slug] += posts

    async def write(self, db: Connection) -> None:
        """To be done last."""
        await tags.add(db, [(slug, self._names[slug], posts) for slug, posts in sorted(self._tags.items()) if posts])
        await months.add(db, [(month, posts) for month, posts in sorted(self._months.items()) if posts])
