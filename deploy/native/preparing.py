"""What a stack has to have before its programs start: secrets, a database, and a configuration for each."""

from deploy.native import checks, database, keyring, nginx, settings, supervisor
from deploy.native.places import Places
from deploy.native.problems import ProblemError


def prepare(places: Places, command: str, *, reload: bool = False) -> None:
    """Make what is missing and write every configuration; `command` and a program's name start that program."""
    checks.free_space(places)
    try:
        keyring.ensure(places)
        settings.remember(places)
        database.prepare(places)
        nginx.prepare(places)
        if reload:
            nginx.keep_nothing(places)
        (places.draft / "supervisord.conf").write_text(supervisor.configuration(places, command, reload=reload))
    except OSError as error:
        raise ProblemError(f"VAR cannot be prepared: {error.strerror}: {error.filename or places.var}") from error
