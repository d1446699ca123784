"""Every row of every table, as they were at one moment, while the blog goes on writing."""

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pymysql.cursors import SSCursor

from inkstone.config import DatabaseAddress
from inkstone.domain.errors import Conflict
from inkstone.storage import schema
from inkstone.storage.jobs import Link, connection, run
from inkstone.storage.migrate import exclusive


@dataclass(frozen=True, slots=True)
class Table:
    """A table and how much is in it; `size` is roughly what its rows take, in bytes."""

    name: str
    columns: tuple[str, ...]
    rows: int
    size: int


class Snapshot:
    """What the database held when the snapshot was taken."""

    def __init__(self, db: Link) -> None:
        self._db = db
        self.revision = revision(db)
        columns = shape(db)
        self.others = sorted(columns.keys() - set(schema.TABLES))
        self.tables = [self._table(name, columns[name]) for name in schema.TABLES if name in columns]

    def rows(self, table: Table) -> Iterator[tuple[Any, ...]]:
        """Every row in the order of the primary key, one at a time: a table may be larger than memory."""
        order = ", ".join(f"`{name}`" for name in self._key(table.name))
        columns = ", ".join(f"`{name}`" for name in table.columns)
        with self._db.cursor(SSCursor) as cursor:
            cursor.execute(f"SELECT {columns} FROM `{table.name}` ORDER BY {order}")
            yield from cursor.fetchall_unbuffered()

    def _table(self, name: str, columns: tuple[str, ...]) -> Table:
        [(rows,)] = run(self._db, f"SELECT COUNT(*) FROM `{name}`")
        [(size,)] = run(
            self._db,
            "SELECT DATA_LENGTH FROM information_schema.TABLES"
            f" WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = '{name}'",
        )
        return Table(name, columns, rows, size or 0)

    def _key(self, name: str) -> list[str]:
        found = run(
            self._db,
            "SELECT COLUMN_NAME FROM information_schema.STATISTICS"
            f" WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = '{name}' AND INDEX_NAME = 'PRIMARY'"
            " ORDER BY SEQ_IN_INDEX",
        )
        return [column for (column,) in found]


@contextlib.contextmanager
def snapshot(address: DatabaseAddress) -> Iterator[Snapshot]:
    """The database as it is now, for as long as it takes to read; a migration waits until then.

    Raises Conflict on a schema newer than this code, which wouldn't know its tables.
    """
    with exclusive(address, wait_seconds=0), connection(address) as db:
        run(db, "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        run(db, "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")
        taken = Snapshot(db)
        if taken.revision is None:
            raise Conflict("The database has no blog in it: run `inkstone migrate`.")
        schema.refuse_newer(taken.revision)
        yield taken


def shape(db: Link) -> Mapping[str, tuple[str, ...]]:
    """The columns of each table there is, without those that the server computes."""
    found = run(
        db,
        "SELECT TABLE_NAME, COLUMN_NAME FROM information_schema.COLUMNS"
        " JOIN information_schema.TABLES USING (TABLE_SCHEMA, TABLE_NAME)"
        " WHERE TABLE_SCHEMA = DATABASE() AND TABLE_TYPE = 'BASE TABLE' AND COALESCE(GENERATION_EXPRESSION, '') = ''"
        " ORDER BY TABLE_NAME, ORDINAL_POSITION",
    )
    tables: dict[str, tuple[str, ...]] = {}
    for table, column in found:
        tables[table] = (*tables.get(table, ()), column)
    tables.pop(schema.BOOKS, None)
    return tables


def revision(db: Link) -> str | None:
    """The revision of the schema; None where there is no schema yet."""
    if not run(db, f"SHOW TABLES LIKE '{schema.BOOKS}'"):
        return None
    rows = run(db, f"SELECT version_num FROM {schema.BOOKS}")
    return str(rows[0][0]) if rows else None
