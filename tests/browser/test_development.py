"""What a browser does when somebody changes the blog that `make dev` runs"""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.native.checkouts import Development, developing

pytestmark = pytest.mark.xdist_group("dev")

POST = "services/web/inkstone/templates/posts/show.html"
EDITOR = "services/web/inkstone/templates/manage_blog_edit.html"
MAIN = "{% block main %}"


@pytest.fixture(scope="module")
def running() -> Iterator[Development]:
    folder = Path(tempfile.mkdtemp(prefix="ink-"))
    with developing(folder / "checkout") as make:
        running = make("dev")
        running.start()
        long = {"name": "Long", "content": "Some words.\n\n" * 200, "status": "published", "tags": []}
        assert running.api("POST", "/api/posts", long).status == 201
        yield running
    shutil.rmtree(folder)


@pytest.fixture
def dev(running: Development) -> Iterator[Development]:
    yield running
    running.mend()


@pytest.fixture
async def page(visit, dev) -> Page:
    """The administrator's."""
    origin = f"http://dev.localhost:{dev.port}"
    page = await visit(origin=origin)
    name, value = dev.cookie.split("=", 1)
    await page.context.add_cookies([{"name": name, "value": value, "url": origin}])
    return page


def change(dev: Development, template: str) -> None:
    with dev.renewed():
        dev.edit(template, MAIN, f'{MAIN}<p id="planted">Changed.</p>')


async def test_a_page_shows_the_change_where_one_was_reading(page, dev):
    await page.goto("/post/long")
    await page.evaluate("scrollTo(0, 900)")

    change(dev, POST)

    await expect(page.locator("#planted")).to_have_text("Changed.")
    await page.wait_for_function("Math.abs(scrollY - 900) < 100")


async def test_a_page_waits_out_an_error_and_shows_what_mended_it(page, dev):
    await page.goto("/post/long")

    with dev.tells("Those from before go on answering until this is mended."):
        dev.edit(POST, MAIN, "{% blok main %}")
    await expect(page.locator("h1")).to_have_text("Long")
    with dev.renewed():
        dev.edit(POST, "{% blok main %}", f'{MAIN}<p id="planted">Mended.</p>')

    await expect(page.locator("#planted")).to_have_text("Mended.")


async def test_a_text_that_is_not_saved_stays_and_a_hint_comes(page, dev):
    await page.goto("/manage/posts/new")
    await page.fill("#content", "Not saved.")

    change(dev, EDITOR)

    await expect(page.locator("#development")).to_contain_text("Inkstone has been changed")
    await expect(page.locator("#content")).to_have_value("Not saved.")
    await expect(page.locator("#planted")).to_have_count(0)


async def test_an_editor_without_changes_is_loaded_anew(page, dev):
    await page.goto("/manage/posts/new")
    await expect(page.locator("#content")).to_be_visible()

    change(dev, EDITOR)

    await expect(page.locator("#planted")).to_have_text("Changed.")


async def test_a_comment_that_is_not_sent_stays(page, dev):
    await page.goto("/post/long")
    await page.fill("textarea", "Not sent.")

    change(dev, POST)

    await expect(page.locator("#development")).to_be_visible()
    await expect(page.locator("textarea")).to_have_value("Not sent.")


async def test_what_a_form_shows_again_is_not_sent_a_second_time(page, dev):
    await page.context.clear_cookies()
    await page.goto("/signin")
    await page.fill("[name=email]", "nobody@example.org")
    await page.fill("[name=password]", "wrong, wrong")
    await page.click("main button")
    await expect(page.locator("[name=email]")).to_have_value("nobody@example.org")

    with dev.renewed():
        dev.edit("services/web/inkstone/templates/account/signin.html", MAIN, f'{MAIN}<p id="planted">Changed.</p>')

    await expect(page.locator("#development")).to_be_visible()
    await expect(page.locator("#planted")).to_have_count(0)
