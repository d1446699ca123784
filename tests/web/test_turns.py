"""web/turns.py: who comes first is first, and nobody waits in vain"""

import asyncio

import pytest

from inkstone.domain.errors import Busy, NotFound, Unavailable
from inkstone.web import turns
from inkstone.web.turns import Turns


async def settle() -> None:
    """Let every task do what it can."""
    for _ in range(10):
        await asyncio.sleep(0)


class Crowd:
    """Tasks that take a turn, each until it is told to go on."""

    def __init__(self, places: int) -> None:
        self.turns = Turns(places)
        self.inside: list[int] = []
        self.tasks: list[asyncio.Task[None]] = []
        self._ends: list[asyncio.Future[None]] = []

    async def come(self, *numbers: int) -> None:
        for number in numbers:
            self._ends.append(asyncio.get_running_loop().create_future())
            self.tasks.append(asyncio.create_task(self._take(number)))
        await settle()

    async def _take(self, number: int) -> None:
        async with self.turns.turn():
            self.inside.append(number)
            await self._ends[number]

    async def end(self, number: int, error: Exception | None = None) -> None:
        if error:
            self._ends[number].set_exception(error)
        else:
            self._ends[number].set_result(None)
        await settle()


async def test_so_many_at_a_time_and_then_who_came_first():
    crowd = Crowd(2)
    await crowd.come(0, 1, 2, 3, 4)
    assert crowd.inside == [0, 1]

    await crowd.end(1)
    assert crowd.inside == [0, 1, 2]
    await crowd.end(0)
    await crowd.end(2)

    assert crowd.inside == [0, 1, 2, 3, 4]
    await crowd.end(3)
    await crowd.end(4)
    await asyncio.gather(*crowd.tasks)


async def test_who_comes_later_does_not_overtake():
    crowd = Crowd(1)
    await crowd.come(0, 1)

    await crowd.end(0)
    await crowd.come(2)

    assert crowd.inside == [0, 1]
    await crowd.end(1)
    assert crowd.inside == [0, 1, 2]
    await crowd.end(2)


@pytest.mark.parametrize("given", [False, True])
async def test_who_is_cancelled_takes_no_turn_along(given):
    crowd = Crowd(1)
    await crowd.come(0, 1, 2)

    if given:
        # In one step: the turn is given and the task that gets it cancelled before it runs again.
        crowd._ends[0].set_result(None)
        crowd.tasks[0].add_done_callback(lambda _: crowd.tasks[1].cancel())
    else:
        crowd.tasks[1].cancel()
        await settle()
        await crowd.end(0)
    await settle()

    assert crowd.tasks[1].cancelled()
    assert crowd.inside[-1] == 2
    await crowd.end(2)
    await crowd.come(3)
    assert crowd.inside[-1] == 3
    await crowd.end(3)


@pytest.mark.parametrize("error", [NotFound("x"), Unavailable("x")])
async def test_who_fails_makes_room(error):
    crowd = Crowd(1)
    await crowd.come(0, 1)

    await crowd.end(0, error)

    with pytest.raises(type(error)):
        await crowd.tasks[0]
    assert crowd.inside == [0, 1]
    await crowd.end(1)


async def test_a_line_that_stands_still_is_left(monkeypatch):
    monkeypatch.setattr(turns, "STANDSTILL", 0.2)
    crowd = Crowd(1)
    await crowd.come(0, 1, 2)

    with pytest.raises(Busy):
        await crowd.tasks[1]
    with pytest.raises(Busy):
        await crowd.tasks[2]

    await crowd.end(0)
    await crowd.come(3)
    assert crowd.inside == [0, 3]
    await crowd.end(3)


@pytest.mark.parametrize(("error", "expected"), [(NotFound("x"), "taken"), (Unavailable("x"), "left")])
async def test_a_line_moves_when_somebody_is_done_but_not_when_the_database_failed_him(monkeypatch, error, expected):
    monkeypatch.setattr(turns, "STANDSTILL", 1.0)
    crowd, loop = Crowd(1), asyncio.get_running_loop()
    await crowd.come(0, 1, 2)

    # Standing still or not is told between these two.
    loop.call_later(0.5, crowd._ends[0].set_exception, error)
    loop.call_later(1.7, crowd._ends[1].set_result, None)
    crowd._ends[2].set_result(None)
    await asyncio.wait(crowd.tasks)

    assert type(crowd.tasks[0].exception()) is type(error)
    assert crowd.tasks[1].exception() is None
    assert ("left" if isinstance(crowd.tasks[2].exception(), Busy) else "taken") == expected
    assert crowd.inside == ([0, 1, 2] if expected == "taken" else [0, 1])


async def test_nobody_waits_for_ever_in_a_line_that_moves(monkeypatch):
    monkeypatch.setattr(turns, "STANDSTILL", 0.4)
    monkeypatch.setattr(turns, "PATIENCE", 1.0)
    crowd, loop = Crowd(1), asyncio.get_running_loop()
    await crowd.come(0)
    began = loop.time()
    await crowd.come(1)

    while not crowd.tasks[1].done():
        crowd.turns._moved = loop.time()  # as when those in front are done, of whom there is no end
        await asyncio.sleep(0.02)

    assert isinstance(crowd.tasks[1].exception(), Busy)
    assert loop.time() - began >= 1.0
    await crowd.end(0)
