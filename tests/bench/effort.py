"""How much is measured: all of it, or a little of everything (`make bench QUICK=1`)."""

import os


def be_quick() -> None:
    """From now on, here and in the processes that are started."""
    os.environ["QUICK"] = "1"


def quick() -> bool:
    return bool(os.environ.get("QUICK"))


def rounds(usual: int, *, least: int = 2) -> int:
    """How often to measure what is usually measured so many times."""
    return min(usual, least) if quick() else usual
