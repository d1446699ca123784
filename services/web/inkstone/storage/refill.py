"""Fill an empty database with rows from elsewhere: all of them, or none."""

import contextlib
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from inkstone.domain.errors import Conflict
from inkstone.storage import schema
from inkstone.storage.jobs import Link, run
from inkstone.storage.snapshot import shape

# Below what a server takes at once that nobody has configured; a row that is larger goes alone.
_MAX_CHARACTERS = 2_000_000
_MAX_ROWS = 1000

# What people have made; other tables say something about these, or are forgotten after a while.
_WORK = ("posts", "comments", "media")


class Base64(NamedTuple):
    """Bytes, as they came: the server decodes them itself."""

    text: str


Value = None | int | str | Base64


def check_empty(db: Link, *, lock: bool = False) -> None:
    """Raise Conflict where there is more than the administrator whom a migration makes.

    With `lock`, nobody can add anything until the transaction ends.
    """
    there = shape(db)
    sharing = " FOR UPDATE" if lock else ""
    looked_at = [table for table in (*_WORK, "users") if table in there]
    found = {table: run(db, f"SELECT COUNT(*) FROM `{table}`{sharing}")[0][0] for table in looked_at}
    if "users" in found and found["users"] < 2:
        roles = {role for (role,) in run(db, f"SELECT role FROM users{sharing}")}
        found["users"] -= roles == {"administrator"}
    if any(found.values()):
        parts = ", ".join(f"{number} {table}" for table, number in found.items() if number)
        raise Conflict(f"The blog is not empty: it has {parts}. Nothing was changed: restore into an empty one.")


def drop(db: Link) -> None:
    """Take away the blog's tables, and no others."""
    for table in shape(db).keys() & set(schema.TABLES):
        run(db, f"DROP TABLE `{table}`")
    run(db, f"DROP TABLE IF EXISTS {schema.BOOKS}")


@contextlib.contextmanager
def all_or_nothing(db: Link) -> Iterator[None]:
    """Replace what is in the blog's tables: nobody sees it before the end of the block.

    Whoever leaves the block early closes the connection, and nothing has happened.
    """
    run(db, "SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_AUTO_VALUE_ON_ZERO'")
    run(db, "START TRANSACTION")
    check_empty(db, lock=True)
    for table in shape(db).keys() & set(schema.TABLES):
        run(db, f"DELETE FROM `{table}`")
    yield
    run(db, "COMMIT")


def insert(db: Link, table: str, columns: Sequence[str], rows: Sequence[Sequence[Value]]) -> None:
    """Store rows in few statements."""
    into = f"INSERT INTO `{table}` ({', '.join(f'`{name}`' for name in columns)}) VALUES "
    for values in _portions(f"({', '.join(_literal(db, value) for value in row)})" for row in rows):
        run(db, into + ", ".join(values))


def largest_packet(db: Link) -> int:
    """The largest statement that the server takes, in bytes."""
    return int(run(db, "SELECT @@max_allowed_packet")[0][0])


def _literal(db: Link, value: Value) -> str:
    if isinstance(value, Base64):
        return f"FROM_BASE64({db.literal(value.text)})"
    return str(db.literal(value))


def _portions(rows: Iterator[str]) -> Iterator[list[str]]:
    portion: list[str] = []
    size = 0
    for row in rows:
        if portion and (size + len(row) > _MAX_CHARACTERS or len(portion) == _MAX_ROWS):
            yield portion
            portion, size = [], 0
        portion.append(row)
        size += len(row)
    if portion:
        yield portion
