"""/register, /signin and /signout"""

from playwright.async_api import Page, expect

from tests.conftest import PASSWORD


async def test_somebody_new_registers(visit, database):
    page = await visit()
    await page.goto("/")

    await page.click("text=Register")
    await page.fill("#name", "Dörte 茶")
    await page.fill("#email", "doerte@blog.test")
    await page.fill("#password", PASSWORD)
    await page.click("main button")

    await expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    await page.click("text=Account")
    await expect(page.locator(".facts")).to_contain_text("Dörte 茶")
    await expect(page.locator(".facts")).to_contain_text("Reader")


async def test_who_registers_with_a_taken_address_keeps_what_was_typed(visit, cast):
    page = await visit()
    await page.goto("/register")

    await page.fill("#name", "Somebody")
    await page.fill("#email", cast.alice.email)
    await page.fill("#password", PASSWORD)
    await page.click("main button")

    await expect(page.locator("#email")).to_have_attribute("aria-invalid", "true")
    await expect(page.locator("#email-error")).to_be_visible()
    await expect(page.locator("#name")).to_have_value("Somebody")
    await expect(page.locator("#password")).to_have_value("")


async def test_one_signs_in_where_one_was_and_out_again(visit, cast, post):
    page = await visit()
    await page.goto(f"/post/{post.slug}")
    await page.click("text=Sign in to comment")

    await _sign_in(page, cast.carol.email, "wrong horse battery")
    await expect(page.get_by_role("alert")).to_be_visible()
    await expect(page.locator("#email")).to_have_value(cast.carol.email)
    await _sign_in(page, cast.carol.email, PASSWORD)

    await page.wait_for_url(f"**/post/{post.slug}")
    await expect(page.get_by_label("Your comment")).to_be_visible()

    await page.get_by_role("button", name="Sign out").click()

    await expect(page.get_by_role("link", name="Register")).to_be_visible()
    await page.goto("/account")
    await expect(page).to_have_url("/signin?next=%2Faccount")


async def test_a_changed_password_ends_the_other_sessions(visit, cast):
    here, there = await visit(cast.carol), await visit(cast.carol)
    await here.goto("/account")

    await here.fill("#current", PASSWORD)
    await here.fill("#new", "another horse battery")
    await here.get_by_role("button", name="Change the password").click()

    await expect(here.get_by_role("status")).to_contain_text("changed")
    await expect(here.get_by_role("button", name="Sign out")).to_be_visible()
    await there.goto("/account")
    await expect(there.locator("h1")).to_have_text("Sign in")


async def test_an_administrator_makes_an_author(visit, cast):
    ada, carol = await visit(cast.ada), await visit(cast.carol)
    await ada.goto("/manage/users")

    row = ada.locator(".rows li", has_text="Carol")
    await row.get_by_label("Role of Carol").select_option("author")
    await row.get_by_role("button").click()

    await expect(ada.get_by_label("Role of Carol")).to_have_value("author")
    await carol.goto("/manage/posts/new")
    await expect(carol.locator("#content")).to_be_editable()


async def _sign_in(page: Page, email: str, password: str) -> None:
    await page.fill("#email", email)
    await page.fill("#password", password)
    await page.get_by_role("button", name="Sign in").click()
