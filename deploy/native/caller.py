"""The folder of the person who typed make, to which relative paths belong."""

import os
import re
from pathlib import Path

ANOTHER_FOLDER = re.compile(r"-[a-zA-Z]*C|--directory")


def callers_folder() -> Path:
    """Where we are, or where `make -C` was typed: make itself has then left that folder."""
    typed = os.environ.get("CALLER")
    if typed and Path(typed).is_dir() and any(ANOTHER_FOLDER.match(word) for word in _parents_words()):
        return Path(typed)
    return Path.cwd()


def _parents_words() -> list[str]:
    try:
        words = Path(f"/proc/{os.getppid()}/cmdline").read_text(errors="replace").split("\0")
    except OSError:
        return []
    return words[1:] if Path(words[0]).name in {"make", "gmake"} else []
