"""How much is measured of each part: all of it, or a little (`make bench QUICK=1`)."""

import os


def hurry() -> None:
    """From now on, here and in the processes that are started."""
    os.environ["QUICK"] = "1"


def in_a_hurry() -> bool:
    return bool(os.environ.get("QUICK"))


def of(usual: int, *, quick: int = 2) -> int:
    """So many rounds, seconds or tries, or `quick` of them in a hurry."""
    return min(usual, quick) if in_a_hurry() else usual
