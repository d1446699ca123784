"""Make the secrets of a container stack: once, in volumes that are given to those only who need them."""

import os
import secrets
from pathlib import Path

FOLDER = Path(os.environ.get("SECRETS", "/run/inkstone"))
LINE = "Secrets are in their volumes: {made} made, {kept} kept."


def main() -> None:
    """Make what is missing, keep what is there."""
    made = [
        once("mysql/root_password", secrets.token_urlsafe(36)),
        once("mysql/web_password", secrets.token_urlsafe(36)),
        once("mysql/migrate_password", secrets.token_urlsafe(36)),
        once("web/secret_keys", secrets.token_urlsafe(48)),
        once("job/admin_password", os.environ.get("INKSTONE_ADMIN_PASSWORD") or secrets.token_urlsafe(12)),
    ]
    write("web/database_url", database_url("web"))
    write("job/database_url", database_url("migrate"))
    write("job/secret_keys", (FOLDER / "web/secret_keys").read_text().strip())
    print(LINE.format(made=sum(made), kept=len(made) - sum(made)))  # noqa: T201 - to the job's log


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


def database_url(user: str) -> str:
    """The address of the stack's database for one of its two users."""
    password = (FOLDER / f"mysql/{user}_password").read_text().strip()
    return f"mysql://inkstone_{user}:{password}@mysql:3306/inkstone"


main()
