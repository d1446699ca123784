"""Front matter: read as it is written, and refused with a reason."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inkstone.importer.front_matter import FrontMatterError, split


@pytest.mark.parametrize(
    ("text", "fields", "body"),
    [
        ("---\ntitle: Hello\n---\nBody", {"title": "Hello"}, "Body"),
        ("\ufeff---\r\ntitle: Hello\r\n---\r\nBody\r\n", {"title": "Hello"}, "Body\r\n"),
        ("--- \ntitle: Hello\n...\nBody", {"title": "Hello"}, "Body"),
        ("---\n---\nBody", {}, "Body"),
        ("---\n# only a comment\n---", {}, ""),
        ("+++\ntitle = 'Hello'\n[extra]\nteam = 'A'\n+++\nBody", {"title": "Hello", "extra": {"team": "A"}}, "Body"),
        ("+++\r\ntitle = 'Hello'\r\n+++\r\nBody", {"title": "Hello"}, "Body"),
        ("Body\n---\nmore", None, "Body\n---\nmore"),
        ("\ufeffBody", None, "Body"),
        ("", None, ""),
        ("----\ntitle: x\n----\n", None, "----\ntitle: x\n----\n"),
    ],
)
def test_front_matter_is_split_from_the_text(text, fields, body):
    assert split(text) == (fields, body)


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("No", "No"),
        ("1.10", "1.10"),
        ("2020-01-01", "2020-01-01"),
        ("2020-02-31", "2020-02-31"),
        ("0123", "0123"),
        ("null", None),
        ("~", None),
        ("", None),
        ('""', ""),
        ("'null'", "null"),
        ("|\n  two\n  lines", "two\nlines\n"),
        ("[a, 'b', 1]", ["a", "b", "1"]),
        ("{name: A}", {"name": "A"}),
        ("!!python/object:os.system x", "x"),
    ],
)
def test_yaml_means_what_was_typed(written, value):
    assert split(f"---\nkey: {written}\n---\n")[0] == {"key": value}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("---\ntitle: a: b\n---\n", "no valid YAML in line 2"),
        ("---\na: 1\n\tb: 2\n---\n", "no valid YAML in line 3"),
        ("---\ntitle: 'open\n---\n", "no valid YAML"),
        ("---\ntitle: \x01\n---\n", "no valid YAML"),
        ("---\n- a\n- b\n---\n", "no list of fields"),
        ("---\njust text\n---\n", "no list of fields"),
        ("+++\ntitle = \n+++\n", "no valid TOML"),
        ("+++\na = 1\na = 2\n+++\n", "no valid TOML"),
        ("---\ntitle: never ends\n", "a line of --- is missing"),
        ("+++\n", "a line of +++ is missing"),
        ("---\ntitle: " + "x" * 70_000 + "\n---\n", "longer than 64 kB"),
        ("---\na: &a [x]\nb: [*a, *a]\n---\n", "aliases"),
        ("---\na: " + "[" * 30_000 + "\n---\n", "nested too deeply"),
        ("---\n" + "- " * 30_000 + "\n---\n", "nested too deeply"),
        ("+++\na = " + "[" * 30_000 + "\n+++\n", "no valid TOML"),
    ],
)
def test_broken_front_matter_is_refused_with_the_reason(text, reason):
    with pytest.raises(FrontMatterError) as refused:
        split(text)

    assert reason in str(refused.value)
    assert "\n" not in str(refused.value)


@given(st.sampled_from(["---", "+++"]), st.text(alphabet="ab:=-[]{}'\"&*!|>#%@`\n \t1\r,.?\0"))
def test_any_front_matter_is_read_or_refused(marks, text):
    try:
        fields, _ = split(f"{marks}\n{text}\n{marks}\n")
    except FrontMatterError:
        return
    assert isinstance(fields, dict)
