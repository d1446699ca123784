"""What lines look like"""

import json
import logging
import sys
from datetime import UTC, datetime

import pytest

from inkstone.logs.forms import FORMS
from inkstone.logs.handling import Handler
from inkstone.logs.journal import JOURNAL
from inkstone.logs.scrubbing import keep_secret
from inkstone.logs.trail import TRAIL, Trail

ID = "0123456789abcdef" * 2
NOW = 1_763_835_252.0421


def request_line(form: str) -> str:
    trail = Trail(ID)
    trail.asked("posts.find", 1.0, 1.25)
    trail.asked("users.find", 2.0, 2.5)
    return FORMS[form].request(NOW, "info", trail, "post", "GET", 200, 0.8123456)


def record(message: str, *args: object, error: BaseException | None = None) -> logging.LogRecord:
    failure = (type(error), error, error.__traceback__) if error else None
    return logging.LogRecord("inkstone.somewhere", logging.WARNING, __file__, 1, message, args, failure)


def test_a_request_in_json():
    assert json.loads(request_line("json")) == {
        "time": "2025-11-22T18:14:12.042+00:00",
        "level": "info",
        "id": ID,
        "route": "post",
        "method": "GET",
        "status": 200,
        "seconds": 0.812346,
        "database_seconds": 0.75,
        "statements": 2,
    }


def test_a_request_for_people():
    here = datetime.fromtimestamp(NOW, UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S")

    assert request_line("text").split() == [
        *here.split()[:1], f"{here.split()[1]}.042", "info", "200", "GET", "post",
        *["812.3", "ms", "750.0", "ms", "in", "2", "statements"], ID,
    ]  # fmt: skip


def test_columns_are_aligned():
    lines = [
        FORMS["text"].request(NOW, level, Trail(ID), route, method, 200, seconds)
        for level, route, method, seconds in (("info", "home", "OPTIONS", 0.0), ("warning", "api_posts_id", "PUT", 4.9))
    ]

    assert len({line.index(ID) for line in lines}) == 1


@pytest.mark.parametrize("form", FORMS)
def test_what_is_said_while_a_request_is_answered_carries_its_id(form):
    token = TRAIL.set(Trail(ID))
    inside = FORMS[form].record(record("%s is %d", "one", 1))
    TRAIL.reset(token)
    outside = FORMS[form].record(record("two"))

    assert ID in inside
    assert "one is 1" in inside
    assert ID not in outside


def test_a_traceback_is_a_part_of_its_line():
    line = FORMS["json"].record(record("it failed", error=raised("one\ntwo")))

    told = json.loads(line)
    assert "\n" not in line
    assert told["message"] == "it failed"
    assert told["traceback"].startswith("Traceback (most recent call last):\n")
    assert told["traceback"].endswith("LookupError: one\ntwo")


def raised(words: str) -> BaseException:
    try:
        raise LookupError(words)
    except LookupError:
        error = sys.exc_info()[1]
        assert error
        return error


def test_nobody_can_forge_a_line():
    forged = FORMS["text"].record(record("GET /x\n2026-11-22 error\r\x1b[2J\u2028 failed"))

    assert "\n" not in forged
    assert "GET /x\\n2026-11-22 error\\r\\x1b[2J\\u2028 failed" in forged


def test_nobody_can_forge_a_line_by_a_traceback():
    forged = FORMS["text"].record(record("it failed", error=raised("x\n2026-11-22 18:00:00.000 info 200\r\x1b[2J")))

    lines = forged.split("\n")
    assert lines[-2:] == ["LookupError: x", "  2026-11-22 18:00:00.000 info 200\\r\\x1b[2J"]
    assert lines[1] == "Traceback (most recent call last):"


@pytest.mark.parametrize(
    "words",
    [
        *("INKSTONE_ADMIN_PASSWORD=hunter2222", "access_token=hunter2222", "client_secret: hunter2222"),
        *("PGPASSWORD=hunter2222", "{'csrf_token': 'hunter2222'}", '{"password": "say \'hunter2222\'"}'),
        *("Cookie: a=1; session=hunter2222", "'Set-Cookie': 'a=1; session=hunter2222'", "token=1, api-key=hunter2222"),
        "Authorization: Bearer hunter2222",
    ],
)
def test_what_is_called_a_secret_is_taken_out(words):
    line = FORMS["text"].record(record("%s", words))

    assert "hunter2222" not in line
    assert "***" in line


def test_what_only_sounds_like_one_stays():
    words = "3 tokens of passwords; (using password: YES), a cookie was set"

    assert words in FORMS["text"].record(record("%s", words))


@pytest.mark.parametrize("form", FORMS)
def test_what_cannot_be_said_is_told_in_the_same_form(form, monkeypatch):
    written = []
    handler = Handler(form)
    monkeypatch.setattr(JOURNAL, "write", written.append)

    handler.emit(record("%d", "a secret"))

    (line,) = written
    assert "what inkstone.somewhere had to say could not be written (test_forms, 1)" in line
    assert "a secret" not in line
    assert form == "text" or json.loads(line)["level"] == "warning"


@pytest.mark.parametrize("form", FORMS)
def test_secrets_are_taken_out(form):
    keep_secret(["a+secret/of ours", None, ""])
    words = "a+secret/of ours, a%2Bsecret%2Fof%20ours, mysql://ink:p4ss@db/blog"

    line = FORMS[form].record(record("%s", words, error=raised(f"again: {words}")))

    assert line.count("***") == 6
    for secret in ("secret", "p4ss"):
        assert secret not in line
