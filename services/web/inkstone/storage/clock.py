"""The time, as it is stored."""

from datetime import UTC, datetime


def now() -> datetime:
    """UTC with microseconds, as DATETIME(6) keeps it."""
    return datetime.now(UTC)
