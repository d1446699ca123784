"""The editor on /manage/posts/new and /manage/posts/{id}"""

from datetime import UTC, datetime

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import reload_until_shown


@pytest.fixture
async def editor(visit, cast) -> Page:
    """Alice before an empty page, in Shanghai."""
    page = await visit(cast.alice, timezone_id="Asia/Shanghai")
    await page.goto("/manage/posts/new")
    return page


async def test_the_console_and_the_form_show_the_same(editor: Page):
    await editor.evaluate("vm.name = 'Set in the console'")
    await expect(editor.locator("#name")).to_have_value("Set in the console")

    for field in ("name", "summary", "content"):
        await editor.fill(f"#{field}", f"typed into {field}")
        assert await editor.evaluate(f"vm.{field}") == f"typed into {field}"


async def test_a_post_is_written_saved_and_published(editor: Page, visit):
    await editor.fill("#name", "Tea 茶 🍵")
    await editor.fill("#summary", "On tea & <b>more</b>")
    await editor.fill("#content", "# Leaves\n\nSome *tea*\n")
    await editor.fill("#tags", "Tea，茶, C++")
    await editor.evaluate("vm.submit()")
    await expect(editor.locator(".state")).to_have_text("Saved.")
    await expect(editor).to_have_url("/manage/posts/" + await editor.evaluate("vm.id"))
    visitor = await visit()
    assert (await visitor.goto("/post/tea-茶")).status == 404

    await editor.reload()
    await expect(editor.locator("#name")).to_have_value("Tea 茶 🍵")
    await expect(editor.locator("#summary")).to_have_value("On tea & <b>more</b>")
    await expect(editor.locator("#content")).to_have_value("# Leaves\n\nSome *tea*\n")
    await expect(editor.locator("#tags")).to_have_value("Tea, 茶, C++")
    await editor.select_option("#status", "published")
    await _save(editor)

    await reload_until_shown(visitor, ".prose em")
    await expect(visitor.locator(".lead")).to_have_text("On tea & <b>more</b>")
    await expect(visitor.locator(".tags a")).to_have_text(["Tea", "茶", "C++"])


async def test_a_post_appears_at_the_authors_own_time(editor: Page, visit):
    await editor.fill("#name", "Later")
    await editor.select_option("#status", "scheduled")
    await editor.get_by_role("button", name="Save").click()
    await expect(editor.locator("#published_at-error")).to_be_visible()

    await editor.fill("#published_at", "2999-01-02T07:30")
    await _save(editor)

    assert datetime.fromisoformat(await editor.evaluate("vm.published_at")) == datetime(2999, 1, 1, 23, 30, tzinfo=UTC)
    await editor.reload()
    await expect(editor.locator("#published_at")).to_have_value("2999-01-02T07:30")
    await expect(editor.locator("#status")).to_have_value("scheduled")
    visitor = await visit()
    assert (await visitor.goto("/post/later")).status == 404

    await editor.select_option("#status", "published")
    await _save(editor)

    await reload_until_shown(visitor, "h1:text-is('Later')")


async def test_what_is_wrong_stands_beside_its_field(editor: Page):
    await editor.fill("#slug", "Not a Slug!")
    await editor.fill("#tags", "fine, ??")
    await editor.fill("#content", "kept")
    await editor.get_by_role("button", name="Save").click()

    for field in ("name", "slug", "tags"):
        await expect(editor.locator(f"#{field}-error")).to_be_visible()
        await expect(editor.locator(f"#{field}")).to_have_attribute("aria-invalid", "true")
        assert f"{field}-error" in await editor.locator(f"#{field}").get_attribute("aria-describedby")
    await expect(editor.locator("#content")).to_have_value("kept")

    await editor.fill("#name", "A name")
    await editor.fill("#slug", "a-slug")
    await editor.fill("#tags", "fine")
    await _save(editor)
    await expect(editor.locator(".error")).to_have_count(0)


async def test_one_sees_what_is_not_saved(editor: Page):
    await editor.fill("#name", "Short")
    await expect(editor.locator(".state")).to_have_text("Not saved yet.")
    await _save(editor)

    await editor.fill("#name", "Longer")

    await expect(editor.locator(".state")).to_have_text("Not saved yet.")


async def test_ctrl_s_saves(editor: Page):
    await editor.fill("#name", "Short")
    await editor.press("#name", "Control+s")

    await expect(editor.locator(".state")).to_have_text("Saved.")


async def test_an_old_posts_date_stays_to_the_second(visit, cast, write):
    post = await write(cast.alice, published_at="2020-02-29T23:59:58Z")
    page = await visit(cast.alice)
    await page.goto(f"/manage/posts/{post.id}")

    await page.fill("#content", "New words")
    await _save(page)

    assert datetime.fromisoformat(await page.evaluate("vm.published_at")) == post.published_at


@pytest.mark.parametrize("saved", [True, False])
async def test_leaving_asks_about_what_is_not_saved(editor: Page, saved):
    asked = []
    editor.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept())[1])
    await editor.fill("#name", "Precious")
    await expect(editor.locator(".state")).to_have_text("Not saved yet.")
    if saved:
        await _save(editor)

    await editor.click("text=Archive")

    await expect(editor.locator("h1")).to_have_text("Archive")
    assert asked == ([] if saved else ["beforeunload"])


async def test_a_post_is_deleted_after_a_second_click(visit, cast, post):
    page = await visit(cast.alice)
    await page.goto(f"/manage/posts/{post.id}")

    await page.click("summary:text-is('Delete')")
    await page.get_by_role("button", name="Delete").click()

    await expect(page.locator(".rows .nothing")).to_be_visible()
    assert (await page.goto(f"/post/{post.slug}")).status == 404


async def _save(page: Page) -> None:
    async with page.expect_response(lambda answer: "/api/posts" in answer.url and answer.ok):
        await page.get_by_role("button", name="Save").click()
    await expect(page.locator(".state")).to_have_text("Saved.")
