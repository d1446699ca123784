"""Templates with ${NAME} in them, filled in as envsubst does."""

import re
from pathlib import Path

PLACEHOLDER = re.compile(r"\$\{([A-Z][A-Z0-9_]*)\}")


def render(template: Path, values: dict[str, str]) -> str:
    """Fill in every placeholder; one without a value is a mistake of ours and raises KeyError."""
    return PLACEHOLDER.sub(lambda found: values[found[1]], template.read_text())
