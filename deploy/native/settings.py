"""The environment that the application's processes get."""

import os
from pathlib import Path

from deploy.native import keyring
from deploy.native.places import PYTHON, ROOT, Places

WEB, MIGRATE = "web", "migrate"


def remember(places: Places) -> None:
    """Note what this start was told, so that `make cli` says the same to the application."""
    told = {name: value for name, value in os.environ.items() if name.startswith("INKSTONE_")}
    told.setdefault("INKSTONE_SITE_URL", f"http://{places.address}")
    told.setdefault("INKSTONE_ADMIN_EMAIL", keyring.ADMIN_EMAIL)
    if places.groups > 1:
        # One of them leaves while the others take its work: shorter than nginx leaves it alone (nginx.py).
        told.setdefault("INKSTONE_DRAIN_SECONDS", "2")
    # nginx, which sets the forwarded headers, is on the other end of a unix socket.
    lines = [f"{name}={value}\n" for name, value in sorted(told.items()) if "\n" not in value]
    path = file(places)
    path.touch(mode=0o600)
    path.write_text("".join(lines))


def file(places: Places) -> Path:
    """Where it is noted."""
    return places.draft / "settings.env"


def remembered(places: Places) -> dict[str, str]:
    """What the start was told, and what a person wrote there since, between comments and blank lines."""
    # Not splitlines(), which parts a value at other characters too.
    lines = file(places).read_text().split("\n")
    return dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))


def environment(places: Places, user: str = WEB, bind: Path | None = None) -> dict[str, str]:
    """The machine's environment, what the start was told, and the secrets by their files; gunicorn's socket too."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith("INKSTONE_") and name != "PYTHONPATH"
    }
    told = remembered(places)
    for name in ("DATABASE_URL", "SECRET_KEYS"):
        told.pop(f"INKSTONE_{name}", None)
    ours = {
        "INKSTONE_DATABASE_URL_FILE": str(places.secrets / f"{user}_database_url"),
        "INKSTONE_SECRET_KEYS_FILE": str(places.secrets / "secret_keys"),
        "INKSTONE_BIND": f"unix:{bind or places.web_socket}",
        "PATH": f"{PYTHON.parent}:{kept.get('PATH', os.defpath)}",
        "PYTHONUNBUFFERED": "1",
    }
    if not {"INKSTONE_ADMIN_PASSWORD", "INKSTONE_ADMIN_PASSWORD_FILE"} & told.keys():
        ours["INKSTONE_ADMIN_PASSWORD_FILE"] = str(places.secrets / "admin_password")
    return kept | told | ours


def inkstone(*arguments: str) -> list[str]:
    """The command line of the application."""
    return [str(PYTHON.parent / "inkstone"), *arguments]


GUNICORN = [str(PYTHON), "-P", "-m", "gunicorn", "-c", str(ROOT / "services" / "web" / "gunicorn.conf.py")]
