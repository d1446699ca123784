"""What a browser without JavaScript makes of a page: its links, its form's fields and what they hold."""

from html.parser import HTMLParser


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.fields: dict[str, str] = {}
        self._text = ""
        self._textarea: str | None = None
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        if tag == "a":
            self.links.append(attributes.get("href", ""))
        name = attributes.get("name", "")
        if tag == "input" and name:
            self.fields[name] = attributes.get("value", "")
        elif tag == "textarea":
            self._textarea, self._text = name, ""
        elif tag == "select":
            self._select = name
        elif tag == "option" and "selected" in attributes:
            self.fields[self._select] = attributes["value"]

    def handle_data(self, data: str) -> None:
        self._text += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea" and self._textarea:
            # HTML has one kind of line break, and drops one after the tag.
            self.fields[self._textarea] = self._text.replace("\r\n", "\n").removeprefix("\n")
            self._textarea = None


def _read(page: str) -> _Reader:
    reader = _Reader()
    reader.feed(page)
    return reader


def fields(page: str) -> dict[str, str]:
    """The values of a page's form fields by name; one that comes twice has its last."""
    return _read(page).fields


def links(page: str) -> list[str]:
    """Where a page leads, in order."""
    return _read(page).links


def posts(page: str) -> list[str]:
    """The addresses of the posts that a page lists, each once."""
    return list(dict.fromkeys(link.partition("#")[0] for link in links(page) if link.startswith("/post/")))


def older(page: str) -> str | None:
    """Where the list goes on."""
    return next((link for link in links(page) if "before=" in link and not link.startswith("/signin")), None)
