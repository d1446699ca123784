"""Reading, from the home page on"""

from playwright.async_api import expect

from tests.browser.conftest import reload_until_shown

CHINESE = {"name": "春茶", "content": "清明前后，我们去山里采茶。", "tags": ["茶", "Tea"]}


async def test_from_the_home_page_to_everything(visit, cast, write):
    for number in range(25):
        await write(cast.alice, name=f"Number {number}", content="Filler.")
    await write(cast.alice, **CHINESE)
    page = await visit()

    await page.goto("/")
    await page.click("text=春茶")
    await expect(page.locator("h1")).to_have_text("春茶")
    await expect(page.locator(".prose")).to_contain_text("去山里采茶")

    await page.click(".tags >> text=Tea")
    await expect(page.locator("h1")).to_have_text("Tea")
    await expect(page.locator(".teaser")).to_have_count(1)

    await page.click("nav >> text=Archive")
    await page.click(".year a")
    await expect(page.locator(".teaser").first).to_contain_text("春茶")

    await page.click("a[rel=author] >> nth=0")
    await expect(page.locator("h1")).to_have_text("Alice")


async def test_older_posts_follow_until_the_first(visit, cast, write):
    for number in range(25):
        await write(cast.alice, name=f"Number {number}")
    page = await visit()
    await page.goto("/")

    seen = await page.locator(".teaser h2").all_inner_texts()
    while await page.locator("a[rel=next]").count():
        await page.click("a[rel=next]")
        await page.wait_for_load_state()
        seen += await page.locator(".teaser h2").all_inner_texts()

    assert seen == [f"Number {number}" for number in reversed(range(25))]


async def test_search_finds_chinese_and_marks_it(visit, cast, write):
    await write(cast.alice, name="Coffee")
    await write(cast.alice, **CHINESE)
    page = await visit()
    await page.goto("/")

    await page.click("nav >> text=Search")
    await page.fill("#q", "采茶")
    await page.keyboard.press("Enter")

    await expect(page.locator(".teaser h2")).to_have_text(["春茶"])
    await expect(page.locator(".teaser mark").first).to_have_text("采茶")
    await expect(page.locator("#q")).to_have_value("采茶")


async def test_a_heading_has_a_link_of_its_own(visit, cast, write):
    post = await write(cast.alice, content="Filler.\n\n" * 60 + "## Far below\n\n" + "Filler.\n\n" * 60)
    page = await visit()

    await page.goto(f"/post/{post.slug}#far-below")

    await expect(page.get_by_role("heading", name="Far below")).to_be_in_viewport()


async def test_a_visitor_sees_a_change_without_signing_in(visit, cast, post, write):
    page = await visit()
    await page.goto("/")
    await expect(page.locator(".teaser")).to_have_count(1)

    await write(cast.alice, name="Brand new")

    await reload_until_shown(page, "text=Brand new")


async def test_the_api_is_explained(visit):
    page = await visit()
    await page.goto("/api/docs")

    await page.click(".contents a:has-text('PUT /api/posts/{id}')")

    await expect(page.locator(":target")).to_be_in_viewport()
    await expect(page.locator(":target")).to_contain_text("If-Match")
