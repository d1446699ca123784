"""Values in statements: as PyMySQL escapes them, only faster"""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymysql.converters import escape_bytes_prefixed, escape_string

from inkstone.storage.driver import _Raw

NO_BACKSLASH_ESCAPES = 512
SPECIAL = st.sampled_from(["\\", "'", '"', "\0", "\n", "\r", "\032", "\\'", "''", "茶", "🍵", "%s"])
TEXTS = st.lists(st.one_of(SPECIAL, st.text()), max_size=20).map("".join)


@pytest.fixture(scope="module")
async def raw():
    """A connection that is not opened: escaping needs no server."""
    raw = _Raw()
    raw.server_status = 0
    return raw


@given(text=TEXTS)
def test_texts(raw, text):
    assert raw.escape(text) == f"'{escape_string(text)}'"


@given(data=st.one_of(st.binary(), TEXTS.map(str.encode)))
def test_bytes(raw, data):
    assert raw.escape(data) == escape_bytes_prefixed(data)


async def test_a_server_without_backslash_escapes():
    raw = _Raw()
    raw.server_status = NO_BACKSLASH_ESCAPES

    assert raw.escape("it's a \\") == "'it''s a \\'"


async def test_every_text_and_every_byte_comes_back(database):
    text = "".join(map(chr, range(0x250))) + "茶🍵\\'\"%s"
    data = bytes(range(256)) * 2 + b"\\'\\"

    async with database.connection() as db:
        row = await db.one("SELECT %s, %s, %s", text, data, "'); DROP TABLE posts; --\\")

    assert row == (text, data, "'); DROP TABLE posts; --\\")
