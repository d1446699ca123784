"""Fields: what four generators call them, and what a file's place says."""

from datetime import UTC, date, datetime
from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inkstone.domain.posts import slugify
from inkstone.importer import dates, fields


def read(front, path="hello.md", root="posts"):
    return fields.read(front, PurePosixPath(path), root)


@pytest.mark.parametrize(
    ("written", "iso"),
    [
        ("2021-03-26T15:00:00+08:00", "2021-03-26T07:00"),
        ("2021-03-26T15:00:00Z", "2021-03-26T15:00"),
        ("2021-03-26T15:00:00.123+0000", "2021-03-26T15:00"),
        ("2021-03-26 15:00:00 +0800", "2021-03-26T07:00"),
        ("2021-03-26 15:00:00 +08:00", "2021-03-26T07:00"),
        ("2021-03-26 15:00:00", "2021-03-26T15:00"),
        ("2021-03-26 15:00", "2021-03-26T15:00"),
        ("2021-3-6 5:00", "2021-03-06T05:00"),
        ("2021-03-26", "2021-03-26T00:00"),
        ("2021-3-6", "2021-03-06T00:00"),
        ("2021/03/26", "2021-03-26T00:00"),
        ("2021/3/6 15:00:00", "2021-03-06T15:00"),
        ("2021.03.26", "2021-03-26T00:00"),
        ("March 26, 2021", "2021-03-26T00:00"),
        ("Mar 26 2021", "2021-03-26T00:00"),
        ("26th March 2021", "2021-03-26T00:00"),
        ("Fri, 26 Mar 2021 15:00:00 +0800", "2021-03-26T07:00"),
        ("2021年3月26日", "2021-03-26T00:00"),
        (date(2021, 3, 26), "2021-03-26T00:00"),
        (datetime(2021, 3, 26, 15), "2021-03-26T15:00"),
        (datetime(2021, 3, 26, 15, tzinfo=UTC), "2021-03-26T15:00"),
    ],
)
def test_dates_are_read_in_many_forms(written, iso):
    found = dates.parse(written)

    assert found.tzinfo is UTC
    assert found.isoformat()[:16] == iso


@pytest.mark.parametrize("written", ["", None, "soon", "2021-02-31", "0001-01-01T00:00:00+14:00", "26.", "2021", 7])
def test_what_is_no_date_is_none(written):
    assert dates.parse(written) is None


@given(st.text())
def test_any_text_is_a_date_or_none(text):
    assert dates.parse(text) is None or dates.parse(text).tzinfo is UTC
    dates.in_path(text)


@pytest.mark.parametrize(
    ("front", "path", "expected"),
    [
        ({"date": "2021-01-02"}, "2020-05-05-x.md", "2021-01-02"),
        ({"extra": {"date": "2021-01-02"}}, "x.md", "2021-01-02"),
        ({"publishDate": "2021-01-02"}, "x.md", "2021-01-02"),
        ({}, "_posts/2020-05-06-x.md", "2020-05-06"),
        ({}, "2020/5/6/x.md", "2020-05-06"),
        ({"path": "2014/12/12/Timeline"}, "x.md", "2014-12-12"),
        ({"url": "/2014/12/12/timeline/"}, "x.md", "2014-12-12"),
        ({"lastmod": "2021-01-02"}, "x.md", "2021-01-02"),
        ({}, "2020-13-45-x.md", None),
        ({}, "x.md", None),
    ],
)
def test_the_date_is_found_wherever_it_is(front, path, expected):
    found = read(front, path).published_at

    assert (found and f"{found:%Y-%m-%d}") == expected


def test_a_date_that_cant_be_read_is_remembered():
    assert read({"date": "soon"}).unreadable_date == "soon"


@pytest.mark.parametrize(
    ("front", "authors"),
    [
        ({"author": "Jane Doe"}, ("Jane Doe",)),
        ({"author": "Jane Doe <jane@blog.test>"}, ("Jane Doe",)),
        ({"authors": ["A", "B", "A"]}, ("A", "B")),
        ({"authors": ["A, B and C"]}, ("A", "B", "C")),
        ({"author": "A, B, and C"}, ("A", "B", "C")),
        ({"author": "A & B"}, ("A", "B")),
        ({"author": "张磊、心贵，临石"}, ("张磊", "心贵", "临石")),
        ({"author": "Anderson Brandon"}, ("Anderson Brandon",)),
        ({"author": {"name": "A", "email": "a@blog.test"}}, ("A",)),
        ({"authors": [{"name": "A"}, {"name": "B"}]}, ("A", "B")),
        ({"author": None}, ()),
        ({"author": ["", " ", None, ["x"]]}, ()),
        ({}, ()),
    ],
)
def test_authors_are_read_in_many_forms(front, authors):
    assert read(front).authors == authors


