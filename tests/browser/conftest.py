"""A blog behind nginx, and people who look at it in Chromium; what a page complains about fails its test."""

import itertools
import logging
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, Response, async_playwright, expect

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
    complaints: list[str] = []

    async def visit(user: User | None = None, origin: str = "", **options: object) -> Page:
        origin = origin or request.getfixturevalue("origin")
        context = await chromium.new_context(base_url=origin, **options)  # type: ignore[arg-type]
        contexts.append(context)
        context.set_default_timeout(PATIENCE_MS)
        if user:
            cookie = {"httpOnly": True, "sameSite": "Lax", "url": origin}
            await context.add_cookies([{"name": "inkstone_session", "value": session_cookie(user), **cookie}])  # type: ignore[typeddict-item]
        _listen(context, origin, complaints)
        return await context.new_page()

    yield visit
    if getattr(request.node, "failed", False):
        await _take_pictures(contexts, tmp_path)
    for context in contexts:
        await context.close()
    assert complaints == []


def _listen(context: BrowserContext, origin: str, complaints: list[str]) -> None:
    """Note what a page complains about: its scripts' errors, broken policies, missing files, other people's servers."""

    def on_console(message: ConsoleMessage) -> None:
        # Chromium says this of every status above 399, also where it's the right answer; files are looked at below.
        if message.type in {"error", "warning"} and not message.text.startswith("Failed to load resource"):
            complaints.append(f"{message.page.url if message.page else ''}: {message.text}")

    def on_response(response: Response) -> None:
        if response.status >= 400 and response.request.resource_type not in {"document", "fetch"}:
            complaints.append(f"{response.url}: {response.status}")

    def on_request(address: str) -> None:
        if urlsplit(address).netloc != urlsplit(origin).netloc and not address.startswith("data:"):
            complaints.append(f"{address} was asked for")

    context.on("console", on_console)
    context.on("weberror", lambda error: complaints.append(str(error.error)))
    context.on("response", on_response)
    context.on("request", lambda request: on_request(request.url))


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
    while await page.locator(selector).count() == 0:
        await page.reload()
