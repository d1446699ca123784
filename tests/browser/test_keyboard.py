"""Without a mouse"""

import pytest
from playwright.async_api import Page, expect


async def test_the_first_key_skips_to_the_content(visit, post):
    page = await visit()
    await page.goto("/")

    await page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to content")
    await expect(skip).to_be_focused()
    await expect(skip).to_be_in_viewport()
    await page.keyboard.press("Enter")
    await page.keyboard.press("Tab")

    await expect(page.get_by_role("link", name="Hello")).to_be_focused()


@pytest.mark.parametrize("path", ["/", "/post/hello", "/signin", "/manage/posts", "/manage/posts/new"])
async def test_one_sees_where_one_is(visit, cast, post, path):
    page = await visit(cast.alice)
    await page.goto(path)

    stops = await _stops(page)

    assert len(stops) >= 8
    assert [stop["what"] for stop in stops if not stop["outlined"]] == []


async def test_a_post_is_written_with_the_keyboard_alone(visit, cast):
    page = await visit(cast.alice)
    await page.goto("/manage/posts/new")
    await page.focus("#name")

    await page.keyboard.type("Keys")
    await page.keyboard.press("Tab")
    await page.keyboard.type("On keys")
    await page.keyboard.press("Tab")
    await page.keyboard.type("Click, clack.")
    await page.keyboard.press("Control+s")

    await expect(page.locator(".state")).to_have_text("Saved.")
    await page.reload()
    await expect(page.locator("#content")).to_have_value("Click, clack.")


async def _stops(page: Page) -> list[dict[str, object]]:
    """Where the Tab key stops, from the top of the page until it leaves it."""
    stops: list[dict[str, object]] = []
    while True:
        await page.keyboard.press("Tab")
        stop = await page.evaluate(
            """(count) => {
                const at = document.activeElement;
                if (at === document.body || at.stops !== undefined) return null;
                at.stops = count;
                const style = getComputedStyle(at);
                const outlined = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
                return { what: at.outerHTML.slice(0, 100), outlined };
            }""",
            len(stops),
        )
        if stop is None:
            return stops
        stops.append(stop)
