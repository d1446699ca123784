"""An import from beginning to end: files are prepared on all processors while those before them are stored."""

import asyncio
import multiprocessing
import os
import threading
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import BrokenExecutor, Executor, ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

from inkstone.domain.errors import Unavailable
from inkstone.importer import source
from inkstone.importer.planning import Planner
from inkstone.importer.preparing import Job, Outcome, prepare_all
from inkstone.importer.report import Report
from inkstone.importer.source import Found
from inkstone.importer.writing import write
from inkstone.storage import imports
from inkstone.storage.database import Database

Progress = Callable[[int, int], None]
Batch = Sequence[tuple[Job, Outcome]]

_BATCH = 32
_WRITERS = 2
CONNECTIONS = _WRITERS + 2
"""What an import needs: one for each writer, one for who looks ahead, and one for who plans."""
_ATTEMPTS = 4
_WATCH = 1.0  # seconds
_PAUSE = 0.5  # seconds, doubled each time


def processes() -> Executor:
    """One process for each processor; to be had before anything has started a thread, since they are forks of this one.

    A fork takes a hundredth of the time that a new process needs to load the modules.
    """
    context = multiprocessing.get_context("fork")
    executor = ProcessPoolExecutor(os.cpu_count(), context, initializer=_end_with, initargs=(os.getpid(),))
    executor.submit(prepare_all, [])  # now, and not when the first file comes
    return executor


def _end_with(parent: int) -> None:
    """Else the processes of an import that was killed would wait for ever."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_WATCH)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


async def import_folder(
    database: Database,
    folder: Path,
    *,
    executor: Executor | None = None,
    progress: Progress = lambda done, total: None,
) -> Report:
    """Take over a folder of Markdown; `progress` is told how many of how many posts are done.

    Files are prepared by an executor, such as `processes`, which is shut down; where there is none, by a thread. Each
    post is stored whole or not at all, and an import can be broken off and run again at any time.
    """
    started = time.monotonic()
    folder, found = await asyncio.to_thread(_look_into, folder)
    report = _obstacles(found, folder)
    files = [one.path for one in found if one.reason is None]
    with executor or ThreadPoolExecutor(1) as preparers:
        async for one in _reports(database, _prepared(database, preparers, folder, files)):
            report.add(one)
            progress(report.posts, len(files))
    report.seconds = round(time.monotonic() - started, 3)
    return report


def _look_into(folder: Path) -> tuple[Path, list[Found]]:
    folder = folder.resolve()
    return folder, list(source.walk(folder))


def _obstacles(found: Sequence[Found], folder: Path) -> Report:
    report = Report()
    for one in found:
        if one.reason:
            report.skip_file(str(one.path.relative_to(folder)), one.reason)
    return report


async def _prepared(
    database: Database, executor: Executor, folder: Path, files: Sequence[Path]
) -> AsyncIterator[Batch]:
    """The posts in the order of the files, some batches ahead of who takes them, so that memory stays bounded."""
    ahead: deque[tuple[list[Job], asyncio.Future[list[Outcome]]]] = deque()
    loop = asyncio.get_running_loop()
    try:
        for start in range(0, len(files), _BATCH):
            jobs = await _jobs(database, folder, files[start : start + _BATCH])
            ahead.append((jobs, loop.run_in_executor(executor, prepare_all, jobs)))
            if len(ahead) > 2 * (os.cpu_count() or 1):
                first, outcomes = ahead.popleft()
                yield list(zip(first, await outcomes, strict=True))
        while ahead:
            first, outcomes = ahead.popleft()
            yield list(zip(first, await outcomes, strict=True))
    except BrokenExecutor as error:
        raise Unavailable(
            "A process of the import ended unexpectedly; is there enough memory? Run it again."
        ) from error
    finally:
        for _, outcomes in ahead:
            outcomes.cancel()


async def _jobs(database: Database, folder: Path, files: Sequence[Path]) -> list[Job]:
    keys = [Job(file, folder).key for file in files]
    async with database.connection() as db:
        known = await imports.find_many(db, keys)
    return [
        Job(file, folder, known[key].digest if key in known else None) for file, key in zip(files, keys, strict=True)
    ]


async def _reports(database: Database, batches: AsyncIterator[Batch]) -> AsyncIterator[Report]:
    """Store some batches at once, since the server's work and ours can go on at the same time; reports in order."""
    planner = Planner(database)
    running: deque[asyncio.Task[Report]] = deque()
    try:
        async for batch in batches:
            running.append(asyncio.create_task(_written(database, planner, batch)))
            if len(running) == _WRITERS:
                yield await running.popleft()
        while running:
            yield await running.popleft()
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


async def _written(database: Database, planner: Planner, batch: Batch) -> Report:
    """Store a batch; where one of its posts can't be stored, each alone, so that the others are."""
    try:
        return await _stored(database, planner, batch)
    except Unavailable:
        raise
    except Exception:
        report = Report()
        for job, outcome in batch:
            report.add(await _stored_alone(database, planner, job, outcome))
        return report


async def _stored_alone(database: Database, planner: Planner, job: Job, outcome: Outcome) -> Report:
    try:
        return await _stored(database, planner, [(job, outcome)])
    except Unavailable:
        raise
    except Exception as error:  # whatever the database has against this post, the others can still go in
        report = Report()
        report.skip_post(str(job.path), f"can't be stored: {error}")
        return report


async def _stored(database: Database, planner: Planner, batch: Batch) -> Report:
    """One transaction, tried again where the database was busy; what was stored after all is then known."""
    for attempt in range(_ATTEMPTS):
        try:
            plan = await planner.plan(batch)
            async with database.transaction() as db:
                await write(db, plan)
            return plan.report
        except Unavailable:
            if attempt == _ATTEMPTS - 1:
                raise
        await asyncio.sleep(_PAUSE * 2**attempt)
    raise AssertionError
