"""Many rows with few statements."""

from collections.abc import Iterator, Sequence

from inkstone.storage.database import Connection, Row, Value

# Escaping may double it, and a server that nobody has configured takes 16 MB at once.
_MAX_BYTES = 2_000_000
_MAX_ROWS = 1000


async def insert(db: Connection, into: str, rows: Sequence[Row], *, otherwise: str = "") -> None:
    """Store rows of one length with `into`, an INSERT up to its VALUES; raises Duplicate as `db.run` does.

    `otherwise` is what stands behind the rows, as ON DUPLICATE KEY UPDATE does.
    """
    for some in _portions(rows):
        row = f"({', '.join(['%s'] * len(some[0]))})"
        values = [value for row in some for value in row]
        await db.run(f"{into} VALUES {', '.join([row] * len(some))} {otherwise}", *values)


def _portions(rows: Sequence[Row]) -> Iterator[list[Row]]:
    portion: list[Row] = []
    size = 0
    for row in rows:
        bytes_of_row = sum(map(_bytes, row))
        if portion and (size + bytes_of_row > _MAX_BYTES or len(portion) == _MAX_ROWS):
            yield portion
            portion, size = [], 0
        portion.append(row)
        size += bytes_of_row
    if portion:
        yield portion


def _bytes(value: Value) -> int:
    """As many as a value takes at most, escaping aside."""
    if isinstance(value, str) and not value.isascii():
        return 4 * len(value)
    return len(value) if isinstance(value, str | bytes) else 30
