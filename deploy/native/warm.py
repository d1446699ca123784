"""Become gunicorn with the libraries loaded already, which is half of what a start takes; run as a program of its own.

Its arguments are gunicorn's, after its name; its environment comes as a line of JSON when it is wanted.
"""

import gc
import importlib
import json
import os
import runpy
import sys

# What takes longest to load of what the application needs.
LIBRARIES = (
    "aiohttp.web",
    "aiomysql",
    "argon2",
    "comrak",
    "cryptography.hazmat.primitives.serialization",
    "gunicorn.app.wsgiapp",
    "isal.isal_zlib",
    "jinja2",
    "nh3",
    "PIL.Image",
    "prometheus_client",
    "pydantic.json_schema",
    "pydantic.main",
    "pygments.lexers",
    "secrets",
    "uuid_utils",
    "uvloop",
    "zoneinfo",
)


def main() -> None:
    """Load, wait to be told, and go on as gunicorn; end where nobody is there any longer to tell."""
    for name in LIBRARIES:
        importlib.import_module(name)
    gc.freeze()  # the collector would look at all of it several times while the application loads
    told = sys.stdin.readline()
    if not told:
        return
    os.environ.clear()
    os.environ.update(json.loads(told))
    sys.argv = sys.argv[1:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
