"""A blog on a real server, with a known cast: Ada administers, Alice and Bob write, Carol reads."""

import contextlib
import signal
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass

import aiohttp
import pytest

from inkstone.config import DatabaseAddress
from inkstone.domain import passwords, rendering
from inkstone.domain.posts import Draft, Post
from inkstone.domain.session import sign
from inkstone.domain.users import Role, User
from inkstone.storage import posts, schema, users
from inkstone.storage.database import Database
from inkstone.storage.migrate import migrate
from tests import restarting, samples, servers
from tests.samples import Scene
from tests.servers import PASSWORD, Blog

# What tests empty: the heartbeat is made by a migration.
TABLES = [table for table in schema.TABLES if table != "heartbeat"]


# A shell that starts us in the background has us ignore Ctrl-C, and so would all that a test starts and interrupts.
signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--database", choices=["mariadb", "mysql"], default="mariadb", help="which server holds the tests' data"
    )


@dataclass(frozen=True)
class Cast:
    """Who takes part; all have the same password."""

    ada: User
    alice: User
    bob: User
    carol: User


@pytest.fixture(scope="session")
def new_server(request: pytest.FixtureRequest) -> Callable[[], object]:
    """Start another database server of the kind that is tested."""
    return {"mariadb": servers.mariadb, "mysql": servers.mysql}[request.config.getoption("database")]


@pytest.fixture(scope="session")
def database_url(new_server: Callable[[], object]) -> Iterator[str]:
    """A database with the schema and nothing in it."""
    with new_server() as url:  # type: ignore[attr-defined]
        migrate(DatabaseAddress.parse(url), wait_seconds=60, progress=lambda _: None)
        yield url


@pytest.fixture(scope="session")
def _spare(request: pytest.FixtureRequest) -> Iterator[restarting.Server]:
    with getattr(restarting, request.config.getoption("database"))() as server:
        yield server


@pytest.fixture
def spare(_spare: restarting.Server) -> restarting.Server:
    """A server with an empty database, to stop and to start; mark who uses it with xdist_group("restarts")."""
    _spare.start()
    restarting.empty(_spare.url)
    return _spare


@pytest.fixture(scope="session")
async def pool(database_url: str) -> AsyncIterator[Database]:
    database = Database(DatabaseAddress.parse(database_url), 4)
    yield database
    await database.close()


@pytest.fixture
async def database(pool: Database) -> Database:
    """The database, emptied."""
    async with pool.transaction() as db:
        for table in TABLES:
            await db.run(f"DELETE FROM {table}")
    return pool


@pytest.fixture(scope="session")
def credential() -> str:
    return passwords.record(PASSWORD)


@pytest.fixture
async def cast(database: Database, credential: str) -> Cast:
    async def make(name: str, role: Role) -> User:
        return await users.insert(db, email=f"{name.lower()}@blog.test", name=name, role=role, credential=credential)

    async with database.transaction() as db:
        return Cast(
            ada=await make("Ada", Role.ADMINISTRATOR),
            alice=await make("Alice", Role.AUTHOR),
            bob=await make("Bob", Role.AUTHOR),
            carol=await make("Carol", Role.READER),
        )


@pytest.fixture
def write(database: Database) -> Callable[..., object]:
    """Store a post: `await write(alice, name="…", …)`; published, unless it says otherwise."""

    async def write(author: User, **fields: object) -> Post:
        draft = Draft.parse({"name": "Hello", "content": "Some *words*.", "status": "published", **fields})
        async with database.transaction() as db:
            return await posts.get(db, await posts.insert(db, author.id, draft, rendering.render(draft)))

    return write


@pytest.fixture
async def post(cast: Cast, write: Callable[..., object]) -> Post:
    """Alice's published post at /post/hello."""
    return await write(cast.alice)  # type: ignore[misc,no-any-return]


@pytest.fixture
async def scene(database: Database, cast: Cast, write: Callable[..., object]) -> Scene:
    """Something at each of the blog's addresses."""
    return await samples.make_scene(database, cast, write)


@pytest.fixture(scope="session")
def blog(database_url: str) -> Iterator[Blog]:
    """The application as gunicorn runs it, with the detector of blocking calls switched on."""
    with servers.gunicorn(database_url) as blog:
        yield blog.wait()


@pytest.fixture(scope="session")
def private_blog(database_url: str) -> Iterator[Blog]:
    """The same blog behind HTTPS, where nobody may register and sessions last two days."""
    settings = {"SITE_URL": "https://blog.test", "REGISTRATION": "closed", "SESSION_DAYS": "2"}
    with servers.gunicorn(database_url, **settings) as blog:
        yield blog.wait()


def session_cookie(user: User, key: str = servers.KEYS[0], lifetime: int = 600) -> str:
    return sign(user.id, user.credential, expires=int(time.time()) + lifetime, key=key)


class Browser:
    """Somebody's HTTP client: it says where its requests come from, and follows no redirect."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self.session = session

    def sign_in(self, user: User) -> "Browser":
        """As if the user had signed in before."""
        return self.bring(session_cookie(user))

    def bring(self, cookie: str) -> "Browser":
        """Come with a session cookie."""
        self.session.cookie_jar.update_cookies({"inkstone_session": cookie}, aiohttp.client.URL(servers.SITE_URL))
        return self

    async def request(self, method: str, path: str, **options: object) -> "Reply":
        async with self.session.request(method, path, allow_redirects=False, **options) as response:  # type: ignore[arg-type]
            return Reply(response.status, response.headers, await response.read())

    async def get(self, path: str, **options: object) -> "Reply":
        return await self.request("GET", path, **options)

    async def post(self, path: str, **options: object) -> "Reply":
        return await self.request("POST", path, **options)

    async def put(self, path: str, **options: object) -> "Reply":
        return await self.request("PUT", path, **options)

    async def delete(self, path: str, **options: object) -> "Reply":
        return await self.request("DELETE", path, **options)


@dataclass(frozen=True)
class Reply:
    """An answer, read to its end."""

    status: int
    headers: "aiohttp.typedefs.CIMultiDictProxy[str]"
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def json(self) -> dict[str, object]:
        return aiohttp.client.json.loads(self.body)  # type: ignore[attr-defined,no-any-return]

    @property
    def problem(self) -> dict[str, str]:
        """The messages of a problem document by field."""
        assert self.headers["Content-Type"].startswith("application/problem+json"), self.headers
        return {error["field"]: error["message"] for error in self.json["errors"]}  # type: ignore[attr-defined]


@contextlib.asynccontextmanager
async def visit(blog: Blog) -> AsyncIterator[Callable[[], Browser]]:
    """Browsers for a server: a new one, as often as it's called."""
    async with contextlib.AsyncExitStack() as stack:

        def make() -> Browser:
            connector = aiohttp.UnixConnector(str(blog.socket))
            session = aiohttp.ClientSession(servers.SITE_URL, connector=connector, headers={"Origin": servers.SITE_URL})
            stack.push_async_callback(session.close)
            return Browser(session)

        yield make


@pytest.fixture
async def browsers(blog: Blog) -> AsyncIterator[Callable[[], Browser]]:
    """A new client, as often as it's called."""
    async with visit(blog) as make:
        yield make


@pytest.fixture
async def client(browsers: Callable[[], Browser], database: Database) -> Browser:
    """A visitor of an empty blog."""
    return browsers()
