"""Posts: addresses made from names, and what may be sent."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from inkstone.domain.errors import Invalid
from inkstone.domain.posts import MAX_CONTENT, Draft, Post, slugify
from inkstone.domain.users import Role, User

NOW = datetime(2026, 5, 4, 3, 2, 1, tzinfo=UTC)
LATER = NOW + timedelta(days=1)
EARLIER = NOW - timedelta(days=1)


@given(st.text())
@example("ﬅ ΐ ŉ")
@example("\u1e9b\u0323")
@example("\N{GREEK SMALL LETTER ALPHA WITH PERISPOMENI AND YPOGEGRAMMENI}")
def test_a_slug_is_its_own_slug(name):
    slug = slugify(name)

    assert slugify(slug) == slug
    assert len(slug) <= 100


@given(st.text())
def test_a_slug_is_one_plain_part_of_a_path(name):
    slug = slugify(name)

    assert not set(slug) & set("/\\?#%&\"'<> \n\t\0")
    assert slug.strip("-._") == slug
    assert "--" not in slug
    assert slug.isprintable()


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Hello, World!", "hello-world"),
        ("  Ünïcödé  ", "ünïcödé"),
        ("蚂蚁金服的 Node.js 实践", "蚂蚁金服的-node.js-实践"),
        ("ＦＵＬＬ　ｗｉｄｔｈ", "full-width"),  # noqa: RUF001 - that's the point
        ("हिन्दी में लिखना", "हिन्दी-में-लिखना"),
        ("ภาษาไทยที่ดี", "ภาษาไทยที่ดี"),
        ("../../etc/passwd", "etc-passwd"),
        ("C++ & C#", "c-c"),
        ("🍵", ""),
        ("a" * 200, "a" * 100),
    ],
)
def test_a_slug_keeps_letters_of_every_script(name, slug):
    assert slugify(name) == slug


def errors(**fields: object) -> dict[str, str]:
    with pytest.raises(Invalid) as caught:
        Draft.parse({"name": "Tea", **fields})
    return caught.value.errors


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", " \n"),
        ("name", "x" * 201),
        ("name", "\0"),
        ("name", 5),
        ("summary", "x" * 1001),
        ("content", "x" * (MAX_CONTENT + 1)),
        ("content", "a\0b"),
        ("status", "gone"),
        ("slug", ""),
        ("slug", "Upper"),
        ("slug", "a/b"),
        ("slug", "-a"),
        ("slug", "x" * 101),
        ("published_at", "2026-05-04T03:02:01"),  # of which zone?
        ("published_at", "0999-12-31T23:59:59Z"),
        ("published_at", "0001-01-01T00:00:00+14:00"),
        ("published_at", "9999-12-31T23:59:59-01:00"),
        ("published_at", "yesterday"),
        ("tags", [f"tag {number}" for number in range(21)]),
        ("author", "bob"),
    ],
)
def test_a_draft_names_the_field_that_is_wrong(field, value):
    assert list(errors(**{field: value})) == [field]


@pytest.mark.parametrize("tag", ["", " ", "!?", "x" * 51, "\0a"])
def test_a_tag_can_be_put_into_an_address(tag):
    assert list(errors(tags=["fine", tag])) == ["tags.1"]


def test_all_that_is_wrong_is_said_at_once():
    assert errors(name="", slug="A", status="x").keys() == {"name", "slug", "status"}


def test_a_draft_keeps_what_was_written():
    content = "  \n# 茶 🍵\r\n\ttail  "

    draft = Draft.parse({"name": " Tea ", "content": content})

    assert draft.content == content
    assert draft.name == "Tea"
    assert (draft.summary, draft.tags, draft.status, draft.published_at, draft.slug) == ("", (), "draft", None, None)


def test_a_tag_that_comes_twice_counts_once():
    assert Draft.parse({"name": "Tea", "tags": ["Tea", "coffee", "tea", " TEA "]}).tags == ("Tea", "coffee")


def test_times_become_utc():
    draft = Draft.parse({"name": "Tea", "published_at": "2026-05-04T05:02:01.000001+02:00"})

    assert draft.published_at == NOW + timedelta(microseconds=1)
    assert draft.published_at.utcoffset() == timedelta(0)


def test_who_schedules_says_when():
    assert list(errors(status="scheduled")) == ["published_at"]


@pytest.mark.parametrize(
    ("status", "sent", "before", "result"),
    [
        ("draft", None, None, None),
        ("draft", LATER, NOW, None),
        ("published", None, None, NOW),
        ("published", None, EARLIER, EARLIER),
        ("published", None, LATER, NOW),
        ("published", LATER, None, LATER),
        ("scheduled", LATER, NOW, LATER),
    ],
)
def test_when_a_post_appears(status, sent, before, result):
    draft = Draft(name="Tea", status=status, published_at=sent)

    assert draft.publication(NOW, before) == result


def user(user_id: str, role: Role) -> User:
    return User(user_id, None, user_id, role, "", NOW)


AUTHOR, OTHER = user("alice", Role.AUTHOR), user("bob", Role.AUTHOR)
ADMINISTRATOR, READER = user("ada", Role.ADMINISTRATOR), user("carol", Role.READER)


def post(published_at: datetime | None) -> Post:
    texts = dict.fromkeys(("id", "slug", "name", "summary", "excerpt", "content", "html", "author_name"), "x")
    return Post(
        **texts, tags=(), author_id="alice", published_at=published_at, created_at=NOW, updated_at=NOW, version=1,
        comment_count=0,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("published_at", "status"),
    [(None, "draft"), (LATER, "scheduled"), (NOW, "published"), (NOW - timedelta(1), "published")],
)
def test_where_a_post_stands(published_at, status):
    assert post(published_at).status(NOW) == status


@pytest.mark.parametrize("published_at", [None, LATER])
@pytest.mark.parametrize(
    ("who", "may"), [(AUTHOR, True), (ADMINISTRATOR, True), (OTHER, False), (READER, False), (None, False)]
)
def test_who_may_see_and_change_what_is_not_published(published_at, who, may):
    assert post(published_at).visible_to(who, NOW) is may
    assert post(published_at).editable_by(who) is may
    assert post(NOW).visible_to(who, NOW)


def test_an_author_who_became_a_reader_changes_nothing():
    assert not post(NOW).editable_by(user("alice", Role.READER))
