"""user: make, list, set passwords"""

import sys

import click
from rich.cells import cell_len

from inkstone.commands.running import explained, with_database
from inkstone.domain import passwords
from inkstone.domain.errors import Invalid
from inkstone.domain.users import Registration, Role, User
from inkstone.storage import users
from inkstone.storage.database import Database


@click.group()
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
@explained
def user_create(email: str, name: str, role: str, password_stdin: bool) -> None:
    """Make a user who signs in with EMAIL and is shown as NAME."""
    wish = Registration.parse({"email": email, "name": name, "password": _password(password_stdin)})

    async def create(database: Database) -> None:
        async with database.transaction() as db:
            credential = passwords.record(wish.password)
            made = await users.insert(db, email=wish.email, name=wish.name, role=Role(role), credential=credential)
        click.echo(f"Made {made.role} {made.name} <{made.email}>.")

    with_database(create)


@user.command("passwd")
@click.argument("who")
@click.option("--email", help="Also set the e-mail to sign in with: an author who came with an import has none.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input instead of asking for it.")
@explained
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

    with_database(change)


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
@explained
def user_list() -> None:
    """List all users, newest first."""

    async def show(database: Database) -> None:
        before = None
        while True:
            async with database.connection() as db:
                found = await users.newest(db, limit=100, before=before)
            for someone in found:
                email = someone.email or "(no e-mail: can’t sign in)"
                click.echo(f"{someone.role:<14} {_column(someone.name, 30)} {email}")
            if not found:
                return
            before = found[-1].id

    with_database(show)


def _column(text: str, cells: int) -> str:
    """The text as wide as that on a terminal, where a Chinese character takes two cells.

    >>> _column("王", 4), _column("Ann", 4)
    ('王  ', 'Ann ')
    """
    return text + " " * (cells - cell_len(text))
