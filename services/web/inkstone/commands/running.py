"""What every command needs: the settings, the database, and one line for whatever goes wrong."""

import asyncio
import os
from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any, ParamSpec

import click

from inkstone.config import ConfigError, Settings
from inkstone.domain.errors import DomainError, Unavailable
from inkstone.storage.database import Database

P = ParamSpec("P")

_CONNECTIONS = 4


def settings() -> Settings:
    """The settings, from the environment."""
    return Settings.from_environment(os.environ)


class Failure(click.ClickException):
    """Something that the person at the terminal can put right: one line, and exit status 1."""

    def show(self, file: object = None) -> None:
        click.echo(f"inkstone: {self.format_message()}", err=True)


def explained(command: Callable[P, None]) -> Callable[P, None]:
    """Let a command end with one line where a setting, the database or the input is at fault."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except (ConfigError, DomainError) as error:
            raise Failure(_line(error)) from error

    return run


def _line(error: Exception) -> str:
    """What went wrong, and what the system said; readers of the blog aren't told that."""
    cause = error.__cause__
    return f"{error} {cause}" if isinstance(error, Unavailable) and isinstance(cause, OSError) else str(error)


def with_database(work: Callable[[Database], Coroutine[Any, Any, None]]) -> None:
    """Do some work with the database that the settings name."""
    address = settings().database_url

    async def run() -> None:
        database = Database(address, _CONNECTIONS)
        try:
            await work(database)
        finally:
            await database.close()

    asyncio.run(run())
