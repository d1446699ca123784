"""TLS to the database: what ssl-mode and ssl-ca ask for is what there is, or there is no connection"""

from collections.abc import Iterator

import pytest

from inkstone.config import DatabaseAddress
from inkstone.domain.errors import Unavailable
from inkstone.storage.database import Database
from inkstone.storage.migrate import migrate
from inkstone.storage.schema import REVISIONS
from tests import certificates, restarting, servers
from tests.certificates import Certificates
from tests.conftest import visit
from tests.servers import free_port

# Whatever else the tests' data are in: this server's certificates are made here, and those of MySQL by itself
# (tests/stack/test_tls.py).
CIPHER = "SHOW STATUS LIKE 'Ssl_cipher'"


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return certificates.make(tmp_path_factory.mktemp("tls") / "ours", "IP:127.0.0.1")


@pytest.fixture(scope="module")
def others(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return certificates.make(tmp_path_factory.mktemp("tls") / "others", "IP:127.0.0.1")


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """For a server of another name."""
    return certificates.make(tmp_path_factory.mktemp("tls") / "elsewhere", "DNS:elsewhere.test")


def serve(*options: str) -> Iterator[str]:
    """A MariaDB that listens on a port; the URL of its empty database."""
    port = free_port()
    with restarting.mariadb("--skip-networking=0", "--bind-address=127.0.0.1", f"--port={port}", *options) as server:
        user = "CREATE USER ink@'127.0.0.1' IDENTIFIED BY 'secret'; GRANT ALL ON inkstone.* TO ink@'127.0.0.1'"
        restarting.as_root(server, user)
        yield f"mysql://ink:secret@127.0.0.1:{port}/inkstone"


def with_certificates(made: Certificates) -> list[str]:
    return [f"--ssl-cert={made.certificate}", f"--ssl-key={made.key}", "--require-secure-transport=ON"]


@pytest.fixture(scope="module")
def strict(ours: Certificates) -> Iterator[str]:
    """A server that insists on TLS."""
    yield from serve(*with_certificates(ours))


@pytest.fixture(scope="module")
def named_otherwise(elsewhere: Certificates) -> Iterator[str]:
    yield from serve(*with_certificates(elsewhere))


@pytest.fixture(scope="module")
def plain() -> Iterator[str]:
    """A server that knows no TLS."""
    yield from serve("--skip-ssl")


async def cipher(url: str) -> str:
    """What protects a connection, if anything does."""
    database = Database(DatabaseAddress.parse(url), 1)
    try:
        async with database.connection() as db:
            row = await db.one(CIPHER)
            return str(row[1]) if row else ""
    finally:
        await database.close()


async def refused(url: str) -> str:
    """Why there is no connection, for the pool and for the migration alike."""
    with pytest.raises(Unavailable) as migrating:
        migrate(DatabaseAddress.parse(url), wait_seconds=0, progress=lambda _: None)
    with pytest.raises(Unavailable) as reading:
        await cipher(url)
    return f"{migrating.value}\n{reading.value.__cause__}"


async def test_the_server_is_known_by_its_certificate(strict, ours):
    assert "TLS" in await cipher(f"{strict}?ssl-ca={ours.ca}")
    assert "TLS" in await cipher(f"{strict}?ssl-mode=VERIFY_CA&ssl-ca={ours.ca}")
    assert "TLS" in await cipher(f"{strict}?ssl-mode=required")


async def test_a_server_that_somebody_else_vouches_for_is_refused(strict, others):
    for options in (f"ssl-ca={others.ca}", f"ssl-mode=verify-ca&ssl-ca={others.ca}", "ssl-mode=verify-identity"):
        assert (await refused(f"{strict}?{options}")).count("certificate verify failed") == 2


async def test_a_server_of_another_name_is_refused_unless_names_do_not_matter(named_otherwise, elsewhere):
    assert "is not valid for" in await refused(f"{named_otherwise}?ssl-ca={elsewhere.ca}")
    assert "TLS" in await cipher(f"{named_otherwise}?ssl-mode=verify-ca&ssl-ca={elsewhere.ca}")


async def test_nobody_talks_in_the_clear_where_tls_was_asked_for(plain):
    assert (await refused(f"{plain}?ssl-mode=required")).count("the server offers no TLS") == 2
    assert await cipher(plain) == ""


async def test_a_server_that_insists_on_tls_is_not_reached_without(strict):
    assert await refused(strict)


async def test_the_blog_works_through_tls(strict, ours: Certificates):
    url = f"{strict}?ssl-ca={ours.ca}"
    told: list[str] = []
    migrate(DatabaseAddress.parse(url), wait_seconds=5, progress=told.append)
    assert told == REVISIONS
    with servers.gunicorn(url) as blog:
        async with visit(blog.wait()) as browsers:
            assert (await browsers().get("/readyz")).status == 200
            assert (await browsers().get("/")).status == 200
        assert "Traceback" not in blog.log
