"""What stands in a database, and the command line that carries it from one to another."""

import contextlib
import os
import subprocess

from click.testing import CliRunner

from inkstone.__main__ import main
from inkstone.config import DatabaseAddress
from inkstone.storage.migrate import migrate
from tests.restarting import connect, run
from tests.servers import KEYS

ODD = "emoji 🖋️ 🀄, NUL \0, 'quotes' \"\", \\ backslash\\, \r\n\t\x1a, %s %%, \u2028, 茶, e\u0301, \U0010ffff"
LARGE = os.urandom(5 * 1024 * 1024)

Tables = dict[str, list[tuple[object, ...]]]


def content(url: str) -> Tables:
    """Every row of every table that there is, in an order."""
    tables = [str(table) for (table,) in run(url, "SHOW TABLES")]
    return {table: sorted(run(url, f"SELECT * FROM `{table}`"), key=lambda row: str(row[:2])) for table in tables}


def build(url: str) -> None:
    """Bring the schema up to date."""
    migrate(DatabaseAddress.parse(url), wait_seconds=5, progress=lambda _: None)


def store(url: str, table: str, **values: object) -> None:
    """A row; what isn't said is empty."""
    columns = {row[0]: row for row in run(url, f"SHOW COLUMNS FROM {table}")}
    values = {name: "0" if "int" in str(row[1]) else _some(row) for name, row in columns.items()} | values
    with contextlib.closing(connect(url)) as db, db.cursor() as cursor:
        # The driver needs seconds for a large image, unless it is told in digits.
        marks = ", ".join("UNHEX(%s)" if isinstance(value, bytes) else "%s" for value in values.values())
        plain = [value.hex() if isinstance(value, bytes) else value for value in values.values()]
        cursor.execute(f"INSERT INTO {table} ({', '.join(values)}) VALUES ({marks})", plain)


def _some(column: tuple[object, ...]) -> object:
    if column[2] == "YES":
        return None
    return "2026-11-22 11:46:16.000001" if "datetime" in str(column[1]) else ""


def rich(url: str) -> None:
    """Something in each table."""
    store(
        url, "users", id="1" * 32, name="Ada 艾达", role="administrator", email="ada@blog.test", credential="$argon2id$"
    )
    store(url, "users", id="2" * 32, name="Imported", role="author", email=None)
    store(url, "posts", id="o" * 32, slug="odd", name=ODD, content=ODD * 1000, tags="[]", version=2**32 - 1)
    store(url, "posts", id="p" * 32, slug="茶", name="Tea")
    store(url, "tags", slug="茶", name="茶")
    store(url, "post_tags", tag="茶", post_id="p" * 32, published_at=None)
    store(url, "months", month="1999-12", posts=-7)
    store(url, "comments", id="c" * 32, content=ODD)
    store(url, "redirects", path="/旧/post.html")
    for number, data in enumerate((LARGE, bytes(range(256)) * 20_000, b"")):
        store(url, "media", id=str(number), name=ODD[:50], data=data, bytes=len(data))
    store(url, "post_search", post_id="p" * 32, tokens="xtea xtwo", text="Tea for two")
    store(url, "post_search", post_id="q" * 32, tokens="xcoffee", text="Coffee")
    store(url, "idempotency_keys", key_hash="k")
    store(url, "sign_in_attempts", subject="s", last_at="1999-12-31 23:59:59.999999")
    store(url, "imports", source_hash="i", source=ODD)
    assert all(content(url).values())


def inkstone(*arguments: str, **settings: str) -> "subprocess.CompletedProcess[str]":
    """The command line without a process of its own, which would take most of the time."""
    told = {"SECRET_KEYS": KEYS[0]} | {name.upper(): value for name, value in settings.items()}
    done = CliRunner().invoke(main, arguments, env={f"INKSTONE_{name}": value for name, value in told.items()})
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return subprocess.CompletedProcess(arguments, done.exit_code, done.stdout, done.stderr)


def runs(url: str, statement: str) -> bool:
    """Whether a statement that begins so is under way."""
    return any(str(row[7]).startswith(("SELECT " + statement, statement)) for row in run(url, "SHOW FULL PROCESSLIST"))
