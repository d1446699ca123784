"""What holds for every page: it fits a phone and a desk, in both colour schemes, and the keyboard reaches all of it"""

from dataclasses import dataclass

import pytest
from playwright.async_api import Page, expect

from inkstone.domain.comments import Moderation
from inkstone.domain.markdown import render_comment
from inkstone.storage import comments

LONG = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"
CONTENT = f"""
{LONG} https://example.org/{"a/very/long/address/" * 10}

## {LONG}

| {" | ".join(f"column {number}" for number in range(20))} |
|{" --- |" * 20}
| {" | ".join(f"{number}" * 12 for number in range(20))} |

```python
{" + ".join(f"a_long_name_{number}" for number in range(40))}
```

`{"inline_code_without_a_space_" * 8}`

{"没有空格的中文" * 40}

- [x] done
  - nested
    - deeper
      - {LONG}

> > > > {LONG}

A note.[^1]

[^1]: {LONG}
"""
POST = {"name": LONG * 2, "slug": "long", "summary": LONG, "content": CONTENT, "tags": [LONG[:50], "茶", "C++", "Tea"]}

ROUTES = [
    (None, "/"),
    (None, "/post/long"),
    (None, "/tag/tea"),
    (None, "/archive"),
    (None, "/archive/2024-02"),
    (None, "/author/Alice"),
    (None, "/search"),
    (None, "/search?q=donau*"),
    (None, f"/search?q={LONG}"),
    (None, "/register"),
    (None, "/signin"),
    (None, "/nothing/here"),
    (None, "/api/docs"),
    ("carol", "/post/long"),
    ("carol", "/account"),
    ("carol", "/manage/posts"),
    ("alice", "/post/long"),
    ("alice", "/manage/posts"),
    ("alice", "/manage/posts/new"),
    ("alice", "/manage/posts/{id}"),
    ("alice", "/manage/comments?status=approved"),
    ("ada", "/manage/users"),
]
REFUSED = {"/nothing/here": 404, "/manage/posts carol": 403}
LOOKS = [("light", 1440), ("dark", 360)]


@dataclass(frozen=True)
class Place:
    user: object
    path: str
    status: int


@pytest.fixture(params=ROUTES, ids=lambda route: f"{route[1][1:] or 'home'}-{route[0] or 'visitor'}")
async def place(request, database, cast, write) -> Place:
    """One of the pages, with content that is hard to show."""
    post = await write(cast.alice, published_at="2024-02-29T12:00:00Z", **POST)
    async with database.transaction() as db:
        comment = await comments.insert(db, post, cast.alice, CONTENT, render_comment(CONTENT))
        await comments.update_status(db, comment, Moderation.parse({"status": "approved"}).status)
    name, path = request.param
    status = REFUSED.get(path) or REFUSED.get(f"{path} {name}", 200)
    return Place(getattr(cast, name) if name else None, path.format(id=post.id), status)


async def test_a_page_fits(visit, place: Place):
    page = await visit(place.user)

    answer = await page.goto(place.path)

    assert answer.status == place.status
    await expect(page.locator("h1")).to_have_count(1)
    await page.evaluate("document.querySelectorAll('details').forEach((e) => { e.open = true; })")
    for scheme, width in LOOKS:
        await page.emulate_media(color_scheme=scheme)
        await page.set_viewport_size({"width": width, "height": 800})
        assert await _too_wide(page) == "", f"{width} px, {scheme}"
    assert await _without_a_name(page) == []


async def _too_wide(page: Page) -> str:
    """What makes a page scroll sideways; nothing where it doesn't."""
    return await page.evaluate(  # type: ignore[no-any-return]
        """() => {
            const root = document.documentElement;
            if (root.scrollWidth <= root.clientWidth) return "";
            const scrolls = (e) => e && (getComputedStyle(e).overflowX !== "visible" || scrolls(e.parentElement));
            const wide = [...document.body.querySelectorAll("*")]
                .filter((e) => e.getBoundingClientRect().right > root.clientWidth && !scrolls(e.parentElement));
            return `${root.scrollWidth} px: ` + wide.map((e) => e.outerHTML.slice(0, 60)).join(" | ");
        }"""
    )


async def _without_a_name(page: Page) -> list[str]:
    """Fields, links and buttons of which a screen reader couldn't say what they are."""
    return await page.evaluate(  # type: ignore[no-any-return]
        """() => [...document.querySelectorAll("a[href], button, input, select, textarea, summary")]
            .filter((e) => e.type !== "hidden" && !e.disabled)
            .filter((e) => !e.textContent.trim() && !e.ariaLabel && !e.labels?.length)
            .map((e) => e.outerHTML.slice(0, 100))"""
    )