@pytest.mark.parametrize(
    ("front", "tags"),
    [
        ({"tags": ["a", "b"]}, ("a", "b")),
        ({"tags": "a, b"}, ("a", "b")),
        ({"tags": "two words"}, ("two words",)),
        ({"tags": ["a"], "categories": "News"}, ("a", "News")),
        ({"categories": [["nested"], "b"]}, ("b",)),
        ({"taxonomies": {"tags": ["a"], "categories": ["b"]}}, ("a", "b")),
        ({"tags": 7, "taxonomies": "odd"}, ("7",)),
        ({}, ()),
    ],
)
def test_tags_and_categories_become_tags(front, tags):
    assert read(front).tags == tags


@pytest.mark.parametrize(
    ("front", "path", "is_draft"),
    [
        ({"draft": True}, "x.md", True),
        ({"draft": "true"}, "x.md", True),
        ({"draft": "false"}, "x.md", False),
        ({"published": "false"}, "x.md", True),
        ({"published": "2020-01-01"}, "x.md", False),
        ({}, "_drafts/x.md", True),
        ({}, "source/_drafts/x.md", True),
        ({}, "x.md", False),
    ],
)
def test_drafts_stay_drafts(front, path, is_draft):
    assert read(front, path).is_draft is is_draft


@pytest.mark.parametrize(
    ("front", "path", "slug"),
    [
        ({"slug": "My Slug"}, "x.md", "my-slug"),
        ({"path": "2014/12/12/1.0-Timeline"}, "x.md", "1.0-timeline"),
        ({"url": "/posts/hello.html"}, "x.md", "hello"),
        ({"permalink": "/hello/index.html"}, "x.md", "hello"),
        ({"permalink": "/:year/:title/"}, "x.md", "x"),
        ({}, "_posts/2020-01-02-my-post.md", "my-post"),
        ({}, "my-post/index.md", "my-post"),
        ({}, "my-post/index.zh.md", "my-post-zh"),
        ({}, "2020-01-02-folder/index.md", "folder"),
        ({}, "index.md", "index"),
        ({}, "蚂蚁 金服.md", "蚂蚁-金服"),
        ({"title": "A title"}, "+++.md", "a-title"),
        ({}, "+++.md", "post"),
        ({"slug": "?!", "url": "https://[broken"}, "x.md", "x"),
    ],
)
def test_the_slug_comes_from_the_nearest(front, path, slug):
    assert read(front, path).slug == slug
    assert slugify(slug) == slug


@pytest.mark.parametrize(
    ("front", "path", "root", "addresses"),
    [
        (
            {"path": "2014/12/12/T", "aliases": ["2014/12/12/T.html"]},
            "t.md",
            "x",
            ("2014/12/12/T", "2014/12/12/T.html"),
        ),
        ({"aliases": "/posts/1"}, "t.md", "x", ("posts/1",)),
        ({"alias": "/posts/1/"}, "t.md", "x", ("posts/1",)),
        ({"redirect_from": ["/a", "https://old.test/b%20c/?q=1#d"]}, "t.md", "x", ("a", "b c")),
        ({"permalink": "/:year/:title/"}, "t.md", "x", ()),
        ({}, "_posts/2020-01-02-t.md", "x", ("2020/01/02/t", "2020/01/02/t.html")),
        ({"date": "2021-03-04"}, "source/_posts/t.md", "x", ("2021/03/04/t", "2021/03/04/t.html")),
        ({}, "2020-01-02-t.md", "_posts", ("2020/01/02/t", "2020/01/02/t.html")),
        ({}, "content/posts/t.md", "x", ("posts/t",)),
        ({}, "posts/t/index.md", "content", ("posts/t",)),
        ({"aliases": ["", "/", None]}, "t.md", "x", ()),
    ],
)
def test_old_addresses_are_kept(front, path, root, addresses):
    assert read(front, path, root).addresses == addresses


def test_title_and_summary():
    assert read({"title": "T", "description": "D"}).title == "T"
    assert read({"title": 2021, "summary": "S", "description": "D"}).summary == "S"
    assert read({"title": None}).title is None


FRONT = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.datetimes() | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
KEYS = st.one_of(
    st.sampled_from(["title", "date", "author", "authors", "tags", "categories", "taxonomies", "draft", "published"]),
    st.sampled_from(["slug", "path", "url", "permalink", "aliases", "redirect_from", "summary", "extra", "lastmod"]),
)


@given(st.dictionaries(KEYS, FRONT))
def test_any_fields_are_read(front):
    found = read(front)

    assert found.slug
    assert found.published_at is None or found.published_at.tzinfo is UTC
    assert all(isinstance(text, str) for text in (*found.authors, *found.tags, *found.addresses))
