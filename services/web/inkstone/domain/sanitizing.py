"""The allow-lists: which HTML an author, and which a commentator, may bring into a page."""

import re
from collections import Counter

import nh3

_TEXT = {"a", "b", "br", "code", "del", "em", "i", "kbd", "s", "strong", "sub", "sup"}
_BLOCKS = {"blockquote", "hr", "li", "ol", "p", "pre", "ul"}
_HEADINGS = {"h1", "h2", "h3", "h4", "h5", "h6"}
_TABLES = {"caption", "col", "colgroup", "table", "tbody", "td", "tfoot", "th", "thead", "tr"}
_MEDIA = {"audio", "figcaption", "figure", "img", "picture", "source", "video"}
_RARE = {
    *("abbr", "aside", "bdi", "bdo", "cite", "dd", "details", "dfn", "div", "dl", "dt", "input", "ins", "mark"),
    *("meter", "progress", "q", "rp", "rt", "ruby", "samp", "section", "small", "span", "summary", "time", "u"),
    *("var", "wbr"),
}

_SCHEMES = {"http", "https", "mailto"}
_DROPPED_WHOLE = {"script", "style", "title", "textarea", "template"}
_ALIGN = {"align": {"left", "right", "center"}}

_post = nh3.Cleaner(
    tags=_TEXT | _BLOCKS | _HEADINGS | _TABLES | _MEDIA | _RARE,
    clean_content_tags=_DROPPED_WHOLE,
    attributes={
        "*": {"id", "lang", "dir", "title"},
        "a": {"href", "name"},
        "audio": {"src", "controls", "loop"},
        "bdo": {"dir"},
        "blockquote": {"cite"},
        "code": {"class"},  # highlighting.py reads and removes it
        "col": {"span"},
        "colgroup": {"span"},
        "del": {"cite", "datetime"},
        "details": {"open"},
        "img": {"src", "alt", "width", "height"},
        "input": {"checked"},
        "ins": {"cite", "datetime"},
        "li": {"value"},
        "meter": {"value", "min", "max", "low", "high", "optimum"},
        "ol": {"start", "reversed", "type"},
        "progress": {"value", "max"},
        "q": {"cite"},
        "source": {"src", "type"},
        "td": {"colspan", "rowspan", "headers"},
        "th": {"colspan", "rowspan", "headers", "scope", "abbr"},
        "time": {"datetime"},
        "video": {"src", "controls", "loop", "muted", "poster", "width", "height"},
    },
    tag_attribute_values={tag: _ALIGN for tag in ("td", "th", "tr", "p", "div", "img", "table", *_HEADINGS)},
    set_tag_attribute_values={
        "img": {"loading": "lazy", "decoding": "async"},
        "input": {"type": "checkbox", "disabled": ""},
        "audio": {"preload": "none"},
        "video": {"preload": "metadata"},
    },
    allowed_classes={
        "a": {"footnote-backref"},
        "li": {"task-list-item"},
        "section": {"footnotes"},
        "sup": {"footnote-ref"},
        "ul": {"contains-task-list"},
    },
    url_schemes=_SCHEMES,
    link_rel=None,  # nothing opens a new window, so no page gets hold of ours
)

_comment = nh3.Cleaner(
    tags=_TEXT | _BLOCKS | {"input"},
    clean_content_tags=_DROPPED_WHOLE,
    attributes={"a": {"href"}, "input": {"checked"}, "ol": {"start"}},
    set_tag_attribute_values={"input": {"type": "checkbox", "disabled": ""}},
    url_schemes=_SCHEMES,
    link_rel="nofollow ugc noopener",
)


def clean_post(html: str) -> str:
    """What an author may bring into a page, well-formed."""
    return _post.clean(html)


def clean_comment(html: str) -> str:
    """What a commentator may bring into a page, well-formed."""
    return _comment.clean(html)


MAX_LENGTH = 5_000_000  # characters; at three bytes each they still fit the column

# An HTML parser takes time with the square of the nesting, and of the entities in one text. Below these it's fast.
_MAX_ENTITIES = 200_000
_MAX_TAGS_UNSEEN = 2_000
_MAX_WORK = 3_000_000

_START_OR_END = re.compile(
    r"""<!--.*?(?:-->|\Z)
      | <(/?)([a-z][^\s/>]*+)
        (?: [\s/]++
          | =?[^\s/>=]++ (?: \s*+ = \s*+ (?: "[^"]*+(?:"|\Z) | '[^']*+(?:'|\Z) | [^\s>"'][^\s>]*+ )? )?
        )*+ (?:>|\Z)""",
    re.I | re.S | re.X,
)
_VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
_ENDED_BY_THE_NEXT = {"p", "li", "dd", "dt", "td", "th", "tr", "thead", "tbody", "tfoot", "option"}
_NEVER_NESTED = _VOID | _ENDED_BY_THE_NEXT


def is_tractable(html: str) -> bool:
    """Whether an HTML parser is done with it in a fraction of a second."""
    if len(html) > MAX_LENGTH or html.count("&") > _MAX_ENTITIES:
        return False
    return html.count("<") <= _MAX_TAGS_UNSEEN or _is_shallow(html)


def _is_shallow(html: str) -> bool:
    """Counts the elements that are open at each tag, as nearly as can be told without parsing."""
    still_open: Counter[str] = Counter()
    depth = work = 0
    for slash, name in _START_OR_END.findall(html):
        name = name.lower()
        if name and name not in _NEVER_NESTED:
            change = 1 if not slash else -1 if still_open[name] else 0
            still_open[name] += change
            depth += change
        work += depth
        if work > _MAX_WORK:
            return False
    return True
