"""How Sphinx makes the site: `make docs`. Each document is plain Markdown, which reads well in the repository, too."""

import re

from sphinx.application import Sphinx

project = "Inkstone"
html_title = "Inkstone"
language = "en"
extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["example/**"]
# Links to headings, as repositories' own pages make them; one that leads nowhere is a warning, and so an error.
myst_heading_anchors = 4
highlight_language = "python3"  # of what is indented: the examples of the session cookie
pygments_style = "friendly"

html_theme = "furo"
html_static_path = ["site"]
html_css_files = ["site.css"]
html_favicon = "../services/web/editor/src/favicon.svg"
html_copy_source = False
html_show_sphinx = False
html_theme_options: dict[str, list[str]] = {"top_of_page_buttons": []}

_SECTION = re.compile(r"^## (.+)\n((?:.*\n)*?)(?=^## |\Z)", re.M)
_PAGE = re.compile(r"^- \[([^]]+)\]\((\S+)\.md\)", re.M)


# A file's name as the text of a link to it says something in the repository only: the site has the heading there.
_NAMED = re.compile(r"\[[\w.-]+\.md\](?=\([\w.-]+\.md[#)])")

# What lies beside docs/ is in the repository and not in the site; tests/test_project.py checks that it is there.
_BESIDE = re.compile(r"\[([^]\n]+)\]\(\.\./[^)\s]+\)")


def _contents(app: Sphinx, name: str, source: list[str]) -> None:
    """Give the site its table of contents: the lists of links that index.md shows in the repository."""
    source[0] = _BESIDE.sub(r"\1", _NAMED.sub("[]", source[0]))
    if name == "index":
        source[0] = _SECTION.sub(_with_tree, source[0])


def _with_tree(section: re.Match[str]) -> str:
    pages = "\n".join(f"{title} <{page}>" for title, page in _PAGE.findall(section[2]))
    return (
        f"{section[0]}\n```{{toctree}}\n:hidden:\n:caption: {section[1]}\n\n{pages}\n```\n\n" if pages else section[0]
    )


def setup(app: Sphinx) -> None:
    """Sphinx calls this."""
    app.connect("source-read", _contents)
