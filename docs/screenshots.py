"""Take the documents' pictures: `make pictures`, from a blog that is made for them and removed again.

Or from one that runs: `python -m docs.screenshots http://127.0.0.1:8080 FOLDER`, where the administrator signs in with
INKSTONE_ADMIN_EMAIL and INKSTONE_ADMIN_PASSWORD, and docs/example has been imported.
"""

import os
import sys
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page, sync_playwright

from tests.native.stacks import Stack, free_port

IMAGES = Path(__file__).parent / "images"
EXAMPLE = Path(__file__).parent / "example"
POST = "/post/how-this-blog-stays-fast"
SITE_NAME = "Ink & Paper"
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


def from_a_blog_of_its_own() -> None:
    """Start a blog, fill it with the example's posts, and take every picture of it."""
    os.environ |= {"INKSTONE_SITE_NAME": SITE_NAME}
    with tempfile.TemporaryDirectory(prefix="ink-") as folder:
        stack = Stack(Path(folder, "var"), free_port())
        try:
            stack.start()
            done = stack.cli(f"import markdown '{EXAMPLE}'")
            if done.returncode != 0:
                raise RuntimeError(done.stderr)
            take(f"http://{stack.host}", IMAGES, "admin@example.org", stack.secret("admin_password"))
        finally:
            stack.end()


def take(blog: str, folder: Path, email: str, password: str) -> None:
    """Write every picture into the folder."""
    folder.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        only = ONLY.format(host=urlsplit(blog).hostname)
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*SWITCHES, only])
        _readers_pages(browser, blog, folder)
        _editor(browser, blog, folder, email, password)
        browser.close()


def _readers_pages(browser: Browser, blog: str, folder: Path) -> None:
    """The home page, and a post on a desk and on a phone."""
    page = _page(browser, blog, DESK)
    page.goto("/")
    _save(page, folder / "home.png")
    page.goto(POST)
    _save(page, folder / "post.png")
    for scheme, name in (("light", "phone"), ("dark", "phone-dark")):
        page = _page(browser, blog, PHONE, scheme)
        page.goto(POST)
        _save(page, folder / f"{name}.png")


def _editor(browser: Browser, blog: str, folder: Path, email: str, password: str) -> None:
    page = _page(browser, blog, DESK)
    page.goto("/signin")
    page.fill("#email", email)
    page.fill("#password", password)
    page.click("main button")
    page.goto(POST)
    page.click("article header a[href^='/manage/posts/']")
    page.wait_for_function("window.vm")
    _save(page, folder / "editor.png")


def _page(browser: Browser, blog: str, size: tuple[int, int], scheme: str = "light") -> Page:
    width, height = size
    context = browser.new_context(
        base_url=blog,
        viewport={"width": width, "height": height},
        color_scheme="dark" if scheme == "dark" else "light",
    )
    return context.new_page()


def _save(page: Page, path: Path) -> None:
    page.wait_for_load_state("networkidle")
    page.screenshot(path=path)


if __name__ == "__main__":
    if len(sys.argv) == 1:
        from_a_blog_of_its_own()
    else:
        blog, folder = sys.argv[1:]
        take(blog, Path(folder), os.environ["INKSTONE_ADMIN_EMAIL"], os.environ["INKSTONE_ADMIN_PASSWORD"])
