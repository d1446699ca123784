"""The command line `inkstone`, as a person runs it."""

import subprocess

import click
import pytest

from inkstone.__main__ import main
from inkstone.config import DatabaseAddress
from inkstone.domain import passwords
from inkstone.domain.users import Role
from inkstone.storage import users
from inkstone.storage.migrate import migrate
from inkstone.storage.schema import EXPECTED, REVISIONS
from tests.commands import inkstone, start
from tests.restarting import Server, run
from tests.servers import PASSWORD

ADMIN = {"ADMIN_EMAIL": "ada@blog.test", "ADMIN_PASSWORD": PASSWORD}


def commands(group: click.Command, *path: str) -> list[tuple[tuple[str, ...], click.Command]]:
    """Each command and group with how it's called."""
    parts = group.commands.items() if isinstance(group, click.Group) else ()
    return [(path, group), *(found for name, command in parts for found in commands(command, *path, name))]


def fails(done: "subprocess.CompletedProcess[str]", *words: str) -> None:
    """It ended with status 1 and one line that says why."""
    assert done.returncode == 1, done
    assert done.stderr.startswith("inkstone: "), done
    assert done.stderr.count("\n") == 1, done
    for word in words:
        assert word in done.stderr, done


@pytest.mark.parametrize(
    ("path", "command"), commands(main), ids=lambda part: " ".join(part) if isinstance(part, tuple) else ""
)
def test_help_says_what_there_is(path, command):
    done = inkstone(*path, "--help")

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Usage: inkstone")
    assert command.help.splitlines()[0].rstrip(".") in " ".join(done.stdout.split())
    for name in getattr(command, "commands", {}):
        assert f"  {name}" in done.stdout
    for parameter in command.params:
        shown = parameter.opts[0] if isinstance(parameter, click.Option) else parameter.human_readable_name
        assert shown in done.stdout
        assert isinstance(parameter, click.Argument) or parameter.help


def test_a_command_that_is_not_there():
    done = inkstone("publish")

    assert done.returncode == 2
    assert "No such command 'publish'" in done.stderr


@pytest.mark.parametrize("command", ["migrate", "check", "user list"])
def test_a_missing_setting_is_one_line(command):
    fails(inkstone(*command.split()), "INKSTONE_DATABASE_URL is not set")


@pytest.mark.xdist_group("restarts")
def test_migrate_makes_the_first_administrator_once(spare: Server):
    first = inkstone("migrate", database_url=spare.url, **ADMIN)
    again = inkstone("migrate", database_url=spare.url, ADMIN_EMAIL="eve@blog.test", ADMIN_PASSWORD="another password")

    assert first.stdout.splitlines() == [
        *(f"applied {revision}" for revision in REVISIONS),
        f"The schema is {EXPECTED}.",
        "Made the first administrator: ada@blog.test.",
    ]
    assert again.stdout == f"The schema is {EXPECTED}.\n"
    ((email, role, credential),) = run(spare.url, "SELECT email, role, credential FROM users")
    assert (email, role) == ("ada@blog.test", "administrator")
    assert passwords.matches(credential, PASSWORD)


@pytest.mark.xdist_group("restarts")
def test_several_migrators_make_one_administrator(spare: Server):
    processes = [start("migrate", database_url=spare.url, **ADMIN) for _ in range(3)]
    said = [process.communicate() for process in processes]

    assert [process.returncode for process in processes] == [0, 0, 0], said
    assert sum("Made the first administrator" in output for output, _ in said) == 1
    assert run(spare.url, "SELECT COUNT(*) FROM users") == [(1,)]


@pytest.mark.xdist_group("restarts")
@pytest.mark.parametrize(
    ("settings", "field"),
    [({"ADMIN_PASSWORD": "short"}, "password"), ({"ADMIN_EMAIL": "ada"}, "email")],
)
def test_migrate_refuses_a_bad_administrator(spare: Server, settings, field):
    fails(inkstone("migrate", database_url=spare.url, **(ADMIN | settings)), field)


