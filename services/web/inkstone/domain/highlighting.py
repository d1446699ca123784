"""Fenced code, coloured by Pygments: classes, never inline style, so that the style sheet has dark and light."""

import functools
import html as entities
import re
from collections.abc import Callable

# Pygments reads 200 kB/s and less; longer code stays plain, so that no post takes seconds.
_MAX_BLOCK = 50_000
_MAX_POST = 100_000

_CODE = re.compile(r'<code class="([^"]*+)">(?:([^<]*+)</code></pre>)?')
_LANGUAGE = re.compile(r"language-\{?\.?([a-z0-9][\w+#-]{0,29})", re.I | re.A)


def highlighted(html: str) -> str:
    """Sanitised HTML with its code blocks coloured; every class that an author gave `<code>` is gone."""
    budget = _MAX_POST

    def replace(code: re.Match[str]) -> str:
        nonlocal budget
        if code[2] is None:
            return "<code>"
        size = len(code[2])
        if size > min(budget, _MAX_BLOCK):
            return f"<code>{code[2]}</code></pre>"
        budget -= size
        return _block(code[1], code[2])

    return _CODE.sub(replace, html) if 'class="' in html else html


def _block(info: str, code: str) -> str:
    match = _LANGUAGE.match(entities.unescape(info))
    if match is None:
        return f"<code>{code}</code></pre>"
    language = match[1].lower()
    highlight = _highlighter(language)
    if highlight is None:
        return f'<code class="language-{language}">{code}</code></pre>'
    return f'<code class="highlight language-{language}">{highlight(entities.unescape(code))}</code></pre>'


@functools.lru_cache(maxsize=128)
def _highlighter(language: str) -> Callable[[str], str] | None:
    """None for a language that Pygments doesn't know; nothing is ever guessed."""
    # Imported here: most web workers never render a post, and this takes 10 MB.
    import pygments
    from pygments.formatters.html import HtmlFormatter
    from pygments.lexers import get_lexer_by_name
    from pygments.util import ClassNotFound

    try:
        lexer = get_lexer_by_name(language, stripnl=False)
    except ClassNotFound:
        return None
    formatter = HtmlFormatter[str](nowrap=True)
    return lambda code: pygments.highlight(code, lexer, formatter)
