"""The session cookie: what is signed is accepted, and nothing else is."""

import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inkstone.domain.session import Session, sign

NOW = 1_800_000_000
ID = "0192f1d2a3b47c5d8e9fa0b1c2d3e4f5"
CREDENTIAL = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdC1vZi0xNi1ieXRlcw$aGFzaC1vZi10aGUtcGFzc3dvcmQ"
KEY, OTHER_KEY = "the key that signs the cookies now", "the key that did so before it changed"
COOKIE = sign(ID, CREDENTIAL, expires=NOW + 60, key=KEY)

IDS = st.text(string.ascii_letters + string.digits, min_size=1, max_size=64)
EXPIRES = st.integers(NOW + 1, 10**12 - 1)
CHARACTERS = st.one_of(st.sampled_from(string.printable), st.characters())


def accepted(cookie: str, credential: str = CREDENTIAL, keys: tuple[str, ...] = (KEY,), now: float = NOW) -> bool:
    session = Session.parse(cookie, now)
    return session is not None and session.signed_for(credential, keys)


@given(IDS, st.text(max_size=255), EXPIRES, st.text(max_size=60))
def test_what_is_signed_is_accepted(user_id, credential, expires, key):
    cookie = sign(user_id, credential, expires=expires, key=key)

    assert accepted(cookie, credential, (key,))
    assert Session.parse(cookie, NOW).user_id == user_id


@settings(max_examples=400)
@given(IDS, EXPIRES, CHARACTERS, st.data())
def test_a_cookie_with_another_character_is_refused(user_id, expires, character, data):
    cookie = sign(user_id, CREDENTIAL, expires=expires, key=KEY)
    place = data.draw(st.integers(0, len(cookie) - 1))

    changed = cookie[:place] + character + cookie[place + 1 :]

    assert accepted(changed) == (changed == cookie)


@settings(max_examples=400)
@given(IDS, EXPIRES, CHARACTERS, st.data())
def test_a_cookie_with_a_character_more_is_refused(user_id, expires, character, data):
    cookie = sign(user_id, CREDENTIAL, expires=expires, key=KEY)
    place = data.draw(st.integers(0, len(cookie)))

    assert not accepted(cookie[:place] + character + cookie[place:])


@given(IDS, EXPIRES, st.data())
def test_a_cookie_with_a_character_less_is_refused(user_id, expires, data):
    cookie = sign(user_id, CREDENTIAL, expires=expires, key=KEY)
    place = data.draw(st.integers(0, len(cookie) - 1))

    assert not accepted(cookie[:place] + cookie[place + 1 :])


def test_every_change_of_one_printable_character_of_one_cookie_is_refused():
    changed = {
        COOKIE[:place] + character + COOKIE[end:]
        for place in range(len(COOKIE) + 1)
        for character in ("", *string.printable)
        for end in (place, place + 1)
    }

    assert len(changed) > 15_000
    assert [cookie for cookie in changed if accepted(cookie)] == [COOKIE]


@given(st.text(max_size=120))
def test_anything_else_is_no_session(text):
    assert not accepted(text)


@pytest.mark.parametrize(("now", "good"), [(NOW, True), (NOW + 59.9, True), (NOW + 60, False), (NOW + 61, False)])
def test_a_cookie_expires(now, good):
    assert accepted(COOKIE, now=now) is good


def test_another_password_record_ends_the_session():
    assert not accepted(COOKIE, credential=CREDENTIAL.replace("t=2", "t=3"))


@pytest.mark.parametrize(
    ("keys", "good"), [((KEY, OTHER_KEY), True), ((OTHER_KEY, KEY), True), ((OTHER_KEY,), False), ((), False)]
)
def test_any_key_verifies_and_a_retired_one_does_not(keys, good):
    assert accepted(COOKIE, keys=keys) is good


@pytest.mark.parametrize(
    "expires",
    [
        "0" + str(NOW + 60),
        "+" + str(NOW + 60),
        " " + str(NOW + 60),
        f"{NOW + 60}.0",
        f"{NOW + 60:_}",
        "１８０００００１００",  # noqa: RUF001 - full-width digits, which int() would take
        "१८०००००१००",
        "1e12",
        "9" * 13,
        "9" * 5000,
        "",
        "-1",
    ],
)
def test_a_time_is_a_plain_decimal_number(expires):
    user_id, _, signature = COOKIE.split("-")

    assert Session.parse(f"{user_id}-{expires}-{signature}", NOW) is None
    # Not even with a hash that fits.
    assert Session.parse(sign(user_id, CREDENTIAL, expires=expires, key=KEY), NOW) is None


@pytest.mark.parametrize("space", [" ", "\n", "\t", "\r\n", "\N{NO-BREAK SPACE}", "\0"])
def test_space_around_a_cookie_is_not_forgiven(space):
    assert not accepted(space + COOKIE)
    assert not accepted(COOKIE + space)


def test_a_signature_is_forty_lower_case_digits():
    user_id, expires, signature = COOKIE.split("-")

    for wrong in (signature.upper(), signature[:-1], signature + "0", "g" * 40, ""):
        assert Session.parse(f"{user_id}-{expires}-{wrong}", NOW) is None
