"""Passwords are stored with Argon2id (RFC 9106); both functions take tens of milliseconds of a core."""

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

# OWASP's smallest recommendation: 19 MiB, two passes; what several logins at once may cost a small server.
_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)

# The record of a password that nobody has: checking against it takes as long as against a real one.
_NOBODY = _hasher.hash("nobody has this password")


def record(password: str) -> str:
    """The record to store; it names its own algorithm, parameters and salt."""
    return _hasher.hash(password)


def matches(credential: str | None, password: str) -> bool:
    """Whether a password fits a record; None, for an account that doesn't exist, takes as long and never fits."""
    try:
        return _hasher.verify(credential or _NOBODY, password) and bool(credential)
    except (VerificationError, InvalidHashError):
        return False
