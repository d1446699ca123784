"""Work that would hold up the event loop, done by a few threads."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from aiohttp import web

from inkstone.keys import WORKERS

P = ParamSpec("P")
T = TypeVar("T")


def executor() -> ThreadPoolExecutor:
    """Two threads: more would only take the processor from those who read."""
    return ThreadPoolExecutor(max_workers=2, thread_name_prefix="offload")


async def offload(request: web.Request, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run `work` in a thread and answer what it returns, or raise what it raises."""
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(request.app[WORKERS], lambda: work(*args, **kwargs))
