"""TLS to MySQL with the certificates that it makes for itself"""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import restarting, servers
from tests.commands import inkstone
from tests.conftest import visit
from tests.restarting import MySQL

pytestmark = [pytest.mark.xdist_group("stack"), pytest.mark.engine]


@pytest.fixture(scope="module")
def strict() -> Iterator[MySQL]:
    """A server that insists on TLS."""
    with restarting.mysql("--require-secure-transport=ON") as server:
        yield server


@pytest.fixture(scope="module")
def ca(strict: MySQL, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The authority that it has made, from its folder of data."""
    path = tmp_path_factory.mktemp("tls") / "ca.pem"
    subprocess.run(["docker", "cp", f"{strict.container}:/var/lib/mysql/ca.pem", str(path)], check=True)
    return path


async def test_the_blog_works_through_tls(strict: MySQL, ca: Path):
    url = f"{strict.url}?ssl-mode=verify-ca&ssl-ca={ca}"
    done = inkstone("migrate", database_url=url)
    assert done.returncode == 0, done

    with servers.gunicorn(url, READ_DATABASE_URL=url) as blog:
        async with visit(blog.wait()) as browsers:
            assert (await browsers().get("/readyz")).status == 200
            assert (await browsers().get("/")).status == 200
    assert inkstone("check", database_url=url, READ_DATABASE_URL=url).returncode == 0


def test_its_certificate_has_no_name(strict: MySQL, ca: Path):
    done = inkstone("check", database_url=f"{strict.url}?ssl-ca={ca}")

    assert done.returncode == 1
    assert "certificate verify failed" in done.stderr
    assert done.stderr.count("\n") == 1


def test_without_tls_it_says_why_not(strict: MySQL):
    done = inkstone("check", database_url=strict.url)

    assert done.returncode == 1
    assert "--require_secure_transport=ON" in done.stderr
