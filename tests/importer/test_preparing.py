"""From a file to a post: fields that are missing, images beside it, and files that can't become one."""

import io
import os
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest
from PIL import Image

from inkstone.importer.preparing import Job, Prepared, Refused, Unchanged, prepare

FRONT = "---\ntitle: A title\ndate: 2020-01-02\n---\n"


def png(size=(2, 2)):
    data = io.BytesIO()
    Image.new("RGB", size).save(data, "PNG")
    return data.getvalue()


@pytest.fixture
def prepared(tmp_path):
    """Write some files and prepare the first."""

    def write_and_prepare(files, known_digest=None):
        for name, content in files.items():
            file = tmp_path / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content if isinstance(content, bytes) else content.encode())
        return prepare(Job(tmp_path / next(iter(files)), tmp_path, known_digest))

    return write_and_prepare


def test_a_post_is_made(prepared):
    post = prepared({"x.md": FRONT + "Some *words*.\n\n<!-- more -->\n\nOthers."})

    assert isinstance(post, Prepared)
    assert post.draft.name == "A title"
    assert post.draft.content == "Some *words*.\n\n<!-- more -->\n\nOthers."
    assert post.draft.summary == "Some words."
    assert post.draft.status == "published"
    assert post.draft.published_at == post.created == datetime(2020, 1, 2, tzinfo=UTC)
    assert post.rendered.html.startswith("<p>Some <em>words</em>.</p>")
    assert post.slug == "x"
    assert post.warnings == ()


@pytest.mark.parametrize(
    ("name", "text", "title", "warning"),
    [
        ("x.md", "---\n---\n# The *first* heading\n", "The first heading", "the first heading is taken"),
        ("my-file.md", "---\ndate: 2020-01-02\n---\nwords", "my-file", "the file's name is taken"),
        ("2020-01-02-my-file.md", "---\n---\nwords", "my-file", "the file's name is taken"),
        ("x.md", f"---\ntitle: {'word ' * 60}\ndate: 2020-01-02\n---\n", "word " * 39 + "word…", "cut to 200"),
    ],
)  # fmt: skip
def test_a_title_is_found_or_made(prepared, name, text, title, warning):
    post = prepared({name: text})

    assert post.draft.name == title
    assert warning in "; ".join(post.warnings)


def test_without_a_date_the_file_s_own_is_taken(prepared, tmp_path):
    (tmp_path / "x.md").touch()
    prepared({"x.md": "---\ntitle: x\ndate: soon\n---\n"})
    os.utime(tmp_path / "x.md", (1_600_000_000, 1_600_000_000))

    post = prepare(Job(tmp_path / "x.md", tmp_path))

    assert post.created == datetime(2020, 9, 13, 12, 26, 40, tzinfo=UTC)
    assert post.warnings == ("the date “soon” can't be read: the file's own is taken",)


def test_without_front_matter_it_is_a_draft(prepared):
    post = prepared({"x.md": "# Notes\n\nwords"})

    assert post.draft.status == "draft"
    assert post.draft.published_at is None
    assert "no front matter: taken as a draft" in post.warnings


def test_what_is_no_utf8_and_what_is_no_text_is_replaced(prepared):
    post = prepared({"x.md": FRONT.encode() + b"caf\xe9 \0 end"})

    assert post.draft.content == "caf\ufffd  end"
    assert [warning.split(" ")[0] for warning in post.warnings] == ["not", "NUL"]


def test_tags_that_are_none_are_named(prepared):
    tags = ["fine", "?!", "x" * 60, "Fine", *(f"t{n}" for n in range(30))]
    post = prepared({"x.md": f"---\ntitle: x\ndate: 2020-01-02\ntags: [{', '.join(map(repr, tags))}]\n---\n"})

    assert len(post.draft.tags) == 20
    assert {"tag left out: ?!", f"tag left out: {'x' * 60}", "tag left out: t29"} <= set(post.warnings)


def test_codes_of_the_generator_are_named(prepared):
    post = prepared({"x.md": FRONT + "{{< youtube abc >}} {% highlight go %} {% raw %} {{% note %}}"})

    assert post.warnings == ("codes of the generator stay as they are written: highlight, note, youtube",)


# Images


def test_images_beside_the_post_come_along(prepared):
    post = prepared({"a/index.md": FRONT + "![one](pic.png) <img src='pic.png'> `pic.png`", "a/pic.png": png()})

    address = f"/media/{sha256(png()).hexdigest()}.png"
    assert post.draft.content == f"![one]({address}) <img src='{address}'> `pic.png`"
    assert f'<img src="{address}" alt="one"' in post.rendered.html
    assert [(name, image.data) for name, image in post.pictures] == [("pic.png", png())]


def test_two_images_of_one_name_are_two_images(prepared):
    post = prepared({"x.md": FRONT + "![](a/p.png) ![](b/p.png)", "a/p.png": png(), "b/p.png": png((3, 3))})

    first, second = post.draft.content.split()
    assert first != second
    assert len(post.pictures) == 2


def test_images_that_cant_come_along_are_named(prepared):
    files = {
        "x.md": FRONT + "![](gone.png) ![](bad.png) ![](https://elsewhere.test/x.png) [doc](paper.pdf) ![](paper.pdf)",
        "bad.png": png()[:40],
        "paper.pdf": b"%PDF-1.7",
    }
    post = prepared(files)

    assert post.draft.content == files["x.md"].removeprefix(FRONT)
    assert post.pictures == []
    assert post.warnings == (
        "image not found: gone.png",
        "image not taken: bad.png: The image is damaged or incomplete.",
        "image not taken: paper.pdf: This is not a JPEG, PNG, GIF, WebP or SVG image.",
    )


# Again


def test_a_file_that_is_as_it_was_is_unchanged(prepared):
    files = {"x.md": FRONT + "![](p.png)", "p.png": png()}
    digest = prepared(files).digest

    assert prepared(files, digest) == Unchanged()
    assert prepared({**files, "p.png": png((3, 3))}, digest) != Unchanged()
    assert prepared({**files, "x.md": FRONT + "![](p.png)!"}, digest) != Unchanged()


def test_an_image_that_appears_later_is_a_change(prepared):
    digest = prepared({"x.md": FRONT + "![](p.png)"}).digest

    assert isinstance(prepared({"x.md": FRONT + "![](p.png)", "p.png": png()}, digest), Prepared)


# What can't become a post


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("---\ntitle: a: b\n---\n", "no valid YAML"),
        ("+++\ntitle =\n+++\n", "no valid TOML"),
        ("---\ntemplate: latest.html\n---\n", "neither a title nor any text"),
        ("", "neither a title nor any text"),
        (FRONT + "x" * 1_000_001, "content: String should have at most 1000000 characters"),
        ("---\ntitle: x\ndate: 0999-01-01\n---\n", "between the years 1000 and 9999"),
    ],
)
def test_what_cant_become_a_post_is_refused_with_the_reason(prepared, content, reason):
    outcome = prepared({"x.md": content})

    assert isinstance(outcome, Refused)
    assert reason in outcome.reason


def test_a_file_that_is_gone_is_refused(tmp_path):
    assert prepare(Job(Path(tmp_path, "gone.md"), tmp_path)) == Refused("can't be read: No such file or directory")
