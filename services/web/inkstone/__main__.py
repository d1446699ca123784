"""The command line: `inkstone`."""

import asyncio
import logging
import os
import sys
from collections.abc import Callable, Coroutine
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec

import click

from inkstone.config import ConfigError, DatabaseAddress, Settings
from inkstone.domain import passwords
from inkstone.domain.errors import DomainError, Invalid, Unavailable
from inkstone.domain.users import Registration, Role, User
from inkstone.storage import replica, schema, users
from inkstone.storage.database import Connection, Database

P = ParamSpec("P")

_CONNECTIONS = 4
_PACKET = 64 * 1024 * 1024


class _Failure(click.ClickException):
    """Something that the person at the terminal can put right: one line, and exit status 1."""

    def show(self, file: object = None) -> None:
        click.echo(f"inkstone: {self.format_message()}", err=True)


def _explained(command: Callable[P, None]) -> Callable[P, None]:
    """Let a command end with one line where a setting, the database or the input is at fault."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except (ConfigError, DomainError) as error:
            raise _Failure(_line(error)) from error

    return run


def _line(error: Exception) -> str:
    """What went wrong, and what the system said; readers of the blog aren't told that."""
    cause = error.__cause__
    return f"{error} {cause}" if isinstance(error, Unavailable) and isinstance(cause, OSError) else str(error)


def _with_database(work: Callable[[Database], Coroutine[Any, Any, None]]) -> None:
    settings = Settings.from_environment(os.environ)

    async def run() -> None:
        database = Database(settings.database_url, _CONNECTIONS)
        try:
            await work(database)
        finally:
            await database.close()

    asyncio.run(run())


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="inkstone")
def main() -> None:
    """Look after an Inkstone blog.

    Settings come from the environment (INKSTONE_DATABASE_URL and others, each also as …_FILE); the README lists them.
    """
    # What goes wrong is said once, at the end.
    logging.getLogger("inkstone").addHandler(logging.NullHandler())


@main.command()
@click.option(
    "--wait", default=60, show_default=True, metavar="SECONDS", help="How long to wait for the database to answer."
)
@_explained
def migrate(wait: int) -> None:
    """Bring the database's schema up to date, and make the first administrator.

    Safe to run at any time and by several at once: one does the work, the others wait for it. The administrator comes
    from INKSTONE_ADMIN_EMAIL and INKSTONE_ADMIN_PASSWORD, and is made only where the blog has none.
    """
    # Here, since nothing but this command needs Alembic.
    from inkstone.storage.migrate import migrate as apply

    settings = Settings.from_environment(os.environ)
    apply(settings.database_url, wait_seconds=wait, progress=lambda revision: click.echo(f"applied {revision}"))
    click.echo(f"The schema is {schema.EXPECTED}.")
    if settings.admin_email and settings.admin_password:
        wish = Registration.parse({"email": settings.admin_email, "name": "admin", "password": settings.admin_password})
        _with_database(lambda database: _first_administrator(database, wish))


async def _first_administrator(database: Database, wish: Registration) -> None:
    async with database.connection() as db:
        if await users.has_administrator(db):
            return
        credential, role = passwords.record(wish.password), Role.ADMINISTRATOR
        try:
            user = await users.insert(db, email=wish.email, name=wish.name, role=role, credential=credential)
        except Invalid:
            if await users.has_administrator(db):
                return  # another migrator was faster
            raise
    click.echo(f"Made the first administrator: {user.email}.")


@main.command()
@_explained
def check() -> None:
    """Check the settings, the database with its schema, and its replica where there is one."""
    settings = Settings.from_environment(os.environ)
    click.echo("settings  ok")

    async def ask(database: Database) -> None:
        async with database.connection() as db:
            click.echo(f"database  ok: {await _version(db)}, {settings.database_url.name}")
            packet = await db.one("SELECT @@max_allowed_packet")
            if packet and packet[0] < _PACKET:
                click.echo(
                    f"          max_allowed_packet is {packet[0]}: set {_PACKET}, or very long posts can't be saved"
                )
            await schema.check(db)
            click.echo(f"schema    ok: {await schema.current(db)}")
        if settings.read_database_url:
            await _check_replica(database, settings.read_database_url)

    _with_database(ask)


