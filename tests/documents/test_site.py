"""The site: made from every document, whole, and by itself"""

import html
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.documents.blocks import ROOT, documents
from tests.native.stacks import environment

pytestmark = pytest.mark.xdist_group("site")

# What a browser fetches without being asked.
FETCHED = {
    ".html": re.compile(r"""<(?:script|link|img|iframe)\b[^>]*?\b(?:src|href)="([^"]*)"""),
    ".css": re.compile(r"""(?:url\(|@import )['"]?([^'")]+)"""),
}
ELSEWHERE = re.compile(r"^(?:https?:)?//")


def build(source: Path, target: Path) -> "subprocess.CompletedProcess[str]":
    options = ["--quiet", "--fresh-env", "--fail-on-warning", "--keep-going"]
    return subprocess.run(
        [sys.executable, "-m", "sphinx", *options, str(source), str(target)],
        cwd=ROOT,
        env=environment(),
        check=False,
        capture_output=True,
        text=True,
    )


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("site")
    done = build(ROOT / "docs", target)
    assert done.returncode == 0, done.stderr
    return target


def test_every_document_is_a_page_in_the_table_of_contents(site: Path) -> None:
    contents = (site / "index.html").read_text().partition('class="sidebar-tree"')[2].partition("</aside>")[0]

    for path in documents()[1:]:
        # Sphinx has pages of its own, which would take the place of one called search.md.
        heading = path.read_text().partition("\n")[0].removeprefix("# ").replace("`", "")
        assert heading_of(site / f"{path.stem}.html") == heading
        assert path.stem == "index" or f'href="{path.stem}.html"' in contents, path


def heading_of(page: Path) -> str:
    """What a page calls itself, with the quotation marks of the document."""
    found = re.search(r"<h1>(.*?)<a class=\"headerlink", page.read_text())
    assert found, page
    return html.unescape(re.sub(r"<[^>]*>", "", found[1])).replace("’", "'")


def test_nothing_is_fetched_from_elsewhere(site: Path) -> None:
    fetched = [
        (path.name, address)
        for suffix, pattern in FETCHED.items()
        for path in site.rglob(f"*{suffix}")
        for address in pattern.findall(path.read_text())
    ]

    assert fetched
    assert [(name, address) for name, address in fetched if ELSEWHERE.match(address)] == []


def test_what_pages_fetch_is_there_without_a_server(site: Path) -> None:
    for path in site.glob("*.html"):
        for address in FETCHED[".html"].findall(path.read_text()):
            assert (path.parent / re.split(r"[?#]", address)[0]).exists(), (path.name, address)


@pytest.mark.parametrize("link", ["[no page](nowhere.md)", "[no heading](settings.md#nowhere)"])
def test_a_link_that_leads_nowhere_is_an_error(link: str, tmp_path: Path) -> None:
    source = tmp_path / "docs"
    shutil.copytree(ROOT / "docs", source, ignore=shutil.ignore_patterns("__pycache__"))
    # What links lead to beside docs/.
    for name in ("services", "tests", "README.md"):
        (tmp_path / name).symlink_to(ROOT / name)
    with (source / "searching.md").open("a") as page:
        page.write(f"\n{link}\n")

    done = build(source, tmp_path / "site")

    assert done.returncode == 1
    assert "nowhere" in done.stderr
