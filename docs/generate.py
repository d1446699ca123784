"""Write what is known elsewhere into docs/: the settings from the module that reads them, the API from its description.

`make docs` runs it; tests/documents/test_generated.py compares.
"""

from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

from docs import reference
from inkstone.config import PREFIX, Settings

DOCS = Path(__file__).parent
BEGIN, END = "<!-- begin: written by make docs from services/web/inkstone/config.py -->", "<!-- end -->"


def generated() -> dict[Path, str]:
    """What each of these documents has to be."""
    settings = DOCS / "settings.md"
    return {
        settings: between(settings.read_text(encoding="utf-8"), "\n".join(settings_table())),
        DOCS / "api-reference.md": "\n".join(reference.lines()) + "\n",
    }


def between(text: str, made: str) -> str:
    """The text with what was made between its two marks."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{made}\n\n{END}{after}"


def settings_table() -> Iterator[str]:
    """A row for each setting of the application, in the order in which it reads them."""
    yield "| setting | default | what it is |"
    yield "| --- | --- | --- |"
    for setting in fields(Settings):
        default = setting.metadata["default"]
        shown = f"`{default}`" if default else "none"
        yield f"| `{PREFIX}{setting.name.upper()}` | {shown} | {setting.metadata['help']} |"


if __name__ == "__main__":
    for path, text in generated().items():
        path.write_text(text, encoding="utf-8")
