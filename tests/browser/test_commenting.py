"""Comments on /post/{slug}, and /manage/comments"""

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import reload_until_shown


async def test_a_comment_is_held_until_the_author_approves_it(visit, cast, post):
    carol, alice, visitor = await visit(cast.carol), await visit(cast.alice), await visit()
    await _comment(carol, "A *good* point & a <b>question</b>")
    await expect(carol.get_by_role("status")).to_contain_text("approved")
    await expect(carol.locator(".comment")).to_have_count(0)
    await visitor.goto("/post/hello")
    await expect(visitor.locator(".comment")).to_have_count(0)

    await alice.goto("/manage/comments")
    await expect(alice.locator(".comment")).to_contain_text("A good point & a <b>question</b>")
    await _moderate(alice, "Approve")

    await alice.goto("/post/hello")
    await expect(alice.locator(".comment em")).to_have_text("good")
    await reload_until_shown(visitor, ".comment")
    await expect(visitor.locator("#comments h2")).to_have_text("1 comment")


async def test_spam_is_not_shown(visit, cast, post):
    carol, alice = await visit(cast.carol), await visit(cast.alice)
    await _comment(carol, "Buy tea")

    await _moderate(alice, "Spam")

    await alice.goto("/manage/comments?status=spam")
    await expect(alice.locator(".comment")).to_contain_text("Buy tea")
    await alice.goto("/post/hello")
    await expect(alice.locator(".comment")).to_have_count(0)


@pytest.mark.parametrize("java_script_enabled", [True, False])
@pytest.mark.parametrize("who", ["carol", "alice"])
async def test_a_comment_is_deleted_by_its_author_or_the_posts(visit, cast, post, who, java_script_enabled):
    carol, alice = await visit(cast.carol), await visit(cast.alice)
    await _comment(carol, "Hm.")
    await _moderate(alice, "Approve")
    page = await visit(getattr(cast, who), java_script_enabled=java_script_enabled)

    await page.goto("/post/hello")
    await page.locator(".comment summary").click()
    await page.locator(".comment").get_by_role("button", name="Delete").click()

    await expect(page.locator(".comment")).to_have_count(0)
    await page.goto("/post/hello")
    await expect(page.locator("#comments h2")).to_have_text("Comments")


async def test_others_are_not_offered_to_delete_it(visit, cast, post):
    alice, bob = await visit(cast.alice), await visit(cast.bob)
    await _comment(alice, "The author's own is never held.")

    await bob.goto("/post/hello")

    await expect(bob.locator(".comment")).to_have_count(1)
    await expect(bob.locator(".comment summary")).to_have_count(0)


async def test_an_empty_comment_is_refused_beside_its_field(visit, cast, post):
    page = await visit(cast.carol, java_script_enabled=False)
    await page.goto("/post/hello")

    await page.fill("#content", "   ")
    await page.get_by_role("button", name="Send").click()

    await expect(page.locator("#content-error")).to_be_visible()


async def _comment(page: Page, text: str) -> None:
    await page.goto("/post/hello")
    await page.get_by_label("Your comment").fill(text)
    await page.get_by_role("button", name="Send").click()
    await expect(page.get_by_label("Your comment")).to_have_value("")


async def _moderate(page: Page, verdict: str) -> None:
    await page.goto("/manage/comments")
    await page.get_by_role("button", name=verdict).click()
    await expect(page.locator(".nothing")).to_be_visible()
