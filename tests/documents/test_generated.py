"""What documents say about settings and the API is what the code says"""

import re
from pathlib import Path

import pytest
import yaml

from docs.generate import generated
from inkstone.web.endpoints import ENDPOINTS
from tests.documents.blocks import ROOT

SETTINGS = (ROOT / "docs/settings.md").read_text()
VARIABLE = re.compile(r"\$\{([A-Z_]+)")
# What the image tells its build and its templates: where things are in it, and what the entrypoint makes of the rest.
OF_THE_IMAGE = {
    *("NGINX_IMAGE", "NGINX_ENVSUBST_OUTPUT_DIR", "NGINX_ENVSUBST_FILTER", "NGINX_MAIN", "NGINX_PID", "NGINX_CACHE"),
    *("NGINX_COUNTING", "NGINX_HTTP2", "NGINX_ERRORS", "NGINX_BACKUP", "NGINX_REAL_IP"),
}


@pytest.mark.parametrize("path", generated(), ids=lambda path: path.name)
def test_documents_are_as_make_docs_writes_them(path: Path) -> None:
    assert path.read_text() == generated()[path], "run make docs"


def test_the_reference_has_every_operation() -> None:
    told = re.findall(r"^### `(\w+ \S+)`$", (ROOT / "docs/api-reference.md").read_text(), re.M)

    assert sorted(told) == sorted(f"{endpoint.method} {endpoint.path}" for endpoint in ENDPOINTS)


def test_all_that_compose_may_be_told_is_told_about() -> None:
    section = SETTINGS.partition("## What compose may be told")[2].partition("\n## ")[0]
    told = set(re.findall(r"`([A-Z_]+)`", "\n".join(row.split("|")[1] for row in section.splitlines() if "|" in row)))
    asked = {
        name
        for path in ROOT.glob("docker-compose*.yml")
        for line in path.read_text().splitlines()
        if not line.lstrip().startswith("#")
        for name in VARIABLE.findall(line)
    }

    assert told == asked


def test_defaults_of_compose_are_told_as_they_are() -> None:
    text = (ROOT / "docker-compose.yml").read_text()
    images = dict(re.findall(r"\$\{(\w+_IMAGE):-([^}]+)\}", text))

    assert images
    for image in images.values():
        assert f"`{image}`" in SETTINGS
    ports = yaml.safe_load(text)["services"]["nginx"]["ports"]
    assert ports == ["${LISTEN:-127.0.0.1}:${PORT:-8080}:8080"]
    assert "| `PORT`, `LISTEN` | `8080`, `127.0.0.1` |" in SETTINGS


def test_all_that_nginx_may_be_told_is_told_about() -> None:
    section = SETTINGS.partition("## nginx's container")[2]
    told = set(
        re.findall(r"`(NGINX_[A-Z_]+)`", "\n".join(row.split("|")[1] for row in section.splitlines() if "|" in row))
    )
    read = "".join((ROOT / "services/nginx" / name).read_text() for name in ("Dockerfile", "entrypoint.sh"))

    assert told == set(re.findall(r"NGINX_[A-Z0-9_]+", read)) - OF_THE_IMAGE
