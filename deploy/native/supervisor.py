"""Supervisor's configuration: the same programs for `make run` and for a host of their own."""

import os
from dataclasses import dataclass

from deploy.native.places import ROOT, Places
from deploy.native.render import render

TEMPLATE = ROOT / "deploy" / "supervisord.conf.template"
PROGRAM = ROOT / "deploy" / "program.conf.template"


@dataclass(frozen=True)
class Program:
    """One program: they start from the lowest priority to the highest, and stop the other way around."""

    name: str
    priority: int
    stop_seconds: int
    stop_signal: str = "TERM"


def programs(places: Places) -> list[Program]:
    """What runs."""
    return [
        Program("mysql", 10, stop_seconds=120),  # time to write everything down
        # Longer than it takes to leave, and gunicorn's graceful_timeout after that.
        *(Program(name, 20, stop_seconds=40) for name in places.web_sockets),
        Program("nginx", 30, stop_seconds=15, stop_signal="QUIT"),  # answers what it has begun, then goes
        *([Program("counting", 40, stop_seconds=5)] if places.metrics_port else []),
    ]


def configuration(places: Places, command: str, *, reload: bool = False) -> str:
    """The text of supervisord.conf; `command` and a program's name start that program."""
    values = {
        "VAR": str(places.var),
        "LOG": str(places.log),
        "SUPERVISOR_USER": "user = root" if os.geteuid() == 0 else "",
    }
    return render(
        TEMPLATE, values | {"PROGRAMS": "\n".join(_program(each, command, values, reload) for each in programs(places))}
    )


def _program(program: Program, command: str, values: dict[str, str], reload: bool) -> str:
    reloading = "-reload" if reload and program.name == "web" else ""
    return render(
        PROGRAM,
        values
        | {
            "NAME": program.name,
            "COMMAND": f"{command} {program.name}{reloading}",
            "PRIORITY": str(program.priority),
            "STOP_SIGNAL": program.stop_signal,
            "STOP_SECONDS": str(program.stop_seconds),
        },
    )
