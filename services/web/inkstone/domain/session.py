"""The signed cookie: any replica can verify a login, and none has to remember it.

    cookie = user id + "-" + expires + "-" + SHA1(user id + "-" + credential + "-" + expires + "-" + secret key)

`credential` is the user's stored password record, so that a new password ends every session.
docs/session-cookie.doctest.md walks through it.

>>> cookie = sign("0192f1d2", "$argon2id$v=19$record", expires=1_900_000_000, key="a secret key")
>>> cookie
'0192f1d2-1900000000-90adce5632b8d5bf19663ac7b0a2c0a4588f2990'
"""

import hashlib
import hmac
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

# Canonical decimals only: no sign, no leading zero, and no more digits than a year far away needs.
_COOKIE = re.compile(r"([0-9A-Za-z]{1,64})-(0|[1-9][0-9]{0,11})-([0-9a-f]{40})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Session:
    """A cookie that is well-formed; nothing in it is believed before `signed_for` said so."""

    user_id: str
    expires: int
    signature: str

    @classmethod
    def parse(cls, cookie: str, now: float) -> Self | None:
        """None unless the cookie is exactly of the form above and expires after `now`, in seconds since the epoch.

        >>> Session.parse("0192f1d2-01900000000-" + 40 * "0", now=0) is None
        True
        """
        match = _COOKIE.fullmatch(cookie)
        if match is None or int(match[2]) <= now:
            return None
        return cls(match[1], int(match[2]), match[3])

    def signed_for(self, credential: str, keys: Iterable[str]) -> bool:
        """Whether one of the keys signed this session of the user with this credential; compared in constant time."""
        expected = [_signature(self.user_id, credential, self.expires, key) for key in keys]
        return any([hmac.compare_digest(signature, self.signature) for signature in expected])


def sign(user_id: str, credential: str, *, expires: int, key: str) -> str:
    """The cookie of a user whose password has just been checked; `expires` is in seconds since the epoch."""
    return f"{user_id}-{expires}-{_signature(user_id, credential, expires, key)}"


def _signature(user_id: str, credential: str, expires: int, key: str) -> str:
    # SHA-1 is the algorithm that was given; its collisions don't help a forger, who lacks the key.
    text = f"{user_id}-{credential}-{expires}-{key}"
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()
