"""Anchors: every heading gets an id that can be linked to, and no id in a post is one that the page itself uses."""

import html as entities
import re

# What the page around a post uses; tests/domain/test_markdown.py compares this with the templates.
_RESERVED = re.compile(r"vm|main|comments|content|post-data|q|(?:comment|content)-.*")

_WITH_ID = re.compile(r'(<[a-z][a-z0-9]*+(?: [a-z-]+="[^"]*+")*?) id="([^"]*+)"')
_HEADING = re.compile(r'<(h[1-6])((?: [a-z-]+="[^"]*+")*+)>(.*?)</\1>', re.S)
_OWN_ID = re.compile(r' id="([^"]*+)"')
_WRITTEN_ID = re.compile(r"\s*\{\s*#([\w.:-]+)\s*\}\s*$")
_TAG = re.compile(r"<[^>]*>")


def anchored(html: str) -> str:
    """Sanitised HTML with proper ids and an anchor in each heading."""
    ids = _Ids()
    html = _WITH_ID.sub(lambda tag: f'{tag[1]} id="{ids.unique(tag[2])}"', html)
    return _HEADING.sub(lambda heading: _with_anchor(heading, ids), html)


def _with_anchor(heading: re.Match[str], ids: "_Ids") -> str:
    tag, attributes, inner = heading.groups()
    own, written = _OWN_ID.search(attributes), _WRITTEN_ID.search(inner)
    if written:  # "## Title {#id}", as Hugo, Zola and kramdown have it
        inner = inner[: written.start()]
    text = _TAG.sub("", inner).strip()
    if own:
        anchor = own[1]
    else:
        anchor = ids.unique(written[1] if written else _slug(text))
        attributes += f' id="{anchor}"'
    label = text.replace('"', "&quot;")
    return f'<{tag}{attributes}>{inner}<a class="anchor" href="#{anchor}" aria-label="# {label}"></a></{tag}>'


def _slug(text: str) -> str:
    """As GitHub, Zola and Hugo make them, so that links into posts that came from there still work."""
    text = entities.unescape(text).lower()
    slug = re.sub(r"\s", "-", re.sub(r"[^\w\s-]", "", text).strip())[:100]
    return f"h-{slug}" if slug.startswith(("fn-", "fnref-")) else slug or "section"  # fn-1 is a footnote's


class _Ids:
    """The ids given away in one post."""

    def __init__(self) -> None:
        self._next: dict[str, int] = {}

    def unique(self, wanted: str) -> str:
        """The id that was wanted, or one close to it."""
        wanted = f"h-{wanted}" if _RESERVED.fullmatch(wanted) else wanted
        unique = wanted
        while unique in self._next:
            unique = f"{wanted}-{self._next[wanted]}"
            self._next[wanted] += 1
        self._next[unique] = 1
        return unique
