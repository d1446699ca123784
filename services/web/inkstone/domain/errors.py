"""What can go wrong, in the blog's own words; web/middlewares.py gives each a status."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from inkstone.domain.posts import Post


class DomainError(Exception):
    """A failure whose message may be shown to whoever made the request."""


class SignInRequired(DomainError):
    """The visitor has to sign in first."""


class Forbidden(DomainError):
    """The visitor is known and not allowed."""


class NotFound(DomainError):
    """There is nothing here, or nothing that this visitor may know of."""


class Invalid(DomainError):
    """What was sent breaks a rule; `errors` has one message for each field, "" standing for the whole."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__("; ".join(f"{field}: {message}" if field else message for field, message in errors.items()))
        self.errors = dict(errors)


class Malformed(DomainError):
    """The request can't even be read: not JSON, not UTF-8, not a form."""


class Conflict(DomainError):
    """The request contradicts what is stored, as when a key is used for two different requests."""


class Stale(DomainError):
    """The change was based on an older version than `current`, the stored post."""

    def __init__(self, current: "Post") -> None:
        super().__init__("Somebody has changed this post since you opened it.")
        self.current = current


class VersionRequired(DomainError):
    """A change has to say which version it was based on."""


class TooManyAttempts(DomainError):
    """Sign-in is slowed down; `Retry-After` says for how many seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"Too many attempts. Try again in {retry_after} seconds.")
        self.retry_after = retry_after


class Unavailable(DomainError):
    """The database can't be reached or is too busy; the same request may work in a few seconds."""


class Busy(Unavailable):
    """More requests wait for the database than it may be asked at once."""


class TooSlow(Busy):
    """The database has stopped a statement that took longer than it may."""
