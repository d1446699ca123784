"""Rules for e-mails, names, passwords and roles."""

import pytest

from inkstone.domain.errors import Invalid, Malformed
from inkstone.domain.users import Credentials, PasswordChange, Registration, Role, RoleChange

GOOD = {"email": "carol@blog.test", "name": "Carol", "password": "correct horse"}


@pytest.mark.parametrize(
    ("field", "sent", "kept"),
    [
        ("email", " Carol@Blog.Test ", "carol@blog.test"),
        ("email", "a+b.c_d@x", "a+b.c_d@x"),
        ("name", "  Carol 卡罗尔 ", "Carol 卡罗尔"),
        ("name", "O'Brien-Smith 🍵", "O'Brien-Smith 🍵"),
        ("name", "x" * 50, "x" * 50),
        ("password", "  spaces count  ", "  spaces count  "),
        ("password", "密码密码密码密码密码", "密码密码密码密码密码"),
    ],
)
def test_what_may_be_registered(field, sent, kept):
    assert getattr(Registration.parse({**GOOD, field: sent}), field) == kept


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", ""),
        ("email", "carol"),
        ("email", "carol@"),
        ("email", "@blog.test"),
        ("email", "a b@blog.test"),
        ("email", "a@b@blog.test"),
        ("email", "carol@-blog.test"),
        ("email", "carol@blog..test"),
        ("email", "cärol@blog.test"),
        ("email", "carol@blog.test\nBcc: all@blog.test"),
        ("email", "c" * 245 + "@blog.test"),
        ("name", ""),
        ("name", "   "),
        ("name", "x" * 51),
        ("name", "a/b"),
        ("name", "."),
        ("name", ".."),
        ("name", "a\nb"),
        ("name", "a\u202eb"),  # turns the text around
        ("name", "a\u200bb"),  # can't be seen
        ("password", "short"),
        ("password", "x" * 201),
        ("password", "nul \0 in the middle"),
        ("role", "administrator"),
    ],
)
def test_what_may_not(field, value):
    with pytest.raises(Invalid) as caught:
        Registration.parse({**GOOD, field: value})

    assert list(caught.value.errors) == [field]


def test_a_wrong_password_is_wrong_and_never_invalid():
    assert Credentials.parse({"email": " WHO ", "password": "x" * 1000}).email == "who"
    assert PasswordChange.parse({"current": "", "new": "long enough now"}).current == ""


@pytest.mark.parametrize("role", ["reader", "author", "administrator"])
def test_roles(role):
    assert RoleChange.parse({"role": role}).role is Role(role)


@pytest.mark.parametrize("role", ["", "root", "Author", None])
def test_there_are_no_other_roles(role):
    with pytest.raises(Invalid):
        RoleChange.parse({"role": role})


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b'{"role": "author"} x', b"[" * 100_000])
def test_what_is_not_json_is_malformed(body):
    with pytest.raises(Malformed):
        RoleChange.parse_json(body)


@pytest.mark.parametrize("body", [b"null", b"[]", b'"author"', b"{}", b'{"role": {}}', b'{"role": "author", "x": 1}'])
def test_json_of_another_form_is_invalid(body):
    with pytest.raises(Invalid):
        RoleChange.parse_json(body)
