"""Write a large blog: rows in many processes and without indexes, which are made at the end."""

import os
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pymysql

from inkstone.domain.posts import slugify
from tests.bench import crowd
from tests.bench.crowd import Crowd
from tests.bench.fill import connect
from tests.bench.texts import Texts

Cursor = pymysql.cursors.Cursor

TABLES = {
    "posts": "id, slug, name, summary, excerpt, content, html, tags, author_id, published_at, created_at, updated_at,"
    " version, comment_count",
    "post_tags": "tag, post_id, published_at",
    "post_search": "post_id, name_tokens, tokens, text",
    "comments": "id, post_id, post_author_id, author_id, content, html, status, created_at",
}
_BATCH = 2000
_PACKET = 4_000_000  # characters; a server takes 16 MB that nobody has configured
_KEY = re.compile(r"^ +((?:UNIQUE |FULLTEXT )?KEY .*?),?$", re.M)
_crowd: Crowd | None = None
_url = ""


def write(url: str, texts: Texts, size: int, done: Callable[[str, float], None]) -> None:
    """Fill the empty tables of a migrated database; `done` is told what goes on, and how much of it is done."""
    with connect(url) as db, db.cursor() as cursor:
        _users(cursor)
        keys = {table: _without_keys(cursor, table) for table in TABLES}
        tags, months = _rows(url, texts, size, lambda part: done("rows", part))
        cursor.executemany(
            "INSERT INTO tags (slug, name, posts) VALUES (%s, %s, %s)",
            [(slugify(name), name, posts) for name, posts in tags.items()],
        )
        cursor.executemany("INSERT INTO months (month, posts) VALUES (%s, %s)", list(months.items()))
        steps = [step for table in TABLES for step in _with_keys(table, keys[table])]
        for number, step in enumerate(steps):
            done("indexes", number / len(steps))
            cursor.execute(step)
        cursor.execute(f"ANALYZE TABLE {', '.join([*TABLES, 'tags', 'months', 'users'])}")
        done("indexes", 1)


def _users(cursor: Cursor) -> None:
    people = [
        (crowd.ADMINISTRATOR, "Ada", "administrator"),
        *((identity, f"Author {number}", "author") for number, identity in enumerate(crowd.AUTHORS)),
        *((identity, f"Reader {number}", "reader") for number, identity in enumerate(crowd.READERS)),
    ]
    cursor.executemany(
        "INSERT INTO users (id, email, name, role, credential, created_at) VALUES (%s, %s, %s, %s, 'none', %s)",
        [(who, f"{name.replace(' ', '').lower()}@blog.test", name, role, crowd.NEWEST) for who, name, role in people],
    )


def _without_keys(cursor: Cursor, table: str) -> list[str]:
    """Make a table anew with its primary key only; answers the others.

    A table that has lost its FULLTEXT index keeps what belongs to one, hence a new table.
    """
    cursor.execute(f"SHOW CREATE TABLE {table}")
    (_, definition) = cursor.fetchone() or ("", "")
    keys = _KEY.findall(definition)
    bare = re.sub(r",\s*\n\)", "\n)", _KEY.sub("", definition))
    cursor.execute(f"DROP TABLE {table}")
    cursor.execute(bare)
    return keys


def _with_keys(table: str, keys: list[str]) -> Iterator[str]:
    """The statements that add keys: the plain ones at once, while a FULLTEXT key needs one of its own."""
    plain = [f"ADD {key}" for key in keys if not key.startswith("FULLTEXT")]
    if plain:
        yield f"ALTER TABLE {table} {', '.join(plain)}"
    yield from (f"ALTER TABLE {table} ADD {key}" for key in keys if key.startswith("FULLTEXT"))


def _rows(url: str, texts: Texts, size: int, done: Callable[[float], None]) -> tuple[Counter[str], Counter[str]]:
    """Write all rows but the counters, and answer these: posts by tag and by month."""
    tags, months, written = Counter[str](), Counter[str](), 0
    oldest_first = [range(max(0, end - _BATCH), end) for end in range(size, 0, -_BATCH)]
    context = get_context("forkserver")
    with ProcessPoolExecutor(os.cpu_count(), context, _begin, (url, texts, size)) as workers:
        for numbers, (some_tags, some_months) in zip(oldest_first, workers.map(_portion, oldest_first), strict=True):
            tags += some_tags
            months += some_months
            written += len(numbers)
            done(written / size)
    return tags, months


def _begin(url: str, texts: Texts, size: int) -> None:
    """What a process needs for all of its portions."""
    global _crowd, _url
    _crowd, _url = Crowd(texts, size), url


def _portion(numbers: range) -> tuple[Counter[str], Counter[str]]:
    assert _crowd
    rows = _crowd.rows(numbers)
    with connect(_url) as db, db.cursor() as cursor:
        cursor.execute("START TRANSACTION")
        for table, columns in TABLES.items():
            for packet in _packets(getattr(rows, table)):
                cursor.execute(f"INSERT INTO {table} ({columns}) VALUES {packet}")
        cursor.execute("COMMIT")
    return rows.tags, rows.months


def _packets(rows: Iterable[str]) -> Iterator[str]:
    packet: list[str] = []
    size = 0
    for row in rows:
        if packet and size + len(row) > _PACKET:
            yield ",".join(packet)
            packet, size = [], 0
        packet.append(row)
        size += len(row)
    if packet:
        yield ",".join(packet)
