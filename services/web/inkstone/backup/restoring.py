"""Restoring: the schema of the archive, its rows, then whatever migrations came since."""

from collections.abc import Callable

from inkstone.backup.errors import ArchiveError
from inkstone.backup.reading import Archive
from inkstone.config import DatabaseAddress
from inkstone.storage import jobs, refill, schema
from inkstone.storage.migrate import exclusive, upgrade
from inkstone.storage.snapshot import revision, shape

_WAIT_SECONDS = 60
# The rest of a statement, and what has to be escaped in it.
_HEADROOM = 100_000


def restore_into(address: DatabaseAddress, archive: Archive, advance: Callable[[int], None]) -> None:
    """Fill an empty database from an archive that has been checked; raises Conflict where it is not empty.

    All rows appear at once at the end. Interrupted before, it leaves an empty database and may be run again; after it,
    `inkstone migrate` does the rest.
    """
    with exclusive(address, wait_seconds=_WAIT_SECONDS) as job, jobs.connection(address) as db:
        refill.check_empty(db)
        schema.refuse_newer(revision(db) or "")
        _check_size(db, archive)
        if revision(db) != archive.manifest.schema_revision:
            refill.drop(db)
            upgrade(job, progress=lambda _: None, to=archive.manifest.schema_revision)
        _check_shape(db, archive)
        with refill.all_or_nothing(db):
            for table, rows in archive.rows(advance):
                refill.insert(db, table, archive.manifest.tables[table], rows)
        upgrade(job, progress=lambda _: None)


def _check_size(db: jobs.Link, archive: Archive) -> None:
    takes = refill.largest_packet(db)
    if archive.largest_row + _HEADROOM > takes:
        raise ArchiveError(
            f"has a row of {archive.largest_row} bytes, and the server's max_allowed_packet is {takes}: raise it"
        )


def _check_shape(db: jobs.Link, archive: Archive) -> None:
    """Tables and columns have to be those that this release makes of the archive's revision."""
    there = {name: columns for name, columns in shape(db).items() if name in schema.TABLES}
    if {name: set(columns) for name, columns in archive.manifest.tables.items()} != {
        name: set(columns) for name, columns in there.items()
    }:
        raise ArchiveError("has other tables or columns than a database of its schema: it can't be restored")
