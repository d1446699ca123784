"""GET and POST /manage/posts/new, /manage/posts/{id} and POST /manage/posts/{id}/delete, without JavaScript"""

from datetime import UTC, datetime

import pytest

from inkstone.storage import posts
from tests.conftest import Browser
from tests.web.forms import fields

NEW = "/manage/posts/new"
FORM = {
    "name": "Tea", "summary": "On tea", "content": "# Leaves\n\nSome *tea* 茶 🍵 </textarea>", "tags": "Tea, 茶",
    "status": "published", "published_at": "", "slug": "", "version": "",
}  # fmt: skip


async def stored(database, post_id: str) -> posts.Post:
    async with database.connection() as db:
        return await posts.get(db, post_id)


async def saved(database, reply) -> posts.Post:
    """The post that the answer leads to."""
    assert reply.status == 303, reply.text
    address, _, query = reply.headers["Location"].partition("?")
    assert query == "saved=1"
    return await stored(database, address.rpartition("/")[2])


def shown(page: str) -> dict[str, str]:
    return {name: value for name, value in fields(page).items() if name in FORM}


async def test_a_post_is_written(client: Browser, cast, database):
    client.sign_in(cast.alice)
    empty = shown((await client.get(NEW)).text)
    assert empty == {**dict.fromkeys(FORM, ""), "status": "draft"}

    post = await saved(database, await client.post(NEW, data=FORM))

    assert (post.name, post.summary, post.content, post.tags) == ("Tea", "On tea", FORM["content"], ("Tea", "茶"))
    assert post.author_id == cast.alice.id
    assert "<em>tea</em>" in (await client.get("/post/tea")).text


async def test_a_post_is_changed_as_the_form_came(client: Browser, cast, database, write):
    content = "\n\nA text that starts with empty lines, has </textarea> in it\n\nand ends with one.\n"
    post = await write(cast.alice, content=content, tags=["a", "b"], published_at="2026-01-02T03:04:05.678Z")
    client.sign_in(cast.alice)
    form = shown((await client.get(f"/manage/posts/{post.id}")).text)

    changed = await saved(database, await client.post(f"/manage/posts/{post.id}", data={**form, "name": "Changed"}))

    assert changed.name == "Changed"
    assert (changed.content, changed.tags, changed.slug) == (content, post.tags, post.slug)
    assert changed.published_at == post.published_at  # with its seconds, which the form doesn't show
    assert changed.version == 2
    assert "Saved." in (await client.get(f"/manage/posts/{post.id}?saved=1")).text


async def test_a_browsers_line_ends_are_not_kept(client: Browser, cast, database):
    client.sign_in(cast.alice)

    form = {**FORM, "content": "one\r\ntwo\r\n\r\n", "summary": "a\r\nb"}
    post = await saved(database, await client.post(NEW, data=form))

    assert post.content == "one\ntwo\n\n"
    assert post.summary == "a\nb"


async def test_a_time_is_in_utc(client: Browser, cast, database):
    client.sign_in(cast.alice)

    form = {**FORM, "status": "scheduled", "published_at": "2999-12-31T23:45"}
    post = await saved(database, await client.post(NEW, data=form))

    assert post.published_at == datetime(2999, 12, 31, 23, 45, tzinfo=UTC)
    form = shown((await client.get(f"/manage/posts/{post.id}")).text)
    assert (form["status"], form["published_at"]) == ("scheduled", "2999-12-31T23:45")


@pytest.mark.parametrize(
    ("tags", "kept"),
    [("Tea, Coffee", ("Tea", "Coffee")), ("茶，咖啡,  milk ", ("茶", "咖啡", "milk")), (" , ，", ()), ("", ())],
)
async def test_tags_stand_between_commas(client: Browser, cast, database, tags, kept):
    client.sign_in(cast.alice)

    assert (await saved(database, await client.post(NEW, data={**FORM, "tags": tags}))).tags == kept


