"""Links to images: which are found, and where they lead."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inkstone.importer import links


def seen(content):
    found = []
    links.rewritten(content, lambda destination, is_image: found.append((destination, is_image)))
    return found


@pytest.mark.parametrize(
    ("content", "destination", "is_image"),
    [
        ("![alt](x.png)", "x.png", True),
        ('![alt](x.png "title")', "x.png", True),
        ("![alt](<my pic.png>)", "my pic.png", True),
        ("![alt]( x.png )", "x.png", True),
        ("![](a(1).png)", "a(1).png", True),
        ("[text](x.png)", "x.png", False),
        ("[text][ref]\n\n[ref]: x.png", "x.png", False),
        ("[ref]: <x.png>", "x.png", False),
        ('<img src="x.png">', "x.png", False),
        ("<img alt='a b' src='x y.png' width=1>", "x y.png", False),
        ("<img width=1 src=x.png>", "x.png", False),
        ("<img\n  src = 'x.png'>", "x.png", False),
        ('<a href="x.png">', "x.png", False),
        ('<video poster="x.png">', "x.png", False),
        ("> - ![alt](x.png)", "x.png", True),
    ],
)
def test_destinations_are_found_and_replaced(content, destination, is_image):
    assert seen(content) == [(destination, is_image)]
    assert links.rewritten(content, lambda *_: "/media/1.png") == content.replace(destination, "/media/1.png")


@pytest.mark.parametrize(
    "content",
    [
        "`![alt](x.png)`",
        "``a ` ![alt](x.png)``",
        "```\n![alt](x.png)\n```",
        "~~~md\n![alt](x.png)\n~~~\n",
        "````\n```\n![alt](x.png)\n```\n````",
        "- item\n\n  ```\n  <img src='x.png'>\n  ```",
        "```\n![alt](x.png)",
        "no [link] here (x.png)",
    ],
)
def test_code_stays_as_it_is(content):
    assert seen(content) == []
    assert links.rewritten(content, lambda *_: "changed") == content


def test_what_stands_behind_code_is_found():
    assert seen("```\ncode\n```\n![a](x.png) `b` ![c](y.png)") == [("x.png", True), ("y.png", True)]


@given(st.lists(st.sampled_from(["[", "]", "(", ")", "!", "<", ">", "`", "```", "\n", "src=", '"', "x.png", " ", ":"])))
def test_nothing_else_is_changed(pieces):
    content = "".join(pieces)

    assert links.rewritten(content, lambda *_: None) == content


@pytest.mark.parametrize(
    ("destination", "path"),
    [
        ("x.png", "x.png"),
        ("my%20pic.png?raw=true#here", "my pic.png"),
        ("{{ site.baseurl }}/assets/x.png", "/assets/x.png"),
        ("https://elsewhere.test/x.png", None),
        ("//elsewhere.test/x.png", None),
        ("data:image/png;base64,AAAA", None),
        ("#place", None),
        ("mailto:a@b.test", None),
        ("http://[broken", None),
        ("", None),
    ],
)
def test_only_paths_can_be_files(destination, path):
    assert links.local_path(destination) == path


@pytest.fixture
def folder(tmp_path):
    root = tmp_path / "site"
    for name in ("post/pic.png", "static/img/a.png", "b.png", "_posts/hexo/c.png"):
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    (tmp_path / "secret.png").touch()
    (root / "post" / "leak.png").symlink_to(tmp_path / "secret.png")
    return root.resolve()


@pytest.mark.parametrize(
    ("path", "post", "found"),
    [
        ("pic.png", "post/index.md", "post/pic.png"),
        ("./pic.png", "post/index.md", "post/pic.png"),
        ("../b.png", "post/index.md", "b.png"),
        ("/b.png", "post/index.md", "b.png"),
        ("/img/a.png", "post/index.md", "static/img/a.png"),
        ("img/a.png", "post/index.md", "static/img/a.png"),
        ("c.png", "_posts/hexo.md", "_posts/hexo/c.png"),
        ("missing.png", "post/index.md", None),
        ("../../secret.png", "post/index.md", None),
        ("/../secret.png", "post/index.md", None),
        ("leak.png", "post/index.md", None),
        ("a\0b.png", "post/index.md", None),
        ("x" * 5000 + ".png", "post/index.md", None),
        ("..", "post/index.md", None),
    ],
)
def test_files_are_found_inside_the_folder_only(folder, path, post, found):
    assert links.find(path, folder / post, folder) == (folder / found if found else None)
