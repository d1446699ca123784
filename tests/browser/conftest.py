"""A blog behind nginx, and people who look at it in Chromium; what a page complains about fails its test."""

import asyncio
import itertools
import logging
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.async_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    Response,
    async_playwright,
    expect,
)

from inkstone.domain.users import User
from tests import servers
from tests.conftest import session_cookie
from tests.servers import Blog, Front

log = logging.getLogger(__name__)

MANIFEST = servers.ROOT / "services/web/inkstone/static/manifest.json"
SWITCHES = [
    "--no-sandbox",  # root's Chromium doesn't start with one; it sees nothing but our own pages
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Other names lead nowhere: a test must not depend on somebody else's server.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE *.localhost, EXCLUDE 127.0.0.1",
]
# Only so that a broken page doesn't hold up the others for ever; two slow cores need their time.
PATIENCE_MS = 20_000

Visit = Callable[..., Awaitable[Page]]

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
async def chromium() -> AsyncIterator[Browser]:
    program = shutil.which("chromium")
    if program is None:
        pytest.fail("Chromium is missing: `deploy/native.sh install test` installs it.")
    if not MANIFEST.is_file():
        pytest.fail("The front end isn't built: `deploy/native.sh install test` builds it.")
    expect.set_options(timeout=PATIENCE_MS)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program, args=SWITCHES)
        yield browser
        await browser.close()


@pytest.fixture(scope="session")
def front(blog: Blog) -> Iterator[Front]:
    """The readers' way to the blog."""
    with servers.nginx(blog.socket) as front:
        yield front


@pytest.fixture
def origin(front: Front) -> str:
    """The blog's address, another one for each test: what nginx keeps of the last test's blog isn't shown at it."""
    return address_of(front)


def address_of(front: Front) -> str:
    """A new name for the blog; Chromium finds every name under localhost on this machine."""
    return f"http://blog-{next(_numbers)}.localhost:{front.port}"


@pytest.fixture
async def visit(
    chromium: Browser, database: object, request: pytest.FixtureRequest, tmp_path: Path
) -> AsyncIterator[Visit]:
    """Open a browser: `await visit()`, or signed in `await visit(cast.alice)`; further options are Playwright's."""
    contexts: list[BrowserContext] = []
    witness = Witness()

    async def visit(user: User | None = None, origin: str = "", **options: object) -> Page:
        origin = origin or request.getfixturevalue("origin")
        context = await chromium.new_context(base_url=origin, **options)  # type: ignore[arg-type]
        contexts.append(context)
        context.set_default_timeout(PATIENCE_MS)
        if user:
            cookie = {"httpOnly": True, "sameSite": "Lax", "url": origin}
            await context.add_cookies([{"name": "inkstone_session", "value": session_cookie(user), **cookie}])  # type: ignore[typeddict-item]
        witness.watch(context)
        return await context.new_page()

    yield visit
    if witness.complaints or getattr(request.node, "failed", False):
        await _take_pictures(contexts, tmp_path)
    for context in contexts:
        await context.close()
    assert witness.complaints == []


class Witness:
    """Notes what pages complain about: scripts' errors, broken policies, missing files, other people's servers."""

    def __init__(self) -> None:
        self.complaints: list[str] = []

    def watch(self, context: BrowserContext) -> None:
        context.on("console", self._on_console)
        context.on("weberror", lambda error: self.complaints.append(str(error.error)))
        context.on("request", self._on_request)
        context.on("response", self._on_response)

    def _on_console(self, message: ConsoleMessage) -> None:
        # Chromium says this of every status above 399, also where it's the right answer; files are looked at below.
        if message.type in {"error", "warning"} and not message.text.startswith("Failed to load resource"):
            self.complaints.append(f"{message.location['url']}: {message.text}")

    def _on_request(self, request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme != "data" and not (address.hostname or "").endswith(".localhost"):
            self.complaints.append(f"{request.url} was asked for")

    def _on_response(self, response: Response) -> None:
        if response.status >= 400 and response.request.resource_type not in {"document", "fetch"}:
            self.complaints.append(f"{response.url}: {response.status}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    report = yield
    if report.failed:  # type: ignore[attr-defined]
        item.failed = True  # type: ignore[attr-defined]
    return report  # type: ignore[return-value]


async def _take_pictures(contexts: list[BrowserContext], folder: Path) -> None:
    for number, page in enumerate(page for context in contexts for page in context.pages):
        picture = folder / f"page-{number}.png"
        await page.screenshot(path=picture, full_page=True)
        log.warning("%s looked like this: %s", page.url, picture)


async def reload_until_shown(page: Page, selector: str) -> None:
    """Reload until it's there: what nginx keeps for everybody may be a second or two old."""
    async with asyncio.timeout(PATIENCE_MS / 1000):
        while await page.locator(selector).count() == 0:
            await page.reload()
