"""Search tokens, queries made of them, and the passages that are shown."""

import re
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from inkstone.domain import search
from inkstone.domain.search import highlight, query, tokens
from inkstone.storage import search as stored

# The words that InnoDB doesn't index: SELECT * FROM information_schema.INNODB_FT_DEFAULT_STOPWORD.
STOP_LIST = {
    *(
        "a",
        "about",
        "an",
        "are",
        "as",
        "at",
        "be",
        "by",
        "com",
        "de",
        "en",
        "for",
        "from",
        "how",
        "i",
        "in",
        "is",
        "it",
    ),
    *("la", "of", "on", "or", "that", "the", "this", "to", "was", "what", "when", "where", "who", "will", "with"),
    *("und", "www"),
}
TOKEN = re.compile(r"[a-z0-9]{3,84}")


def phrases(expression):
    return re.findall(r'\+"([^"]*)"', expression)


def finds(typed, text):
    """Whether the server would find a text: every phrase is somewhere in its tokens, as neighbours."""
    wanted = phrases(query(typed))
    return bool(wanted) and all(f" {phrase} " in f" {tokens(text)} " for phrase in wanted)


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("hello", "Hello, world!"),
        ("world hello", "Hello, world!"),
        ('"hello world"', "Hello, world!"),
        ("cafe", "Le Café"),
        ("café", "LE CAFE"),
        ("strasse", "Straße"),
        ("Ångström", "angstrom"),
        ("\uff46\uff55ll", "full width"),
        ("ﬁne", "fine"),
        ("привет", "Привет, мир"),
        ("Ελλάδα", "ελλαδα"),
        ("हिन्दी", "यह हिन्दी है"),
        ("a", "not a word"),
        ("was", "it was here"),
        ("as", "as you like it"),
        ("搜索", "中文搜索引擎"),
        ("中", "中文"),
        ("文搜", "中文搜索"),
        ("跨IDC", "要跨IDC部署"),
        ("跨 IDC", "要跨IDC部署"),
        ('"跨IDC 部署"', "要跨IDC部署了"),
        ("中文 引擎", "中文搜索引擎"),
        ("「搜索引擎」", "中文搜索引擎"),
        ("𠮷野家", "去𠮷野家吃饭"),
        ("カタカナ", "ｶﾀｶﾅ"),
        ("ガラス", "ｶﾞﾗｽ"),
        ("한국", "한국어"),
        ("สวัสดี", "พูดสวัสดีครับ"),
        ("C++", "Rust and C++."),
        ("c", "Rust and C++."),
        ("C++11", "since C++11"),
        ("C#", "Java, C#, Go"),
        ("F#", "f#"),
        ("i++", "for (;; i++)"),
        ("std::vec", "use std::vec::Vec;"),
        ("foo.bar()", "call foo.bar(1)"),
        ("#[derive]", "#[derive(Debug)]"),
        ("--release", "cargo build --release"),
        ("release", "cargo build --release"),
        ("/etc/passwd", "cat /etc/passwd"),
        ("snake_case", "my_snake_case_name"),
        ("case", "my_snake_case_name"),
        ("HashMap", "a HashMap of"),
        ("hashmap", "a HashMap of"),
        ("map", "a HashMap of"),
        ("hash map", "a HashMap of"),
        ("server", "HTTPServer"),
        ("kebab-case", "in kebab-case"),
        ("1.58.0", "Rust 1.58.0 is out"),
        ("I/O", "blocking I/O"),
        ("Vec<T>", "a Vec<T> of"),
        ("don't", "I don’t know"),
        ("x" * 100, "x" * 100),
    ],
)
def test_what_is_there_is_found(typed, text):
    assert finds(typed, text)


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("hell", "hello"),
        ("c++", "the letter c"),
        ("c#", "c++"),
        ("C#", "a.c#fragment"),
        ('"world hello"', "hello world"),
        ("std::map", "std and map"),
        ("索引", "搜索的引擎"),
        ("中国", "中文 国"),
        ("1.58", "1 and 58"),
        ("x" * 100, "x" * 101),
        ("", "anything"),
        ("😀 *** +-", "😀 *** +-"),
    ],
)
def test_what_is_not_there_is_not_found(typed, text):
    assert not finds(typed, text)


SAYINGS = {
    "stop": " ".join(sorted(STOP_LIST)) + " " + " ".join(sorted(word[1:] for word in STOP_LIST if word[1:])),
    "chinese": "要跨IDC部署，中文搜索引擎，去𠮷野家吃饭",
    "code": "use std::vec::Vec; HashMap snake_case C++ C# --release #[derive(Debug)] 1.58.0 I/O",
    "other": "Привет, мир! Ελλάδα พูดสวัสดีครับ 한국어 Café " + "x" * 100,
}


ASKED = {
    "stop": sorted({*STOP_LIST, "as", "here", "hat", "ill", "hen", "ho", "ith", "ww"}),
    "chinese": ["跨IDC", "跨", "中文", "搜索引擎", "𠮷野家", "饭", '"中文搜索"'],
    "code": ["std::vec", "map", "c++", "c#", "c", "snake", "--release", "derive", "1.58", "i/o", '"hashmap snake"'],
    "other": ["привет", "ελλαδα", "สวัสดี", "한국", "cafe", "x" * 100],
}


