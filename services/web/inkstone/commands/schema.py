"""migrate, check: the database as the application needs it"""

import click

from inkstone.commands.running import explained, settings, with_database
from inkstone.config import DatabaseAddress
from inkstone.domain import passwords
from inkstone.domain.errors import Invalid
from inkstone.domain.users import Registration, Role
from inkstone.storage import replica, schema, users
from inkstone.storage.database import Connection, Database

_PACKET = 64 * 1024 * 1024


@click.command(short_help="Bring the database's schema up to date.")
@click.option(
    "--wait", default=60, show_default=True, metavar="SECONDS", help="How long to wait for the database to answer."
)
@explained
def migrate(wait: int) -> None:
    """Bring the database's schema up to date, and make the first administrator.

    Safe to run at any time and by several at once: one does the work, the others wait for it. The administrator comes
    from INKSTONE_ADMIN_EMAIL and INKSTONE_ADMIN_PASSWORD, and is made only where the blog has none.
    """
    # Here, since nothing but this command needs Alembic.
    from inkstone.storage.migrate import migrate as apply

    told = settings()
    apply(told.database_url, wait_seconds=wait, progress=lambda revision: click.echo(f"applied {revision}"))
    click.echo(f"The schema is {schema.EXPECTED}.")
    if told.admin_email and told.admin_password:
        wish = Registration.parse({"email": told.admin_email, "name": "admin", "password": told.admin_password})
        with_database(lambda database: _first_administrator(database, wish))


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


@click.command(short_help="Check the settings and the database.")
@explained
def check() -> None:
    """Check the settings, the database with its schema, and its replica where there is one."""
    told = settings()
    click.echo("settings  ok")

    async def ask(database: Database) -> None:
        async with database.connection() as db:
            click.echo(f"database  ok: {await _version(db)}, {told.database_url.name}")
            packet = await db.one("SELECT @@max_allowed_packet")
            if packet and packet[0] < _PACKET:
                click.echo(
                    f"          max_allowed_packet is {packet[0]}: set {_PACKET}, or very long posts can't be saved"
                )
            await schema.check(db)
            click.echo(f"schema    ok: {await schema.current(db)}")
        if told.read_database_url:
            await _check_replica(database, told.read_database_url)

    with_database(ask)


async def _check_replica(primary: Database, address: DatabaseAddress) -> None:
    database = Database(address, 1)
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
