"""nginx's configuration for this machine, from the same templates that containers use."""

import os
import re
import shutil
from hashlib import blake2b
from pathlib import Path

from deploy.native.places import EVERYWHERE, ROOT, Places, bracketed
from deploy.native.problems import ProblemError
from deploy.native.render import render

SOURCE = ROOT / "services" / "nginx"

# Twice as long as one takes to leave (settings.py). Its socket is gone at once, and trying it in vain costs little.
LEFT_ALONE = 4


def prepare(places: Places) -> None:
    """Render nginx's configuration; with TLS where there is a folder of certificates."""
    target = places.draft / "nginx"
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(SOURCE, target, ignore=shutil.ignore_patterns("*.template", "*.sh", "Dockerfile"))
    (places.cache / "nginx").mkdir(mode=0o700, exist_ok=True)
    values = _values(places) | (_with_tls(places, places.certificates) if places.certificates else {})
    edge = f"edge.{values['NGINX_EDGE']}"
    templates = {"nginx": "nginx", "site": "site", "upstream": "upstream.native", edge: edge}
    if places.metrics_port:
        templates |= {"counting": "counting", "metrics": "metrics.native"}
    for name, template in templates.items():
        (target / f"{name}.conf").write_text(render(SOURCE / f"{template}.conf.template", values))


def keep_nothing(places: Places) -> None:
    """In development the newest workers answer: there is no copy of a page, and no connection to older ones."""
    folder = places.draft / "nginx"
    (folder / "snippets" / "cache.conf").write_text("# No copy of any page is kept.\n")
    upstream = folder / "upstream.conf"
    upstream.write_text(re.sub(r"(?m)^ *keepalive.*\n", "", upstream.read_text()))


def command(places: Places) -> list[str]:
    """nginx in the foreground, on what was rendered."""
    return ["nginx", "-e", "stderr", "-p", str(places.var), "-c", str(places.draft / "nginx" / "nginx.conf")]


def digest(folder: Path) -> str:
    """The same for two rendered configurations that are equal to the byte."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return blake2b(repr([(path.relative_to(folder), path.read_bytes()) for path in files]).encode()).hexdigest()


def taken(places: Places) -> Path:
    """Where it is noted which configuration nginx works with, by its digest."""
    return places.run / "nginx.taken"


def _values(places: Places) -> dict[str, str]:
    return {
        # Only a master that is root may choose its workers' user; VAR is closed to everybody else.
        "NGINX_MAIN": "daemon off;" + (" user root;" if os.geteuid() == 0 else ""),
        "NGINX_PID": str(places.nginx_pid),
        "NGINX_WORKERS": "auto",
        "NGINX_ACCESS_LOG": _access_log(),
        "NGINX_CACHE": str(places.cache / "nginx"),
        "NGINX_EDGE": "plain",
        "NGINX_LISTEN": _listen(places, places.port),
        "NGINX_ERRORS": str(places.etc / "nginx" / "errors"),
        "NGINX_COUNTING": str(places.counting),
        "NGINX_METRICS_LISTEN": f"{bracketed(places.metrics_listen)}:{places.metrics_port}",
        "WEB_SERVERS": _servers(places),
        "WEB_GROUPS": _groups(places),
        "WEB_NAMES": "|".join(places.web_sockets),
    }


def _listen(places: Places, port: int, words: str = "") -> str:
    """Both kinds of addresses for `::`: one socket for both would show nginx IPv4's as parts of one network."""
    addresses = EVERYWHERE if places.listen == EVERYWHERE[1] else [places.listen]
    return "; listen ".join(f"{bracketed(address)}:{port}{words}" for address in addresses)


def _access_log() -> str:
    """Into what Supervisor keeps and rotates. Each write is one that no other process's can cut in two (PIPE_BUF)."""
    form = os.environ.get("INKSTONE_LOG_FORMAT") or "text"
    if form not in {"text", "json"}:
        raise ProblemError("INKSTONE_LOG_FORMAT makes no sense: it is one of: text, json")
    return f"/dev/stdout {form} buffer=4k flush=1s"


def _servers(places: Places) -> str:
    """Each group of web workers; one of several that fails, or leaves, is left alone for a while."""
    word = f" max_fails=1 fail_timeout={LEFT_ALONE}s" if places.groups > 1 else ""
    return "\n  ".join(f'server "unix:{socket}"{word};' for socket in places.web_sockets.values())


def _groups(places: Places) -> str:
    """Each group by itself; the only one is `web` already."""
    if places.groups == 1:
        return ""
    return "\n".join(f'upstream {name} {{ server "unix:{socket}"; }}' for name, socket in places.web_sockets.items())


def _with_tls(places: Places, certificates: Path) -> dict[str, str]:
    """What a host of its own may have, and containers have in production: `make run` itself speaks plain HTTP."""
    return {
        "NGINX_EDGE": "tls",
        "NGINX_CERTIFICATES": str(certificates),
        "NGINX_SITE_URL": os.environ.get("INKSTONE_SITE_URL") or f"https://localhost:{places.port}",
        "NGINX_LISTEN": _listen(places, places.port, " ssl http2"),
        "NGINX_PLAIN_LISTEN": _listen(places, places.plain_port),
        # Older than 1.25.1 it has no directive for this, but the word above.
        "NGINX_HTTP2": "",
    }
