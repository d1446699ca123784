"""Markdown: what becomes of it, what never gets through, and how long the worst of it takes."""

import re
import subprocess
import sys
import time
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import inkstone
from inkstone.domain import markdown
from inkstone.domain.posts import MAX_CONTENT

TEMPLATES = Path(inkstone.__file__).parent / "templates"


class Elements(HTMLParser):
    """The elements of some HTML, with their attributes."""

    def __init__(self, html):
        super().__init__()
        self.all = []
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        self.all.append((tag, dict(attributes)))

    def of(self, tag):
        return [attributes for name, attributes in self.all if name == tag]

    @property
    def ids(self):
        return [attributes["id"] for _, attributes in self.all if "id" in attributes]


def rendered(source):
    return Elements(markdown.render(source))


@pytest.mark.parametrize(
    ("source", "html"),
    [
        ("~~gone~~", "<p><del>gone</del></p>\n"),
        ("**团队：**中文", "<p><strong>团队：</strong>中文</p>\n"),
        ("see https://blog.test/x", '<p>see <a href="https://blog.test/x">https://blog.test/x</a></p>\n'),
        ("> quoted", "<blockquote>\n<p>quoted</p>\n</blockquote>\n"),
        ("<kbd>Ctrl</kbd> x<sup>2</sup>", "<p><kbd>Ctrl</kbd> x<sup>2</sup></p>\n"),
        ("<details open><summary>S</summary>x</details>", '<details open=""><summary>S</summary>x</details>\n'),
        ("a\0b", "<p>a\ufffdb</p>\n"),
        ("", ""),
    ],
)
def test_markdown_becomes_html(source, html):
    assert markdown.render(source) == html


def test_columns_of_a_table_are_aligned():
    page = rendered("| a | b | c |\n|---|--:|:-:|\n| 1 | 2 | 3 |")

    assert [cell.get("align") for cell in page.of("td")] == [None, "right", "center"]


def test_boxes_of_a_task_list_cant_be_clicked():
    page = rendered("- [x] done\n- [ ] open\n\n<input type=text name=password>")

    assert [box.get("type") for box in page.of("input")] == ["checkbox"] * 3
    assert all("disabled" in box and "name" not in box for box in page.of("input"))
    assert ["checked" in box for box in page.of("input")] == [True, False, False]


def test_images_load_when_they_are_needed():
    [image] = rendered("![A picture](/media/x.png)").of("img")

    assert image == {"src": "/media/x.png", "alt": "A picture", "loading": "lazy", "decoding": "async"}


def test_footnotes_lead_there_and_back():
    page = rendered("Text[^note].\n\n[^note]: The note.")

    there, back = [link["href"] for link in page.of("a")]

    assert {there[1:], back[1:]} == set(page.ids)


# Highlighting


@pytest.mark.parametrize("info", ["rust", "rs", "rust,ignore", "rust ignore", "rs {1,2}", "{.rust}", "Rust"])
def test_code_is_coloured_whatever_stands_behind_its_language(info):
    html = markdown.render(f"```{info}\nfn main() {{}}\n```")

    assert '<span class="k">fn</span>' in html
    assert re.search(r'<pre><code class="highlight language-\w+">', html)
    assert "style=" not in html


@pytest.mark.parametrize("info", ["", "nosuchlanguage", "//获取", "<dependency>", "\x01", "a" * 1000])
def test_code_of_an_unknown_language_stays_plain(info):
    html = markdown.render(f"```{info}\nif a < b:\n```")

    assert "<span" not in html
    assert "if a &lt; b:" in html


def test_colouring_keeps_the_code():
    code = "\n\n  a = '<b>' & \"c\"\n\n"

    html = markdown.render(f"```python\n{code}\n```")

    assert markdown.entities.unescape(re.sub("<[^>]*>", "", html)).removesuffix("\n\n") == code


def test_very_long_code_stays_plain():
    assert "<span" not in markdown.render("```python\n" + "a = 1\n" * 20_000 + "```")
    assert markdown.render(("```python\n" + "a = 1\n" * 5_000 + "```\n") * 10).count('class="highlight') == 3


# Anchors


@pytest.mark.parametrize(
    ("source", "ids"),
    [
        ("## What’s new?", ["whats-new"]),
        ("## 你好 *World*", ["你好-world"]),
        ("## Same\n## Same\n## Same", ["same", "same-1", "same-2"]),
        ("## Same-1\n## Same\n## Same", ["same-1", "same", "same-2"]),
        ("## Title {#short}", ["short"]),
        ("## ?!", ["section"]),
        ('<h2 id="mine">x</h2>', ["mine"]),
        ('<a id="a"></a><b id="a"></b>', ["a", "a-1"]),
    ],
)
def test_headings_can_be_linked_to(source, ids):
    assert rendered(source).ids == ids