@pytest.mark.parametrize(
    ("field", "value", "wrong"),
    [
        ("name", "", "name"),
        ("name", " ", "name"),
        ("name", "x" * 201, "name"),
        ("summary", "x" * 1001, "summary"),
        ("content", "nul \0", "content"),
        ("status", "gone", "status"),
        ("status", "scheduled", "published_at"),
        ("published_at", "tomorrow", "published_at"),
        ("published_at", "0001-01-01T00:00", "published_at"),
        ("slug", "Not A Slug", "slug"),
        ("slug", "hello", "slug"),
    ],
)
@pytest.mark.parametrize("new", [True, False])
async def test_what_is_refused_stays_in_the_form(client: Browser, cast, post, write, field, value, wrong, new):
    other = await write(cast.alice, name="Other")
    client.sign_in(cast.alice)
    sent = {**FORM, "version": "" if new else "1", field: value}

    reply = await client.post(NEW if new else f"/manage/posts/{other.id}", data=sent)

    assert reply.status == 422
    assert f'id="{wrong}-error"' in reply.text
    kept = shown(reply.text)
    for name in FORM.keys() - {"status", "published_at"}:
        assert kept[name] == sent[name], name


async def test_a_bad_tag_is_said(client: Browser, cast):
    client.sign_in(cast.alice)

    reply = await client.post(NEW, data={**FORM, "tags": "fine, ?!"})

    assert reply.status == 422
    assert "A tag needs a letter or a digit." in reply.text
    assert shown(reply.text)["tags"] == "fine, ?!"


async def test_a_stale_change_shows_both_texts(browsers, cast, post, database):
    alice, ada = browsers().sign_in(cast.alice), browsers().sign_in(cast.ada)
    address = f"/manage/posts/{post.id}"
    form = shown((await alice.get(address)).text)
    await saved(database, await ada.post(address, data={**form, "content": "Ada's <text>"}))

    reply = await alice.post(address, data={**form, "content": "Alice's text", "tags": "hers"})

    assert reply.status == 412
    assert "Ada&#39;s &lt;text&gt;" in reply.text
    mine = shown(reply.text)
    assert (mine["content"], mine["tags"]) == ("Alice's text", "hers")
    assert (await stored(database, post.id)).content == "Ada's <text>"
    changed = await saved(database, await alice.post(address, data=mine))
    assert changed.content == "Alice's text"
    assert changed.version == 3


@pytest.mark.parametrize("version", ["", "x", "-1", "1.0", "9" * 30])
async def test_a_form_without_its_version_changes_nothing(client: Browser, cast, post, database, version):
    client.sign_in(cast.alice)

    reply = await client.post(f"/manage/posts/{post.id}", data={**FORM, "version": version})

    assert 400 <= reply.status < 500
    assert (await stored(database, post.id)).version == 1


async def test_a_post_is_deleted(client: Browser, cast, post, database):
    client.sign_in(cast.alice)

    reply = await client.post(f"/manage/posts/{post.id}/delete")

    assert (reply.status, reply.headers["Location"]) == (303, "/manage/posts")
    assert (await client.get("/post/hello")).status == 404
    assert (await client.get(f"/manage/posts/{post.id}")).status == 404


ADDRESSES = [("get", ""), ("post", ""), ("post", "/delete")]


@pytest.mark.parametrize(("method", "part"), ADDRESSES)
@pytest.mark.parametrize("who", [None, "bob", "carol"])
async def test_others_may_not(client: Browser, cast, post, database, method, part, who):
    if who:
        client.sign_in(getattr(cast, who))

    reply = await client.request(method, f"/manage/posts/{post.id}{part}", data=FORM)

    assert reply.status == (403 if who else 303 if method == "get" else 401)
    assert (await stored(database, post.id)).version == 1


@pytest.mark.parametrize(("method", "part"), ADDRESSES)
async def test_a_draft_of_somebody_else_is_not_even_there(client: Browser, cast, write, method, part):
    draft = await write(cast.alice, status="draft")
    client.sign_in(cast.bob)

    assert (await client.request(method, f"/manage/posts/{draft.id}{part}", data=FORM)).status == 404


@pytest.mark.parametrize(("method", "part"), ADDRESSES)
@pytest.mark.parametrize("post_id", ["0" * 32, "x", "%00", "%F0%9F%8D%B5", "%ff"])
async def test_what_is_missing_is_not_found(client: Browser, cast, method, part, post_id):
    client.sign_in(cast.ada)

    assert (await client.request(method, f"/manage/posts/{post_id}{part}", data=FORM)).status == 404


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize(("who", "get", "post"), [(None, 303, 401), ("carol", 403, 403)])
async def test_who_may_not_write(client: Browser, cast, method, who, get, post):
    if who:
        client.sign_in(getattr(cast, who))

    assert (await client.request(method, NEW, data=FORM)).status == {"get": get, "post": post}[method]
