"""/manage/posts/new and /manage/posts/{id} without JavaScript"""

from collections.abc import Awaitable, Callable

import pytest
from playwright.async_api import Page, expect

OpenEditor = Callable[[str], Awaitable[Page]]


@pytest.fixture
def open_editor(visit, cast) -> OpenEditor:
    """Alice's browser without JavaScript, at an address."""

    async def open_editor(path: str) -> Page:
        page = await visit(cast.alice, java_script_enabled=False)
        await page.goto(path)
        return page

    return open_editor


async def test_a_post_is_written_and_published(open_editor, visit):
    page = await open_editor("/manage/posts/new")
    await page.fill("#name", "Plain 茶")
    await page.fill("#content", "\nSome *tea*\n\nand a line")
    await page.fill("#tags", "Tea，茶")
    await page.select_option("#status", "published")
    await page.get_by_role("button", name="Save").click()

    await expect(page.get_by_role("status")).to_have_text("Saved.")
    await expect(page.locator("#content")).to_have_value("\nSome *tea*\n\nand a line")
    await expect(page.locator("#tags")).to_have_value("Tea, 茶")
    visitor = await visit()
    await visitor.goto("/post/plain-茶")
    await expect(visitor.locator(".prose em")).to_have_text("tea")


async def test_what_is_wrong_stands_beside_its_field(open_editor):
    page = await open_editor("/manage/posts/new")
    await page.fill("#name", "Plain")
    await page.fill("#content", "kept")
    await page.fill("#slug", "Not a Slug!")
    await page.select_option("#status", "scheduled")
    await page.get_by_role("button", name="Save").click()

    await expect(page.locator("#slug-error")).to_be_visible()
    await expect(page.locator("#slug")).to_have_value("Not a Slug!")
    await expect(page.locator("#status")).to_have_value("scheduled")
    await expect(page.locator("#content")).to_have_value("kept")


async def test_a_stale_text_is_not_stored_and_both_are_shown(open_editor, client, post):
    first, second = [await open_editor(f"/manage/posts/{post.id}") for _ in range(2)]
    await first.fill("#content", "first tab")
    await first.get_by_role("button", name="Save").click()
    await expect(first.get_by_role("status")).to_have_text("Saved.")

    await second.fill("#content", "second tab")
    await second.get_by_role("button", name="Save").click()

    await expect(second.get_by_role("alert")).to_contain_text("Somebody else has saved this post")
    await expect(second.locator("#content")).to_have_value("second tab")
    await expect(second.get_by_label("The stored text")).to_have_value("first tab")
    assert (await client.get(f"/api/posts/{post.id}")).json["content"] == "first tab"

    await second.get_by_role("button", name="Save").click()

    await expect(second.get_by_role("status")).to_have_text("Saved.")
    assert (await client.get(f"/api/posts/{post.id}")).json["content"] == "second tab"


async def test_the_text_is_there_when_one_comes_back_signed_in(open_editor, cast):
    page = await open_editor("/manage/posts/new")
    await page.fill("#name", "Precious")
    await page.fill("#content", "typed before")
    cookies = await page.context.cookies()
    await page.context.clear_cookies()

    await page.get_by_role("button", name="Save").click()
    await expect(page.locator("h1")).to_have_text("Unauthorized")
    await page.context.add_cookies(cookies)
    await page.go_back()

    await expect(page.locator("#content")).to_have_value("typed before")
