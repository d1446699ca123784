"""What can be wrong with an archive."""

from inkstone.domain.errors import DomainError


class ArchiveError(DomainError):
    """An archive can't be written or read: what is wrong with it, without its name."""