def test_a_heading_has_a_link_to_itself():
    [link] = rendered('## Say "hi" & <b>go</b>').of("a")

    assert link == {"class": "anchor", "href": "#say-hi--go", "aria-label": '# Say "hi" & go'}


@pytest.mark.parametrize("source", ["## Comments", '<p id="vm">x</p>', "# Main", '<a id="comment-1"></a>', "## Fn 1"])
def test_no_id_of_a_post_is_one_of_the_page(source):
    [identity] = rendered(source).ids

    assert identity.startswith("h-")


def test_no_template_around_a_post_has_an_id_that_a_heading_may_take():
    texts = [(TEMPLATES / name).read_text() for name in ("base.html", "posts/show.html", "manage_blog_edit.html")]
    identities = {identity for text in texts for identity in re.findall(r'\sid="([\w-]+)', text)}

    assert {"main", "comments", "vm"} <= identities
    for identity in identities:
        assert rendered(f'<p id="{identity}">x</p>').ids != [identity], identity


# What doesn't get through

ATTACKS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](data:text/html,<script>alert(1)</script>)",
    "<a href='java\nscript:alert(1)'>x</a>",
    "<a href='&#106;avascript:alert(1)'>x</a>",
    "<svg><script>alert(1)</script></svg>",
    "<svg onload=alert(1)>",
    "<iframe src=//evil.test></iframe>",
    "<object data=x></object><embed src=x><form action=//evil.test><button>x</button></form>",
    "<style>*{display:none}</style><p style='position:fixed'>x</p>",
    "<math><mtext></p><img src=x onerror=alert(1)>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<p class=menu>x</p><code class=menu>x</code><pre><code class=menu>x</code></pre>",
    "<meta http-equiv=refresh content='0;url=//evil.test'><base href=//evil.test><link rel=stylesheet href=x>",
    '```"><script>alert(1)</script>\nx\n```',
    '## <img title="</h2><script>alert(1)</script>">',
    '## x" onclick="alert(1)',
    '[^"><script>]\n\n[^"><script>]: x',
]


def assert_harmless(html):
    elements = Elements(html).all
    for tag, attributes in elements:
        assert tag not in {"script", "style", "svg", "math", "iframe", "object", "embed", "form", "button", "meta"}, (
            html
        )
        assert tag not in {"base", "link", "noscript", "textarea", "template"}, html
        assert not [name for name in attributes if name.startswith("on") or name == "style"], html
        for name in ("href", "src"):
            address = attributes.get(name) or ""
            assert not re.match(r"[\s\x00-\x20]*(?:javascript|data|vbscript):", address, re.I), html
        assert attributes.get("class") != "menu", html


@pytest.mark.parametrize("source", ATTACKS)
def test_nothing_harmful_gets_through(source):
    assert_harmless(markdown.render(source))
    assert_harmless(markdown.render_comment(source))


HTML_PIECES = st.one_of(
    st.sampled_from("<>/='\"&;`*_[]()!#| \n\t~^:-ab中\0"),
    st.sampled_from(["<b>", "</b>", "<p>", "<script>", "</script>", "<svg>", "<math>", "<style>", "<table>", "<td>"]),
    st.sampled_from(["<a href=", "javascript:", "<!--", "-->", " id=x", " class=menu", " onload=", "<h2>", "</h2>"]),
    st.sampled_from(["&lt;", "&#x6a;", "```", "![", "](", "[^1]", "<code>", "<![CDATA[", "]]>", "<?", "<div title='"]),
)


@given(st.lists(HTML_PIECES, max_size=40).map("".join))
def test_any_mixture_becomes_harmless_html(source):
    html = markdown.render(source)

    assert_harmless(html)
    assert_harmless(markdown.render_comment(source))
    ids = Elements(html).ids
    assert len(ids) == len(set(ids))
    assert "<" not in re.sub(r'<[^<>"]*(?:"[^"]*"[^<>"]*)*>', "", html)


@given(st.text())
def test_any_text_can_be_rendered(source):
    markdown.excerpt(markdown.plain_text(markdown.render(source)))
    markdown.render_comment(source)


