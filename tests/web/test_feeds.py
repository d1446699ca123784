"""GET /feed.atom, /feed.rss, /feed.json, /sitemap.xml, /sitemap/{month}.xml and /robots.txt"""

import email.utils
import re
from datetime import datetime
from urllib.parse import quote
from xml.etree import ElementTree

import pytest

from tests.conftest import Browser

ATOM, SITEMAP = "{http://www.w3.org/2005/Atom}", "{http://www.sitemaps.org/schemas/sitemap/0.9}"
RFC_3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
NASTY = "a\x01b\x0b\x1f\ufffe ]]> & <b> 茶 🍵"
TIME = "2026-01-02T03:04:05Z"
HIDDEN = [{"status": "draft"}, {"status": "scheduled", "published_at": "2999-01-01T00:00:00Z"}]


async def xml(client: Browser, address: str, content_type: str) -> ElementTree.Element:
    reply = await client.get(address)
    assert reply.status == 200
    assert reply.headers["Content-Type"] == f"{content_type}; charset=utf-8"
    return ElementTree.fromstring(reply.body)  # noqa: S314 - our own


def texts(root: ElementTree.Element, path: str) -> list[str]:
    return [element.text or "" for element in root.findall(path)]


async def test_atom(client: Browser, cast, write):
    post = await write(
        cast.alice, name=NASTY, summary=NASTY, content=f"Some *tea*. [Home](/)\n\n{NASTY}", tags=["Tea & co"],
        published_at=TIME,
    )  # fmt: skip

    feed = await xml(client, "/feed.atom", "application/atom+xml")

    assert texts(feed, f"{ATOM}entry/{ATOM}title") == ["ab ]]> & <b> 茶 🍵"]
    assert texts(feed, f"{ATOM}entry/{ATOM}published") == ["2026-01-02T03:04:05Z"]
    assert "<em>tea</em>" in texts(feed, f"{ATOM}entry/{ATOM}content")[0]
    assert texts(feed, f"{ATOM}entry/{ATOM}id")[0].replace("-", "") == f"urn:uuid:{post.id}"
    assert [e.get("href") for e in feed.findall(f"{ATOM}entry/{ATOM}link")] == [
        f"http://blog.test/post/{quote(post.slug)}"
    ]
    times = [e.text for e in feed.iter() if e.tag in {f"{ATOM}updated", f"{ATOM}published"}]
    assert len(times) == 3
    assert all(RFC_3339.fullmatch(time) for time in times)


async def test_rss(client: Browser, cast, write):
    await write(cast.alice, name=NASTY, content=f"Some *tea*. [Home](/)\n\n{NASTY}", published_at=TIME)

    channel = (await xml(client, "/feed.rss", "application/rss+xml")).find("channel")

    assert texts(channel, "item/title") == ["ab ]]> & <b> 茶 🍵"]
    assert texts(channel, "item/pubDate") == ["Fri, 02 Jan 2026 03:04:05 +0000"]
    assert email.utils.parsedate_to_datetime(channel.findtext("lastBuildDate"))
    (content,) = texts(channel, "item/{http://purl.org/rss/1.0/modules/content/}encoded")
    assert "<em>tea</em>" in content
    assert 'href="http://blog.test/"' in content


async def test_json(client: Browser, cast, write):
    post = await write(cast.alice, name=NASTY, content="Some *tea*. [Home](/)", tags=["Tea"])

    reply = await client.get("/feed.json")

    assert reply.headers["Content-Type"] == "application/feed+json; charset=utf-8"
    (item,) = reply.json["items"]
    assert item["title"] == NASTY
    assert item["id"].replace("-", "") == f"urn:uuid:{post.id}"
    assert item["url"] == f"http://blog.test/post/{quote(post.slug)}"
    assert 'href="http://blog.test/"' in item["content_html"]
    assert RFC_3339.fullmatch(item["date_published"])
    assert datetime.fromisoformat(item["date_modified"]) == post.updated_at


async def test_all_feeds_call_a_post_the_same(client: Browser, cast, post):
    atom = await xml(client, "/feed.atom", "application/atom+xml")
    feed = (await client.get("/feed.json")).json

    assert texts(atom, f"{ATOM}entry/{ATOM}id") == [feed["items"][0]["id"]]


@pytest.mark.parametrize("address", ["/feed.atom", "/feed.rss", "/feed.json"])
async def test_a_feed_has_the_newest_twenty(client: Browser, cast, write, address):
    for number in range(22):
        await write(cast.alice, name=f"Number {number:02}.")
    for hidden in HIDDEN:
        await write(cast.alice, name="Secret", **hidden)

    text = (await client.get(address)).text

    assert re.findall(r"Number (\d\d)\.", text)[:1] == ["21"]
    assert len(set(re.findall(r"Number (\d\d)\.", text))) == 20
    assert "Secret" not in text


@pytest.mark.parametrize("address", ["/feed.atom", "/feed.rss", "/sitemap.xml", "/sitemap/2026-01.xml"])
async def test_an_empty_blogs_feeds_are_well_formed(client: Browser, address):
    reply = await client.get(address)

    assert reply.status == 200
    ElementTree.fromstring(reply.body)  # noqa: S314 - our own


async def test_the_sitemap_leads_to_every_post(client: Browser, cast, write):
    for number, time in enumerate(("2025-12-31T23:59:59Z", "2026-01-01T00:00:00Z", "2026-01-31T00:00:00Z")):
        await write(cast.alice, name=f"{number} & 茶", published_at=time)
    for hidden in HIDDEN:
        await write(cast.alice, name="Secret", **hidden)

    index = await xml(client, "/sitemap.xml", "application/xml")
    months = texts(index, f"{SITEMAP}sitemap/{SITEMAP}loc")
    found = []
    for month in months:
        urls = await xml(client, month.removeprefix("http://blog.test"), "application/xml")
        found += texts(urls, f"{SITEMAP}url/{SITEMAP}loc")
        assert all(RFC_3339.fullmatch(time) for time in texts(urls, f"{SITEMAP}url/{SITEMAP}lastmod"))

    assert months == ["http://blog.test/sitemap/2026-01.xml", "http://blog.test/sitemap/2025-12.xml"]
    assert found == [f"http://blog.test/post/{number}-%E8%8C%B6" for number in (2, 1, 0)]


@pytest.mark.parametrize("month", ["2026-13", "x", "2026"])
async def test_a_month_that_is_none_is_not_found(client: Browser, month):
    assert (await client.get(f"/sitemap/{month}.xml")).status == 404


async def test_robots_are_told_where_not_to_go(client: Browser):
    reply = await client.get("/robots.txt")

    assert reply.headers["Content-Type"] == "text/plain; charset=utf-8"
    lines = reply.text.splitlines()
    assert lines[0] == "User-agent: *"
    assert {"Disallow: /manage/", "Disallow: /api/", "Disallow: /search"} <= set(lines)
    assert lines[-1] == "Sitemap: http://blog.test/sitemap.xml"
