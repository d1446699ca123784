"""Users, their roles, and the rules for names, e-mails and passwords."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, StringConstraints
from pydantic_core import PydanticCustomError

from inkstone.domain.validation import NO_NUL, Input

# What <input type="email"> accepts (HTML Living Standard, 4.10.5.1.5), so that form and server agree.
_LABEL = "[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
_EMAIL = rf"^[a-zA-Z0-9.!#$%&'*+/=?^_`{{|}}~-]+@{_LABEL}(?:\.{_LABEL})*$"


class Role(StrEnum):
    """What somebody may do; each role may do everything that the ones below it may."""

    ADMINISTRATOR = "administrator"
    AUTHOR = "author"
    READER = "reader"


def _presentable(name: str) -> str:
    if not name.isprintable() or "/" in name or name in {".", ".."}:
        raise PydanticCustomError("name", "A name is made of printable characters, without a slash.")
    return name


Email = Annotated[str, StringConstraints(strip_whitespace=True, to_lower=True, max_length=254, pattern=_EMAIL), NO_NUL]
Name = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=50), NO_NUL, AfterValidator(_presentable)
]
Password = Annotated[str, StringConstraints(min_length=10, max_length=200), NO_NUL]


class Registration(Input):
    """What somebody sends who wants an account."""

    email: Email
    name: Name
    password: Password


class Credentials(Input):
    """What somebody sends to sign in; its limits are wide, so that a wrong password is wrong and never invalid."""

    email: Annotated[str, StringConstraints(strip_whitespace=True, to_lower=True, max_length=254), NO_NUL]
    password: Annotated[str, StringConstraints(max_length=1000), NO_NUL]


class PasswordChange(Input):
    """What somebody sends to change the password."""

    current: Annotated[str, StringConstraints(max_length=1000), NO_NUL]
    new: Password


class RoleChange(Input):
    """What an administrator sends to change somebody's role."""

    role: Role


@dataclass(frozen=True, slots=True)
class User:
    """Somebody with an account; `email` is None for an author who came with an import and can't sign in yet."""

    id: str
    email: str | None
    name: str
    role: Role
    credential: str
    created_at: datetime

    @property
    def is_administrator(self) -> bool:
        return self.role is Role.ADMINISTRATOR

    @property
    def may_write(self) -> bool:
        return self.role in {Role.ADMINISTRATOR, Role.AUTHOR}