HOSTILE = {
    "brackets": "[" * MAX_CONTENT,
    "quotes": ">" * MAX_CONTENT,
    "spaced quotes": "> " * (MAX_CONTENT // 2),
    "backticks": "`" * MAX_CONTENT,
    "runs of backticks": " ".join("`" * n for n in range(1, 1400)),
    "emphasis": "*a_b" * (MAX_CONTENT // 4),
    "divs": "<div>" * (MAX_CONTENT // 5),
    "divs in disguise": '<div title="</div>">' * (MAX_CONTENT // 20),
    "details": "<details>\n\n" * (MAX_CONTENT // 11),
    "bold in every paragraph": "<p>" + "".join(f"<b id={n}>" for n in range(1500)) + "<p>x" * 200_000,
    "headings": "# a\n" * (MAX_CONTENT // 4),
    "a wide table": "|a" * 16_000 + "|\n" + "|-" * 16_000 + "|\n" + "|a\n" * 10,
    "a long table": "|a" * 1000 + "|\n" + "|-" * 1000 + "|\n" + "|a\n" * 300_000,
    "footnotes": "[^a]" * (MAX_CONTENT // 4) + "\n\n[^a]: x",
    "ampersands": "&" * MAX_CONTENT,
    "code": ("```python\n" + "a+" * 20_000 + "\n```\n") * 20,
    "quotation marks in code": "```rs\n" + '"' * 49_000 + "\n```\n",
    "list in list": "".join("  " * n + "- a\n" for n in range(900)),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_text_takes_no_time_to_speak_of(what):
    started = time.process_time()

    html = markdown.render(HOSTILE[what])
    markdown.excerpt(markdown.plain_text(html))

    # Seconds where it should be one at most: what this guards against takes minutes.
    assert time.process_time() - started < 10
    assert len(html.encode()) < 16 * 1024 * 1024


def test_a_text_that_is_too_hostile_is_shown_as_it_was_written():
    assert markdown.render("<div>" * 50_000).startswith('<pre class="as-written">&lt;div&gt;')


# Comments


def test_links_in_comments_recommend_nothing():
    [link] = Elements(markdown.render_comment("<https://spam.test>")).of("a")

    assert link == {"href": "https://spam.test", "rel": "nofollow ugc noopener"}


def test_comments_have_neither_pictures_nor_headings_nor_html():
    html = markdown.render_comment('# Big\n\n![pic](x.png) <b id="x">raw</b>\n\n[^1]\n\n```python\nx\n```')

    assert {tag for tag, _ in Elements(html).all} == {"p", "pre", "code"}
    assert "<p>Big</p>" in html
    assert "&lt;b id=" in html


def test_lines_of_a_comment_stay_lines():
    assert markdown.render_comment("one\ntwo") == "<p>one<br>\ntwo</p>\n"


# Text and excerpts


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>a</p><p>b</p>", "a\nb"),
        ("<ul><li>a</li><li>b</li></ul>", "a\nb"),
        ("<table><tr><td>a</td><td>b</td></tr></table>", "a\nb"),
        ("x<sub>2</sub>", "x2"),
        ("<p>a  \t b</p>", "a b"),
        ("<p>中文\n搜索</p>", "中文搜索"),
        ("<p>one\ntwo</p>", "one\ntwo"),
        ('<p title="a>b">x &amp; &lt;y&gt;</p>', "x & <y>"),
    ],
)
def test_the_text_of_html(html, text):
    assert markdown.plain_text(html) == text


def test_marks_of_footnotes_and_anchors_arent_text():
    html = markdown.render("## Title\n\nword[^1] and\n\n[^1]: The note.")

    assert markdown.plain_text(html) == "Title\nword and\nThe note."


@pytest.mark.parametrize(
    ("text", "limit", "expected"),
    [
        ("short", 10, "short"),
        ("two words", 9, "two words"),
        ("two words", 8, "two…"),
        ("two words", 4, "two…"),
        ("unbreakable", 5, "unbr…"),
        ("中文搜索引擎", 4, "中文搜…"),
        ("中文 search engine", 8, "中文…"),
        ("line\nline", 20, "line line"),
        ("", 5, ""),
    ],
)
def test_an_excerpt_ends_between_words(text, limit, expected):
    assert markdown.excerpt(text, limit) == expected


@given(st.text(), st.integers(2, 50))
def test_an_excerpt_is_never_too_long(text, limit):
    assert len(markdown.excerpt(text, limit)) <= limit


FIRST_CODE = """
import threading

from inkstone.domain.markdown import render

start, rendered = threading.Barrier(4), []

def work() -> None:
    start.wait()
    rendered.append(render("```python\\nx = 1\\n```"))

threads = [threading.Thread(target=work) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
assert len(rendered) == 4 and len(set(rendered)) == 1 and "highlight" in rendered[0]
"""


@pytest.mark.parametrize("attempt", range(3))
def test_the_first_code_of_all_may_come_in_several_threads(attempt):
    done = subprocess.run([sys.executable, "-c", FIRST_CODE], check=False, capture_output=True, text=True)

    assert done.returncode == 0, done.stderr
