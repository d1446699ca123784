"""Password records."""

import pytest

from inkstone.domain import passwords


def test_a_password_fits_its_record():
    credential = passwords.record("correct horse 电池")

    assert passwords.matches(credential, "correct horse 电池")
    assert not passwords.matches(credential, "correct horse 电池 ")
    assert not passwords.matches(credential, "")


def test_a_record_is_argon2id_and_salted():
    first, second = passwords.record("the same"), passwords.record("the same")

    assert first != second
    assert first.startswith("$argon2id$v=19$")
    assert "the same" not in first
    assert len(first) <= 255  # the column


@pytest.mark.parametrize(
    "credential", [None, "", "!", "nonsense", "$argon2id$v=19$m=8,t=1,p=1$x$y", "nobody has this password"]
)
def test_an_account_without_a_password_takes_none(credential):
    for password in ("", "nobody has this password", "nonsense"):
        assert not passwords.matches(credential, password)
