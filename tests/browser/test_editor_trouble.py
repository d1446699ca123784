"""/manage/posts/new and /manage/posts/{id} when saving goes wrong: nothing that was typed is lost"""

from collections.abc import AsyncIterator, Iterator

import pytest
from playwright.async_api import Page, expect

from tests import servers
from tests.browser.conftest import address_of
from tests.conftest import PASSWORD
from tests.servers import Front


@pytest.fixture
async def editor(visit, cast) -> Page:
    """Alice, who has typed something."""
    return await _begin(await visit(cast.alice))


@pytest.fixture
def own_front(blog) -> Iterator[Front]:
    """An nginx that may be stopped."""
    with servers.nginx(blog.socket) as front:
        yield front


@pytest.fixture
async def tabs(visit, cast, post) -> AsyncIterator[tuple[Page, Page]]:
    """Alice's post in two tabs: the first has saved, the second has typed."""
    first = await visit(cast.alice)
    second = await first.context.new_page()
    for tab, text in ((first, "first"), (second, "second")):
        await tab.goto(f"/manage/posts/{post.id}")
        await tab.fill("#content", f"{text} tab")
    await _save(first, "Saved.")
    yield first, second


async def test_a_stale_text_is_not_stored_and_both_are_shown(tabs, client, post):
    _, second = tabs

    await _save(second, "Somebody else has saved this post")

    await expect(second.locator("#content")).to_have_value("second tab")
    await expect(second.get_by_label("The stored text")).to_have_value("first tab")
    assert (await client.get(f"/api/posts/{post.id}")).json["content"] == "first tab"


async def test_mine_replaces_theirs_when_i_say_so(tabs, client, post):
    _, second = tabs
    await _save(second, "Somebody else has saved this post")

    await second.get_by_role("button", name="Replace theirs with mine").click()

    await expect(second.locator(".state")).to_have_text("Saved.")
    await expect(second.locator(".theirs")).to_have_count(0)
    assert (await client.get(f"/api/posts/{post.id}")).json["content"] == "second tab"


async def test_theirs_replaces_mine_which_stays_in_sight(tabs, client, post):
    _, second = tabs
    await _save(second, "Somebody else has saved this post")

    await second.get_by_role("button", name="Take theirs").click()

    await expect(second.locator("#content")).to_have_value("first tab")
    await expect(second.get_by_label("Your text from before")).to_have_value("second tab")
    await second.fill("#content", "both tabs")
    await _save(second, "Saved.")
    assert (await client.get(f"/api/posts/{post.id}")).json["content"] == "both tabs"


async def test_nobody_answers_for_a_while(visit, cast, client, own_front):
    page = await _begin(await visit(cast.alice, origin=address_of(own_front)))

    own_front.stop()
    await _save(page, "The blog can’t be reached.")
    await page.fill("#content", "typed meanwhile")
    own_front.start()
    await _save(page, "Saved.")

    assert await _stored(client, cast, page) == ["typed meanwhile"]


async def test_the_application_is_away_for_a_while(visit, cast, client, database_url, own_front):
    with servers.gunicorn(database_url) as web:
        own_front.lead_to(web.wait().socket)
        page = await _begin(await visit(cast.alice, origin=address_of(own_front)))

    await _save(page, "The blog is busy.")
    await page.fill("#content", "typed meanwhile")
    with servers.gunicorn(database_url) as web:
        own_front.lead_to(web.wait().socket)
        await _save(page, "Saved.")
        await page.reload()
        await expect(page.locator("#content")).to_have_value("typed meanwhile")

    assert await _stored(client, cast, page) == ["typed meanwhile"]


async def test_an_answer_that_is_lost_creates_nothing_twice(editor: Page, client, cast):
    await editor.evaluate(
        """() => {
            const send = window.fetch;
            window.fetch = async (...call) => {
                await send(...call);
                window.fetch = send;
                throw new TypeError("The answer got lost.");
            };
        }"""
    )

    await _save(editor, "The blog can’t be reached.")
    await editor.fill("#content", "typed meanwhile")
    await _save(editor, "Saved.")

    assert await _stored(client, cast, editor) == ["typed meanwhile"]


async def test_two_clicks_save_once(editor: Page, client, cast):
    await editor.evaluate("Promise.all([vm.submit(), vm.submit(), vm.submit()])")

    assert await _stored(client, cast, editor) == ["typed before"]
    assert await editor.evaluate("vm.version") == 1


async def test_the_session_ends_while_writing(editor: Page, client, cast):
    await editor.context.clear_cookies()
    await _save(editor, "You are signed out.")
    await expect(editor.locator("#content")).to_have_value("typed before")

    other_tab = await editor.context.new_page()
    await other_tab.goto("/signin")
    await other_tab.fill("#email", cast.alice.email)
    await other_tab.fill("#password", PASSWORD)
    await other_tab.get_by_role("button", name="Sign in").click()
    await expect(other_tab.get_by_role("button", name="Sign out")).to_be_visible()
    await _save(editor, "Saved.")

    assert await _stored(client, cast, editor) == ["typed before"]


async def test_the_post_is_deleted_while_writing(visit, cast, client, post):
    page = await visit(cast.alice)
    await page.goto(f"/manage/posts/{post.id}")
    await page.fill("#content", "typed before")

    await client.sign_in(cast.alice).delete(f"/api/posts/{post.id}")
    await _save(page, "This post no longer exists.")

    await expect(page.locator("#content")).to_have_value("typed before")


async def _begin(page: Page) -> Page:
    await page.goto("/manage/posts/new")
    await page.fill("#name", "Precious")
    await page.fill("#content", "typed before")
    return page


async def _save(page: Page, message: str) -> None:
    await page.get_by_role("button", name="Save").click()
    await expect(page.locator(".state")).to_contain_text(message)


async def _stored(client, cast, page: Page) -> list[str]:
    """The texts of all posts; the page stands on the last."""
    drafts = (await client.sign_in(cast.alice).get("/api/posts?status=draft")).json["items"]
    assert [draft["id"] for draft in drafts] == [await page.evaluate("vm.id")]
    return [draft["content"] for draft in drafts]
