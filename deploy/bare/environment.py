"""The settings of a host: /etc/inkstone/environment, which a setup completes and never forgets."""

import re
import shlex
from collections.abc import Mapping

from deploy.bare.layout import CERTIFICATES, LOGS, STATE
from deploy.native.places import EVERYWHERE, NUMBERS, number
from deploy.native.problems import ProblemError

HEAD = """\
# What the blog on this host is told, as a shell reads it.
# `fab setup --set NAME=value` writes it, and the next `fab deploy` applies it.
"""
TLS = {"PORT": "443", "PLAIN_PORT": "80", "CERTIFICATES": CERTIFICATES}
# Where things lie is the same on every host (layout.py).
FIXED = {"VAR", "LOGS"}
NAME = re.compile(r"[A-Z][A-Z0-9_]*")
DEFAULTS = {
    **{"VAR": STATE, "LOGS": LOGS, "WEB_GROUPS": "2", "INKSTONE_LOG_FORMAT": "json"},
    **{"PORT": "80", "METRICS_PORT": "8081"},
}


def completed(text: str, told: Mapping[str, str], host: str, listen: str = EVERYWHERE[0]) -> str:
    """The same settings with what was told now, and with what every host needs."""
    wanted = read(text) | dict(told)
    now = DEFAULTS | {"LISTEN": listen} | {name: value for name, value in wanted.items() if value}
    default_url = f"http://{host}" + ("" if now["PORT"] == "80" else f":{now['PORT']}")
    now.setdefault("INKSTONE_SITE_URL", default_url)
    if now.get("CERTIFICATES") and not now["INKSTONE_SITE_URL"].startswith("https://"):
        raise ProblemError("with TLS readers need an address for it: --set INKSTONE_SITE_URL=https://blog.example.org")
    return HEAD + "".join(f"{name}={shlex.quote(value)}\n" for name, value in sorted(now.items()))


def read(text: str) -> dict[str, str]:
    """The settings in a file.

    >>> read("# no\\nPORT=80\\nINKSTONE_SITE_NAME='My blog'\\n")
    {'PORT': '80', 'INKSTONE_SITE_NAME': 'My blog'}
    """
    lines = [shlex.split(line, comments=True) for line in text.splitlines()]
    return dict(word.split("=", 1) for words in lines for word in words if "=" in word)


def told(words: list[str]) -> dict[str, str]:
    """NAME=value as typed behind --set; an empty value forgets a setting.

    >>> told(["INKSTONE_LANGUAGE=zh"])
    {'INKSTONE_LANGUAGE': 'zh'}
    """
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or not NAME.fullmatch(name) or "\n" in value:
            raise ProblemError(f"--set {word} makes no sense: it has the form INKSTONE_SITE_NAME='My blog'")
        if name in FIXED:
            raise ProblemError(f"{name} can't be chosen on a host: it is {DEFAULTS[name]}")
        if name in NUMBERS and value:
            number(name, value)
    return dict(word.split("=", 1) for word in words)
