"""The stack's own secrets: made once, at the first start, readable by nobody else."""

import os
import secrets
from urllib.parse import quote

from deploy.native.places import Places

NAMES = ("secret_keys", "web_password", "migrate_password", "admin_password")
ADMIN_EMAIL = "admin@example.org"


def ensure(places: Places) -> None:
    """Make what is missing, keep what is there."""
    for name in NAMES:
        if not (places.secrets / name).exists():
            write(places, name, secrets.token_urlsafe(12 if name == "admin_password" else 36))
    for user in ("web", "migrate"):
        write(places, f"{user}_database_url", _database_url(places, user))


def read(places: Places, name: str) -> str:
    """One secret, as it was made."""
    return (places.secrets / name).read_text().strip()


def _database_url(places: Places, user: str) -> str:
    socket = quote(str(places.mysql_socket))
    return f"mysql://inkstone_{user}:{read(places, f'{user}_password')}@localhost/inkstone?unix_socket={socket}"


def write(places: Places, name: str, value: str) -> None:
    """Keep a secret, whole or not at all: a start that was cut short must not leave an empty password."""
    path = places.secrets / f".{name}"
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(f"{value}\n")
    path.rename(places.secrets / name)
