"""The journal: nobody waits for whoever reads the log"""

import asyncio
import os
from collections.abc import Iterator

import pytest

from inkstone.logs.journal import Journal

PIPE = 65536


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    """Where to read, and where to write."""
    ends = os.pipe()
    yield ends
    for end in ends:
        os.close(end)


def read(descriptor: int) -> bytes:
    """All that is in it."""
    os.set_blocking(descriptor, False)
    found = b""
    try:
        while part := os.read(descriptor, 2 * PIPE):
            found += part
    except BlockingIOError:
        pass
    return found


def test_a_line_is_there_at_once(pipe):
    journal = Journal(pipe[1])

    journal.write("one")
    journal.write("zwei ü \ud800")

    assert read(pipe[0]).decode() == "one\nzwei ü \\ud800\n"


async def test_requests_lines_come_together_and_in_order(pipe):
    journal = Journal(pipe[1])
    journal.add("first")
    journal.add("second")
    assert read(pipe[0]) == b""

    journal.write("third")

    assert read(pipe[0]) == b"first\nsecond\nthird\n"


async def test_a_line_comes_though_no_other_does(pipe):
    journal = Journal(pipe[1])

    journal.add("alone")

    async with asyncio.timeout(30):
        found = b""
        while found != b"alone\n":
            await asyncio.sleep(0.01)
            found += read(pipe[0])


def test_nobody_waits_while_nobody_reads(pipe):
    journal = Journal(pipe[1])

    for number in range(5000):
        journal.write(f"{number:04} {'x' * 95}")  # eight times what a pipe takes

    # The pipe itself may still be written to by others as they like: they may rely on waiting.
    assert os.get_blocking(pipe[1])
    lines = drained(journal, pipe[0])
    assert [line[:4] for line in lines] == [f"{number:04}" for number in range(5000)]
    assert {len(line) for line in lines} == {100}


def test_what_is_lost_is_told(pipe):
    journal = Journal(pipe[1], "{} have been lost".format)

    for _ in range(20):
        journal.write("x" * 99_999)

    lines = drained(journal, pipe[0])
    whole = [line for line in lines if line == "x" * 99_999]
    assert 10 <= len(whole) < 20
    assert lines[len(whole) :] == [f"{20 - len(whole)} have been lost"]


def drained(journal: Journal, descriptor: int) -> list[str]:
    """What comes when somebody reads again."""
    text = b""
    while part := read(descriptor):
        text += part
        journal.flush()
    return text.decode().splitlines()


def test_a_reader_that_is_gone_harms_nobody():
    reading, writing = os.pipe()
    os.close(reading)
    journal = Journal(writing)

    journal.write("to nobody")
    journal.write("to nobody")

    os.close(writing)


def test_a_file_is_written_where_others_write(tmp_path):
    with (tmp_path / "log").open("w") as file:
        journal = Journal(file.fileno())
        journal.write("ours")
        os.write(file.fileno(), b"theirs\n")
        journal.write("ours again")

    assert (tmp_path / "log").read_text() == "ours\ntheirs\nours again\n"
