"""The command line as a person runs it: a process of its own."""

import os
import subprocess
import sys

from tests.servers import KEYS, ROOT

_START = "import sys; from inkstone.__main__ import main; sys.argv[0] = 'inkstone'; main()"


def start(*arguments: str, database_url: str | None = None, **settings: str) -> "subprocess.Popen[str]":
    """`inkstone ARGUMENTS`; `settings` are further INKSTONE_ settings, by their plain names."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("INKSTONE_")}
    environment["PYTHONPATH"] = str(ROOT / "services" / "web")
    if database_url:
        settings = {"DATABASE_URL": database_url, "SECRET_KEYS": ",".join(KEYS)} | settings
    environment |= {f"INKSTONE_{name}": value for name, value in settings.items()}
    command = [sys.executable, "-c", _START, *arguments]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, env=environment, stdin=pipe, stdout=pipe, stderr=pipe, text=True, cwd=ROOT)


def inkstone(
    *arguments: str, typed: str = "", database_url: str | None = None, **settings: str
) -> "subprocess.CompletedProcess[str]":
    """Run it to its end, with `typed` on its standard input."""
    process = start(*arguments, database_url=database_url, **settings)
    output, error = process.communicate(typed)
    return subprocess.CompletedProcess(arguments, process.returncode, output, error)
