"""What an import did, file by file."""

from dataclasses import asdict, dataclass, field
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Remark:
    """Something to be said about a file."""

    path: str
    text: str


@dataclass(slots=True)
class Report:
    """Counts the posts by what became of them; names what was skipped and why, and what wasn't quite right."""

    posts: int = 0
    taken: int = 0
    updated: int = 0
    unchanged: int = 0
    seconds: float = 0.0
    skipped: list[Remark] = field(default_factory=list)
    warnings: list[Remark] = field(default_factory=list)

    def skip_file(self, path: str, reason: str) -> None:
        """A file that was never looked at as a post."""
        self.skipped.append(Remark(path, reason))

    def skip_post(self, path: str, reason: str) -> None:
        """A post that can't be taken."""
        self.posts += 1
        self.skipped.append(Remark(path, reason))

    def count(self, what: Literal["taken", "updated", "unchanged"]) -> None:
        self.posts += 1
        setattr(self, what, getattr(self, what) + 1)

    def warn(self, path: str, text: str) -> None:
        self.warnings.append(Remark(path, text))

    def add(self, other: "Report") -> None:
        """Count what another report says as well."""
        self.posts += other.posts
        self.taken += other.taken
        self.updated += other.updated
        self.unchanged += other.unchanged
        self.skipped += other.skipped
        self.warnings += other.warnings

    def as_json(self) -> dict[str, Any]:
        return asdict(self)
