"""nginx's configuration for this machine, from the same templates that containers use."""

import os
import re
import shutil
from pathlib import Path

from deploy.native.places import ROOT, Places, bracketed
from deploy.native.problems import ProblemError
from deploy.native.render import render

SOURCE = ROOT / "services" / "nginx"


def prepare(places: Places, certificates: Path | None = None) -> None:
    """Render nginx's configuration into VAR/etc/nginx; with TLS where there is a folder of certificates."""
    target = places.etc / "nginx"
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(SOURCE, target, ignore=shutil.ignore_patterns("*.template", "Dockerfile"))
    (places.cache / "nginx").mkdir(mode=0o700, exist_ok=True)
    values = _values(places) | (_with_tls(places, certificates) if certificates else {})
    edge = f"edge.{values['NGINX_EDGE']}"
    for name, template in (("nginx", "nginx"), ("site", "site"), ("upstream", "upstream.native"), (edge, edge)):
        (target / f"{name}.conf").write_text(render(SOURCE / f"{template}.conf.template", values))


def keep_nothing(places: Places) -> None:
    """In development the newest workers answer: there is no copy of a page, and no connection to older ones."""
    folder = places.etc / "nginx"
    (folder / "snippets" / "cache.conf").write_text("# No copy of any page is kept.\n")
    upstream = folder / "upstream.conf"
    upstream.write_text(re.sub(r"(?m)^ *keepalive.*\n", "", upstream.read_text()))


def command(places: Places) -> list[str]:
    """nginx in the foreground, on what was rendered."""
    return ["nginx", "-e", "stderr", "-p", str(places.var), "-c", str(places.etc / "nginx" / "nginx.conf")]


def _values(places: Places) -> dict[str, str]:
    return {
        # Only a master that is root may choose its workers' user; VAR is closed to everybody else.
        "NGINX_MAIN": "daemon off;" + (" user root;" if os.geteuid() == 0 else ""),
        "NGINX_PID": str(places.run / "nginx.pid"),
        "NGINX_WORKERS": "auto",
        "NGINX_ACCESS_LOG": _access_log(),
        "NGINX_CACHE": str(places.cache / "nginx"),
        "NGINX_EDGE": "plain",
        "NGINX_LISTEN": f"{bracketed(places.listen)}:{places.port}",
        "NGINX_ERRORS": str(places.etc / "nginx" / "errors"),
        "WEB_SOCKET": str(places.web_socket),
    }


def _access_log() -> str:
    """Into what Supervisor keeps and rotates. Each write is one that no other process's can cut in two (PIPE_BUF)."""
    form = os.environ.get("INKSTONE_LOG_FORMAT") or "text"
    if form not in {"text", "json"}:
        raise ProblemError("INKSTONE_LOG_FORMAT makes no sense: it is one of: text, json")
    return f"/dev/stdout {form} buffer=4k flush=1s"


def _with_tls(places: Places, certificates: Path) -> dict[str, str]:
    """What containers get in production, for a check: `make run` itself speaks plain HTTP."""
    return {
        "NGINX_EDGE": "tls",
        "NGINX_CERTIFICATES": str(certificates),
        "NGINX_SITE_URL": f"https://localhost:{places.port}",
        "NGINX_LISTEN": f"{bracketed(places.listen)}:{places.port} ssl http2",
        "NGINX_PLAIN_LISTEN": f"{bracketed(places.listen)}:{places.port + 1}",
        # Older than 1.25.1 it has no directive for this, but the word above.
        "NGINX_HTTP2": "",
    }
