"""Markdown in, safe HTML out; and the text of that HTML, for search and excerpts.

What style sheets find in a post: code as `<pre><code class="highlight language-rust">` with Pygments' short classes on
spans inside; headings with an id and an empty `<a class="anchor" href="#id">` behind their text; footnotes as
`<sup class="footnote-ref">`, `<section class="footnotes">` and `<a class="footnote-backref">`; task lists as
`<ul class="contains-task-list">` of `<li class="task-list-item">`; and `<pre class="as-written">` for a text that is
too hostile to be rendered.
"""

import html as entities
import re

import comrak

from inkstone.domain import headings, highlighting, sanitizing

# Real posts stay far below these; beyond them the time that comrak takes grows with the square of the text.
_MAX_COLUMNS = 500
_MAX_CELLS = 500_000
_MAX_FOOTNOTE_REFERENCES = 5_000
_MAX_NESTED_QUOTES = 500

_CJK = "[\u2e80-\u9fff\uac00-\ud7ff\uf900-\ufaff\uff00-\uff60\U00020000-\U0003ffff]"
_WRAPPED_CJK = re.compile(rf"\n(?<={_CJK}\n)(?={_CJK})")
_UNREAD = re.compile(r'<sup class="footnote-ref">.*?</sup>|<a [^>]*class="footnote-backref"[^>]*>.*?</a>', re.S)
_BLOCK = re.compile(
    r"</?(?:address|article|aside|audio|blockquote|br|caption|dd|details|div|dl|dt|figcaption|figure|footer|h[1-6]"
    r"|header|hr|li|ol|p|pre|section|summary|table|tbody|td|tfoot|th|thead|tr|ul|video)[ >]"
)
_TAG = re.compile(r'<[^<>"]*+(?:"[^"]*+"[^<>"]*+)*+>')
_QUOTE_MARKS = re.compile(r">(?:[ \t]*+>)*+")
_SPACES = re.compile(r" ?[^\S\n ][^\S\n]*| {2}[^\S\n]*")  # anything but a single space
_LINES = re.compile(r" ?\n\s*")


def render(source: str) -> str:
    r"""The safe HTML of a post; any text whatever has one.

    >>> render("Some **bold** text, <b onclick=run()>HTML</b><script>run()</script>")
    '<p>Some <strong>bold</strong> text, <b>HTML</b></p>\n'
    >>> render("## What’s *new*?")
    '<h2 id="whats-new">What’s <em>new</em>?<a class="anchor" href="#whats-new" aria-label="# What’s new?"></a></h2>\n'
    """
    if _quotes_deeply(source):
        return _as_written(source)
    html = comrak.render_markdown(source, _extensions(source), render_options=_POST)
    if not sanitizing.is_tractable(html):
        return _as_written(source)
    html = headings.anchored(highlighting.highlighted(sanitizing.clean_post(html)))
    return html if len(html) <= sanitizing.MAX_LENGTH else _as_written(source)


def render_comment(source: str) -> str:
    r"""The safe HTML of a comment: no images, no headings, no raw HTML, and no links that search engines follow.

    >>> render_comment("# Hi <b>\n![picture](x.png)")
    '<p>Hi &lt;b&gt;</p>\n<p>picture</p>\n'
    """
    if _quotes_deeply(source):
        return _as_written(source)
    html = comrak.render_markdown(source, _COMMENT_EXTENSIONS, render_options=_COMMENT)
    if not sanitizing.is_tractable(html):
        return _as_written(source)
    # Every tag in here is comrak's own: what the author typed as HTML is escaped.
    html = re.sub(r"<(/?)h[1-6]>", r"<\1p>", html)
    html = re.sub(r'<img src="[^"]*" alt="([^"]*)"[^>]*>', r"\1", html)
    return sanitizing.clean_comment(html)


def plain_text(html: str) -> str:
    r"""The text of rendered HTML, a line for each block; footnote marks are left out, since they'd stick to words.

    >>> plain_text("<h1>A &amp; B</h1><p>Some <em>wor</em>d<br>more</p>")
    'A & B\nSome word\nmore'
    """
    text = _WRAPPED_CJK.sub("", _UNREAD.sub("", html))
    text = _TAG.sub("", _BLOCK.sub(lambda tag: "\n" + tag[0], text))
    text = entities.unescape(text).replace("\0", "")
    return _LINES.sub("\n", _SPACES.sub(" ", text)).strip()


def excerpt(text: str, limit: int = 280) -> str:
    """The beginning of a text on one line, at most `limit` characters, cut between words or CJK characters.

    >>> excerpt("Announcing Rust 1.58", 18)
    'Announcing Rust…'
    >>> excerpt("蚂蚁金服的实践", 5)
    '蚂蚁金服…'
    """
    line = " ".join(text[: 4 * limit].split())
    if len(line) <= limit and len(text) <= 4 * limit:
        return line
    cut = line[: limit - 1]
    if line[limit - 1 : limit].isspace() or re.search(f"{_CJK}$", cut):
        return cut.rstrip() + "…"
    whole_words = re.sub(rf"(?:(?!{_CJK})\S)*$", "", cut).rstrip()
    return (whole_words or cut) + "…"


def _quotes_deeply(source: str) -> bool:
    return any(run.count(">") > _MAX_NESTED_QUOTES for run in _QUOTE_MARKS.findall(source))


def _as_written(source: str) -> str:
    return f'<pre class="as-written">{entities.escape(source, quote=False)}</pre>\n'.replace("\0", "\ufffd")


def _extensions(source: str) -> comrak.ExtensionOptions:
    """Everything, unless a table or footnotes of this text would grow out of all proportion."""
    return _EXTENSIONS[_has_modest_tables(source), source.count("[^") <= _MAX_FOOTNOTE_REFERENCES]


def _has_modest_tables(source: str) -> bool:
    if source.count("|") < _MAX_COLUMNS:
        return True
    lines = source.splitlines()
    columns = max(line.count("|") for line in lines)
    return columns <= _MAX_COLUMNS and columns * len(lines) <= _MAX_CELLS


def _extension_options(*, tables: bool, footnotes: bool) -> comrak.ExtensionOptions:
    options = comrak.ExtensionOptions()
    options.table = tables
    options.footnotes = footnotes
    options.strikethrough = True
    options.tasklist = True
    options.autolink = True
    options.cjk_friendly_emphasis = True  # else **团队：**中文 isn't bold
    return options


def _post_options() -> comrak.RenderOptions:
    options = comrak.RenderOptions()
    options.unsafe_ = True  # sanitizing.py decides
    options.tasklist_classes = True
    return options


def _comment_options() -> comrak.RenderOptions:
    options = comrak.RenderOptions()
    options.escape = True
    options.hardbreaks = True
    return options


_EXTENSIONS = {
    (tables, footnotes): _extension_options(tables=tables, footnotes=footnotes)
    for tables in (True, False)
    for footnotes in (True, False)
}
_COMMENT_EXTENSIONS = _extension_options(tables=False, footnotes=False)
_POST = _post_options()
_COMMENT = _comment_options()
