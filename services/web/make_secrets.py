"""Make the secrets of a container stack: once, in volumes that are given to those only who need them."""

import os
import re
import secrets
import sys
from pathlib import Path
from typing import NoReturn

FOLDER = Path(os.environ.get("SECRETS", "/run/inkstone"))
# What has no meaning of its own in SQL, in a URL or in a shell.
PLAIN = re.compile(r"[A-Za-z0-9._~-]+")

LINE = "Secrets are in their volumes: {made} made, {kept} kept."
BROKEN = "the secret {name} is {what}: bring back its volume, or what was in it; see docs/containers.md."
WEAK = "INKSTONE_ADMIN_PASSWORD makes no sense: it is one line of 10 to 200 characters."


def main() -> None:
    """Make what is missing, keep what is there; end with one line where that can't be used."""
    made = [
        once("job/admin_password", wished_password() or secrets.token_urlsafe(12)),
        once("mysql/root_password", secrets.token_urlsafe(36)),
        once("mysql/web_password", secrets.token_urlsafe(36)),
        once("mysql/migrate_password", secrets.token_urlsafe(36)),
        once("web/secret_keys", secrets.token_urlsafe(48)),
        once("grafana/admin_password", secrets.token_urlsafe(12)),
        once("grafana/secret_key", secrets.token_urlsafe(36)),
    ]
    for name in ("mysql/root_password", "mysql/web_password", "mysql/migrate_password"):
        secret(name)
    write("web/database_url", database_url("web"))
    write("job/database_url", database_url("migrate"))
    write("job/secret_keys", secret("web/secret_keys"))
    print(LINE.format(made=sum(made), kept=len(made) - sum(made)))  # noqa: T201 - to the job's log


def wished_password() -> str:
    """What the administrator's password shall be; looked at before it is kept, for it is never asked for again."""
    wished = os.environ.get("INKSTONE_ADMIN_PASSWORD", "").strip()
    if wished and not (10 <= len(wished) <= 200 and wished.isprintable()):
        refuse(WEAK)
    return wished


def once(name: str, value: str) -> bool:
    """Write a secret unless it is there; True where it was not."""
    if (FOLDER / name).exists():
        return False
    write(name, value)
    return True


def write(name: str, value: str) -> None:
    # Moved into place whole: a start that was cut short must not leave an empty password. Readable by every user,
    # for each container has one of its own: who may read is decided by which volume is mounted where.
    unfinished = FOLDER / f"{name}.new"
    unfinished.write_text(f"{value}\n")
    unfinished.chmod(0o444)
    unfinished.rename(FOLDER / name)


def secret(name: str) -> str:
    """A secret that is there, and can be used."""
    try:
        value = (FOLDER / name).read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        refuse(BROKEN.format(name=name, what=f"not to be read ({error})"))
    if not value:
        refuse(BROKEN.format(name=name, what="empty"))
    if name.startswith("mysql/") and not PLAIN.fullmatch(value):
        refuse(BROKEN.format(name=name, what="not made of letters, digits and - only"))
    return value


def database_url(user: str) -> str:
    """The address of the stack's database for one of its two users."""
    return f"mysql://inkstone_{user}:{secret(f'mysql/{user}_password')}@mysql:3306/inkstone"


def refuse(message: str) -> NoReturn:
    """End with one line that says why."""
    sys.stderr.write(f"inkstone: {message}\n")
    sys.exit(1)


main()
