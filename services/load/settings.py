"""What the load generator is told, all of it in the environment as LOAD_…"""

import os
from typing import NoReturn

SCENARIOS = ("warm", "origin")


def refuse(message: str) -> NoReturn:
    """End with one line."""
    raise SystemExit(f"load: {message}")


def _number(name: str, default: int) -> int:
    value = os.environ.get(name) or str(default)
    if not value.isdecimal() or not int(value):
        refuse(f"{name} makes no sense: it is a whole number, 1 or more")
    return int(value)


EMAIL, PASSWORD = os.environ.get("LOAD_EMAIL", ""), os.environ.get("LOAD_PASSWORD", "")
# warm: who only reads is not signed in, and nginx answers from its cache. origin: everybody is signed in, so the
# application answers everything.
SCENARIO = os.environ.get("LOAD_SCENARIO") or SCENARIOS[0]
# Users at first, and seconds that are counted at each step.
USERS, SECONDS = _number("LOAD_USERS", 50), _number("LOAD_SECONDS", 30)
# One step is a constant load; more of them grow until more users bring no more requests.
STEPS = _number("LOAD_STEPS", 1)
# What goes on now, each second, for a program that shows it.
PROGRESS = bool(os.environ.get("LOAD_PROGRESS"))

if SCENARIO not in SCENARIOS:
    refuse(f"LOAD_SCENARIO makes no sense: it is {' or '.join(SCENARIOS)}")
if SCENARIO == "origin" and not EMAIL:
    refuse("the scenario origin needs an account, in LOAD_EMAIL and LOAD_PASSWORD: who is signed in bypasses the cache")
