"""Take the README's pictures from a running blog: `python docs/screenshots.py http://127.0.0.1:8080 [/post/SLUG]`.

The administrator signs in with INKSTONE_ADMIN_EMAIL and INKSTONE_ADMIN_PASSWORD. Without an address of a post it is the
first one on the home page.
"""

import os
import sys
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page, sync_playwright

IMAGES = Path(__file__).parent / "images"
DESK = (1280, 800)
PHONE = (390, 844)
CHROMIUM = "/usr/bin/chromium"
SWITCHES = [
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# Pictures must not depend on other people's servers.
ONLY = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE {host}"


def main(blog: str, post: str | None = None) -> None:
    """Write every picture into docs/images."""
    IMAGES.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        only = ONLY.format(host=urlsplit(blog).hostname)
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*SWITCHES, only])
        post = _readers_pages(browser, blog, post)
        _editor(browser, blog, post)
        browser.close()


def _readers_pages(browser: Browser, blog: str, post: str | None) -> str:
    """The home page and a post, whose address is returned."""
    page = _page(browser, blog, DESK)
    page.goto("/")
    _save(page, "home")
    post = post or page.locator(".teaser h2 a").first.get_attribute("href") or "/"
    page.goto(post)
    _save(page, "post")
    for scheme, name in (("light", "phone"), ("dark", "phone-dark")):
        page = _page(browser, blog, PHONE, scheme)
        page.goto(post)
        _save(page, name)
    return post


def _editor(browser: Browser, blog: str, post: str) -> None:
    page = _page(browser, blog, DESK)
    page.goto("/signin")
    page.fill("#email", os.environ["INKSTONE_ADMIN_EMAIL"])
    page.fill("#password", os.environ["INKSTONE_ADMIN_PASSWORD"])
    page.click("main button")
    page.goto(post)
    page.click("article header a[href^='/manage/posts/']")
    page.wait_for_function("window.vm")
    _save(page, "editor")


def _page(browser: Browser, blog: str, size: tuple[int, int], scheme: str = "light") -> Page:
    width, height = size
    context = browser.new_context(
        base_url=blog,
        viewport={"width": width, "height": height},
        color_scheme="dark" if scheme == "dark" else "light",
    )
    return context.new_page()


def _save(page: Page, name: str) -> None:
    page.wait_for_load_state("networkidle")
    page.screenshot(path=IMAGES / f"{name}.png")


if __name__ == "__main__":
    main(*sys.argv[1:])
