"""What a search finds, with its snippets; the page and the API show the same."""

from dataclasses import dataclass

from inkstone.domain import search as language
from inkstone.domain.posts import Teaser
from inkstone.storage import posts, search
from inkstone.storage.database import Connection
from inkstone.web.paging import cut

MAX_QUERY = 200


@dataclass(frozen=True, slots=True)
class Hit:
    """A post that was found; both texts are safe HTML with the matches in <mark>."""

    post: Teaser
    name_html: str
    snippet_html: str


def readable(query: str) -> str:
    """Whatever was typed, made into a query: cut to what is looked at, without control characters."""
    return "".join(character for character in query[:MAX_QUERY] if character.isprintable()).strip()


async def best(db: Connection, query: str, *, limit: int, before: str | None) -> tuple[list[Hit], str | None]:
    """The posts that fit best, and the cursor for more."""
    matches = await search.best(db, language.query(query), limit=limit + 1, before=before)
    shown, cursor = cut(matches, limit, lambda match: match.cursor)
    teasers = await posts.teasers(db, [match.post_id for match in shown])
    found = [
        Hit(
            teasers[match.post_id],
            language.highlight(teasers[match.post_id].name, query),
            language.highlight(match.text, query),
        )
        for match in shown
        if match.post_id in teasers
    ]
    return found, cursor