@pytest.mark.xdist_group("restarts")
def test_check(spare: Server):
    fails(inkstone("check", database_url=spare.url), "run `inkstone migrate`")

    migrate(DatabaseAddress.parse(spare.url), wait_seconds=5, progress=lambda _: None)
    good = inkstone("check", database_url=spare.url)
    assert (good.returncode, good.stderr) == (0, "")
    assert [line.split()[:2] for line in good.stdout.splitlines()] == [
        ["settings", "ok"],
        ["database", "ok:"],
        ["schema", "ok:"],
    ]

    run(spare.url, f"UPDATE alembic_version SET version_num = '{REVISIONS[-2]}'")
    fails(inkstone("check", database_url=spare.url), REVISIONS[-2], EXPECTED, "run `inkstone migrate`")

    spare.stop()
    fails(inkstone("check", database_url=spare.url), "can't be reached")
    fails(inkstone("migrate", "--wait", "0", database_url=spare.url), "can't be reached")


async def test_a_user_is_made_and_listed(database, database_url):
    options = {"typed": f"{PASSWORD}\n", "database_url": database_url}
    made = inkstone("user", "create", "Alice@Blog.test", "Alice 爱丽丝", "--password-stdin", **options)
    reader = inkstone("user", "create", "carol@blog.test", "Carol", "--role", "reader", "--password-stdin", **options)

    assert made.stdout == "Made author Alice 爱丽丝 <alice@blog.test>.\n"
    assert reader.stdout == "Made reader Carol <carol@blog.test>.\n"
    listed = inkstone("user", "list", database_url=database_url).stdout.splitlines()
    assert [line.split() for line in listed] == [
        ["reader", "Carol", "carol@blog.test"],
        ["author", "Alice", "爱丽丝", "alice@blog.test"],
    ]
    async with database.connection() as db:
        assert passwords.matches((await users.find_by_email(db, "alice@blog.test")).credential, PASSWORD)


@pytest.mark.parametrize(
    ("arguments", "password", "word"),
    [
        (("new@blog.test", "New"), "short", "password"),
        (("new@blog.test", "New"), "", "password"),
        (("new", "New"), PASSWORD, "email"),
        (("new@blog.test", "a/b"), PASSWORD, "name"),
        (("alice@blog.test", "New"), PASSWORD, "There is already an account"),
        (("new@blog.test", "ALICE"), PASSWORD, "This name is taken"),
    ],
)
async def test_a_user_that_can_not_be_made(cast, database_url, arguments, password, word):
    command = ("user", "create", *arguments, "--password-stdin")

    fails(inkstone(*command, typed=f"{password}\n", database_url=database_url), word)


@pytest.mark.parametrize("who", ["alice@blog.test", "ALICE@blog.test", "Alice", "alice"])
async def test_a_password_is_set(database, cast, database_url, who):
    done = inkstone("user", "passwd", who, "--password-stdin", typed="a new password\n", database_url=database_url)

    assert done.stdout == "Set the password of Alice <alice@blog.test>.\n"
    async with database.connection() as db:
        assert passwords.matches((await users.get(db, cast.alice.id)).credential, "a new password")
        assert (await users.get(db, cast.bob.id)).credential == cast.bob.credential


async def test_an_imported_author_gets_an_email(database, database_url):
    async with database.transaction() as db:
        author = await users.insert(db, email=None, name="Zhang San", role=Role.AUTHOR, credential="!")
    command = ("user", "passwd", "Zhang San", "--password-stdin")

    fails(inkstone(*command, typed=f"{PASSWORD}\n", database_url=database_url), "--email")
    done = inkstone(*command, "--email", "zhang@blog.test", typed=f"{PASSWORD}\n", database_url=database_url)

    assert done.returncode == 0
    async with database.connection() as db:
        assert (await users.get(db, author.id)).email == "zhang@blog.test"


@pytest.mark.parametrize(
    ("arguments", "word"),
    [(("nobody",), "no user “nobody”"), (("Alice", "--email", "bob@blog.test"), "already an account")],
)
async def test_a_password_that_can_not_be_set(cast, database_url, arguments, word):
    command = ("user", "passwd", *arguments, "--password-stdin")

    fails(inkstone(*command, typed=f"{PASSWORD}\n", database_url=database_url), word)
