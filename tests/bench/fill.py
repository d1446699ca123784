"""Posts for the benchmarks, straight into the tables that their pages read: none of these reads the search index."""

import json
import random
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pymysql

from inkstone.config import DatabaseAddress
from inkstone.domain import rendering
from inkstone.domain.posts import Draft, Rendered
from inkstone.domain.session import sign
from tests.servers import KEYS

NEWEST = datetime(2025, 12, 1, 12, tzinfo=UTC)
STEP = timedelta(minutes=30)
TAG = "tenth"
EVERY = 10
SLUG = "post-0"
"""The page that is measured: the newest post, 6 kB long and with three comments."""
EMAIL = "alice@blog.test"
_AUTHOR = "0" * 32
_BATCH = 1000

_WORDS = """
    water tide harbour master boat quay rope north wind slow two metres noon wrote down twice nobody asked either light
    engine bread letter window under before until second morning *early* **deep** `read()` [more](https://example.org/)
"""
_CODE = "```python\ndef tide(hour: int) -> float:\n    return 2.0 * sin(hour / 12.4 * tau)\n```\n"


def markdown(number: int, paragraphs: int) -> str:
    """A made-up post, the same for the same number; a paragraph has 500 characters."""
    words = random.Random(number)
    parts = [
        f"## Part {part} of {number}\n\n{' '.join(words.choices(_WORDS.split(), k=75))}.\n"
        for part in range(paragraphs)
    ]
    return "\n".join([f"This is post number {number}.\n", *parts, _CODE])


def connect(url: str) -> "pymysql.Connection[pymysql.cursors.Cursor]":
    """A plain connection to the benchmarks' database."""
    address = DatabaseAddress.parse(url)
    return pymysql.connect(
        host=address.host,
        port=address.port,
        unix_socket=address.unix_socket,
        user=address.user,
        password=address.password,
        database=address.name,
        charset="utf8mb4",
        autocommit=True,
        init_command="SET time_zone = '+00:00'",
    )


def fill(url: str, wanted: int) -> None:
    """Have that many posts; those that are added are older than all that were there, so that home stays what it is."""
    with connect(url) as db, db.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM posts")
        (there,) = cursor.fetchone() or (0,)
        if there == 0:
            _first(cursor)
        for start in range(there, wanted, _BATCH):
            _insert(cursor, range(start, min(start + _BATCH, wanted)))
        cursor.execute("ANALYZE TABLE posts, post_tags, tags, months, comments")


def _first(cursor: "pymysql.cursors.Cursor") -> None:
    cursor.execute(
        "INSERT INTO users (id, email, name, role, credential, created_at) VALUES (%s, %s, 'Alice', 'author', '', %s)",
        (_AUTHOR, EMAIL, NEWEST),
    )
    text = "Thank you, this *helped* me with `tide.read()`."
    rows = [
        (f"{number:032x}", _id(0), _AUTHOR, _AUTHOR, text, f"<p>{text}</p>\n", "approved", NEWEST)
        for number in range(1, 4)
    ]
    cursor.executemany(
        "INSERT INTO comments (id, post_id, post_author_id, author_id, content, html, status, created_at)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
        rows,
    )


def reader(url: str) -> str:
    """The cookie of somebody who has an account, and has written nothing."""
    identity, credential = "1" * 32, "a record"
    with connect(url) as db, db.cursor() as cursor:
        cursor.execute(
            "INSERT INTO users (id, email, name, role, credential, created_at)"
            " VALUES (%s, %s, 'Carol', 'reader', %s, %s)",
            (identity, "carol@blog.test", credential, NEWEST),
        )
    return f"inkstone_session={sign(identity, credential, expires=int(time.time()) + 3600, key=KEYS[0])}"


def _insert(cursor: "pymysql.cursors.Cursor", numbers: range) -> None:
    rendered = rendering.render(Draft.parse({"name": "x", "content": markdown(numbers.start, 2)}))
    cursor.executemany(
        "INSERT INTO posts (id, slug, name, summary, excerpt, content, html, tags, author_id, published_at,"
        " created_at, updated_at, version, comment_count)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, 1, %s)",
        list(_rows(numbers, rendered)),
    )
    tagged = [number for number in numbers if number % EVERY == 0]
    cursor.executemany(
        "INSERT INTO post_tags (tag, post_id, published_at) VALUES (%s, %s, %s)",
        [(TAG, _id(number), published(number)) for number in tagged],
    )
    counted = "ON DUPLICATE KEY UPDATE posts = posts + VALUES(posts)"
    cursor.execute(
        f"INSERT INTO tags (slug, name, posts) VALUES (%s, %s, %s) {counted}", (TAG, TAG.title(), len(tagged))
    )
    months = Counter(f"{published(number):%Y-%m}" for number in numbers)
    cursor.executemany(f"INSERT INTO months (month, posts) VALUES (%s, %s) {counted}", list(months.items()))


def _rows(numbers: range, rendered: Rendered) -> Iterator[tuple[Any, ...]]:
    for number in numbers:
        content, html = markdown(numbers.start, 2), rendered.html
        if number == 0:
            content = markdown(0, 10)
            html = rendering.render(Draft.parse({"name": "x", "content": content})).html
        time = published(number)
        yield (
            _id(number), f"post-{number}", f"Post number {number}", "", rendered.excerpt, content, html,
            json.dumps([TAG.title()] if number % EVERY == 0 else []), _AUTHOR, time, time, time,
            3 if number == 0 else 0,
        )  # fmt: skip


def published(number: int) -> datetime:
    """When a post appeared; the higher its number, the older it is."""
    return NEWEST - number * STEP


def _id(number: int) -> str:
    """Later posts have higher ids, as if made when the post appeared."""
    return f"{int(published(number).timestamp() * 1000):012x}7{number:019x}"


def cursor_of(number: int) -> str:
    """The cursor of the list that goes on behind a post."""
    return f"{int(published(number).timestamp() * 1_000_000)}.{_id(number)}"