async def _check_replica(primary: Database, address: DatabaseAddress) -> None:
    database = Database(address, _CONNECTIONS)
    try:
        taken = await replica.delay(primary, database)
        async with database.connection() as db:
            version = await _version(db)
        click.echo(f"replica   ok: {version}, {address.name}, has what is written after {taken.total_seconds():.2f} s")
    finally:
        await database.close()


async def _version(db: Connection) -> str:
    row = await db.one("SELECT VERSION()")
    return str(row[0]) if row else "unknown"


@main.group()
def user() -> None:
    """Make and list users, set passwords."""


@user.command("create")
@click.argument("email")
@click.argument("name")
@click.option(
    "--role",
    type=click.Choice([role.value for role in Role]),
    default=Role.AUTHOR.value,
    show_default=True,
    help="What the user may do.",
)
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input instead of asking for it.")
@_explained
def user_create(email: str, name: str, role: str, password_stdin: bool) -> None:
    """Make a user who signs in with EMAIL and is shown as NAME."""
    wish = Registration.parse({"email": email, "name": name, "password": _password(password_stdin)})

    async def create(database: Database) -> None:
        async with database.transaction() as db:
            credential = passwords.record(wish.password)
            made = await users.insert(db, email=wish.email, name=wish.name, role=Role(role), credential=credential)
        click.echo(f"Made {made.role} {made.name} <{made.email}>.")

    _with_database(create)


@user.command("passwd")
@click.argument("who")
@click.option("--email", help="Also set the e-mail to sign in with: an author who came with an import has none.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input instead of asking for it.")
@_explained
def user_passwd(who: str, email: str | None, password_stdin: bool) -> None:
    """Set the password of WHO, an e-mail or a name. It ends all their sessions."""

    async def change(database: Database) -> None:
        async with database.transaction() as db:
            found = await users.find_by_email(db, who.lower()) or await users.find_by_name(db, who)
            if found is None:
                raise Invalid({"": f"There is no user “{who}”: `inkstone user list` shows all."})
            wish = _new_login(found, email, password_stdin)
            await users.update_email(db, found.id, wish.email)
            await users.update_credential(db, found.id, passwords.record(wish.password))
        click.echo(f"Set the password of {found.name} <{wish.email}>.")

    _with_database(change)


def _new_login(found: User, email: str | None, password_stdin: bool) -> Registration:
    address = email or found.email
    if address is None:
        raise Invalid({"": f"{found.name} has no e-mail to sign in with yet: give one with --email."})
    return Registration.parse({"email": address, "name": found.name, "password": _password(password_stdin)})


def _password(from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\n")
    return str(click.prompt("Password (10 characters or more)", hide_input=True, confirmation_prompt=True))


@user.command("list")
@_explained
def user_list() -> None:
    """List all users, newest first."""

    async def show(database: Database) -> None:
        before = None
        while True:
            async with database.connection() as db:
                found = await users.newest(db, limit=100, before=before)
            for someone in found:
                click.echo(f"{someone.role:<14} {someone.name:<30} {someone.email or '(no e-mail: can’t sign in)'}")
            if not found:
                return
            before = found[-1].id

    _with_database(show)


@main.group("import")
def import_() -> None:
    """Take posts over from another blog."""


@import_.command("markdown")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--report", type=click.Path(dir_okay=False, path_type=Path), help="Also write the report to this file, as JSON."
)
@_explained
def import_markdown(folder: Path, report: Path | None) -> None:
    """Import a FOLDER of Markdown files with front matter, as Hugo, Zola, Jekyll and Hexo keep them.

    Run it as often as you like: what was imported before and hasn't changed is left alone. At the end it says what it
    took, what it skipped and why. The exit status is 0 unless the import itself fails.
    """
    from inkstone.importer.command import run  # Here, since nothing but this command needs Rich and the process pool.

    run(Settings.from_environment(os.environ).database_url, folder, report)


if __name__ == "__main__":
    main()
