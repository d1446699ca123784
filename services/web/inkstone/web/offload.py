"""Work that would hold up the event loop, done by a few threads."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import ParamSpec, TypeVar

from aiohttp import web

from inkstone.domain.comments import CommentDraft
from inkstone.domain.markdown import render_comment
from inkstone.keys import WORKERS

# One that is shorter is done, whatever is in it, in less time than handing it over would take from everybody.
_SHORT_COMMENT = 1000

P = ParamSpec("P")
T = TypeVar("T")


def executor() -> ThreadPoolExecutor:
    """Two threads: more would only take the processor from those who read."""
    return ThreadPoolExecutor(max_workers=2, thread_name_prefix="offload")


async def offload(request: web.Request, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run `work` in a thread and answer what it returns, or raise what it raises; what it logs is the request's."""
    loop, context = asyncio.get_running_loop(), copy_context()
    return await loop.run_in_executor(request.app[WORKERS], lambda: context.run(work, *args, **kwargs))


async def rendered_comment(request: web.Request, draft: CommentDraft) -> str:
    """The HTML of a comment."""
    if len(draft.content) <= _SHORT_COMMENT:
        return render_comment(draft.content)
    return await offload(request, render_comment, draft.content)
