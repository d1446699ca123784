"""Ids that the application makes, so that no replica waits for another."""

import uuid_utils


def new() -> str:
    """A UUIDv7 (RFC 9562) as 32 hex digits: later ids sort after earlier ones, and none holds a hyphen."""
    return uuid_utils.uuid7().hex