async def test_the_server_finds_what_is_there_and_nothing_else(database, cast, write):
    names = {(await write(cast.alice, name=name, content=text)).id: name for name, text in SAYINGS.items()}

    async with database.connection() as db:
        for name, questions in ASKED.items():
            for typed in questions:
                found = {names[match.post_id] for match in await stored.best(db, query(typed), limit=10)}
                assert found == {other for other, text in SAYINGS.items() if finds(typed, f"{other}\n{text}")}
                assert name in found


@given(st.text())
@example(" ".join(sorted(STOP_LIST)))
@example(" ".join(sorted(word[1:] for word in STOP_LIST)))
@example("wwww ww w http://www.example.com")
def test_tokens_are_such_that_every_server_indexes_them(text):
    for token in tokens(text).split(" ") if tokens(text) else []:
        assert TOKEN.fullmatch(token)
        assert token not in STOP_LIST


@given(st.text())
@example('"')
@example('a"b" + -c* (d) ~e @4 <f >g')
@example('"' * 100)
def test_no_input_breaks_the_syntax_of_a_query(typed):
    expression = query(typed)

    assert re.fullmatch(r'(?:\+"[a-z0-9]+(?: [a-z0-9]+)*"(?: (?=\+)|$))*', expression)
    assert len(phrases(expression)) <= search.MAX_PHRASES


@given(st.text(min_size=1, max_size=60), st.text(max_size=20), st.text(max_size=20))
def test_every_text_is_found_by_itself_wherever_it_stands(text, before, after):
    if query(text) and len(phrases(query(text))) < search.MAX_PHRASES:
        assert finds(text, f"{before} {text} {after}")


def test_only_the_beginning_of_a_very_long_query_counts():
    assert query("a " * 100_000) == '+"zza"'
    assert len(phrases(query(" ".join(f"w{n}" for n in range(100))))) == search.MAX_PHRASES


@pytest.mark.parametrize(
    "piece",
    [
        "中文搜索",
        "hello ",
        "\ufdfa",
        "aB",
        "aBc ",
        "a",
        "中a",
        "я ",
        "中я",
        "\U00020000",
        "a\u0301",
        "\u0316\u0301",
        "\0",
        "\ud800",
    ],
)
def test_a_million_characters_neither_explode_nor_take_long(piece):
    text = piece * (1_000_000 // len(piece))
    started = time.process_time()

    made = tokens(text)
    highlight(text, "搜索 a я hello")

    assert time.process_time() - started < 15
    assert len(made) <= search.MAX_TOKENS
    assert all(TOKEN.fullmatch(token) for token in made[-200:].split()[1:])


# Passages


@pytest.mark.parametrize(
    ("text", "typed", "html"),
    [
        ("Ein Café & mehr", "cafe", "Ein <mark>Café</mark> &amp; mehr"),
        ("Straße", "strasse", "<mark>Straße</mark>"),
        ("ﬁne", "fine", "<mark>ﬁne</mark>"),
        ("e\u0301te\u0301", "ete", "<mark>été</mark>"),
        ("要跨IDC部署", "跨IDC", "要<mark>跨</mark><mark>IDC</mark>部署"),
        ("中文搜索引擎", "搜索", "中文<mark>搜索</mark>引擎"),
        ("<b>bold</b>", "bold b", "&lt;<mark>b</mark>&gt;<mark>bold</mark>&lt;/<mark>b</mark>&gt;"),
        ("HashMap and map", "map", "HashMap and <mark>map</mark>"),
        ("only HashMap", "map", "only Hash<mark>Map</mark>"),
        ("C++ and C", "c++", "<mark>C++</mark> and C"),
        ("several\n\n  lines", "lines", "several <mark>lines</mark>"),
        ("nothing here", "elsewhere", "nothing here"),
        ("nothing here", "", "nothing here"),
        ("", "x", ""),
    ],
)
def test_what_was_searched_for_is_marked(text, typed, html):
    assert highlight(text, typed) == html


def test_the_passage_with_most_of_the_words_is_shown():
    text = "one " + "filler " * 200 + "one and two together " + "filler " * 200 + "two"

    html = highlight(text, "one two", 100)

    assert "<mark>one</mark> and <mark>two</mark> together" in html
    assert html.startswith("…")
    assert html.endswith("…")
    assert len(re.sub("<[^>]*>", "", html)) < 140


def test_the_beginning_is_shown_where_nothing_fits():
    assert highlight("word " * 100, "missing", 20) == "word word word word word…"


@given(st.text(max_size=300), st.text(max_size=30), st.integers(20, 200))
def test_a_passage_is_always_proper_html(text, typed, limit):
    html = highlight(text, typed, limit)

    plain = html.replace("<mark>", "").replace("</mark>", "")
    assert not set("<>\"'") & set(plain)
    assert re.fullmatch(r"(?:[^<]|<mark>[^<]+</mark>)*", html)
    assert re.fullmatch(r"(?:[^&]|&(?:amp|lt|gt|quot|#x27);)*", plain)


@given(st.text(alphabet="abc中文 é", max_size=50), st.text(alphabet="abc中文 é", min_size=1, max_size=10))
def test_what_is_found_is_marked(text, typed):
    if finds(typed, text):
        assert "<mark>" in highlight(text, typed)
