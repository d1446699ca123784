"""Nothing in the documents is left to hope: each command is run by a test, or says why it can't be"""

import re
import shlex
from pathlib import Path

import pytest

from tests.documents.blocks import INDEX, ROOT, SHELL, Block, blocks, documents, group
from tests.documents.running import Checkout

DOCUMENTS = documents()
ALL = [block for path in DOCUMENTS for block in blocks(path)]
COMMANDS = [block for block in ALL if block.language == SHELL]
# What blocks show that nobody types: outputs, drawings, files.
OTHERS = {"text", "ini", "sql", "yaml", "python", "nginx", "json", "toml"}
TYPED = re.compile(
    r"^(?!.*──)(?:[A-Z_]+=\S+ )*(?:sudo |\$ )?(?:make|docker|kubectl|curl|git|fab|inkstone|systemctl|\.venv/bin/\w+) ",
    re.M,
)
# What tests have a function for, which adds them; and what no test waits for.
HELPERS = {"docker", "compose", "make", "cli", "fab"}
ENDLESS = {"--follow"}
# The one that doctest reads: its examples end at an empty line, and so can't stand in a fence.
DOCTEST = ROOT / "docs/session-cookie.doctest.md"


@pytest.mark.parametrize("block", COMMANDS, ids=str)
def test_commands_say_how_they_are_run(block: Block) -> None:
    assert block.mark, (
        f"{block}: put one of these above it: <!-- run: GROUP -->, <!-- run by: TEST -->, <!-- not run: WHY -->"
    )


@pytest.mark.parametrize("block", [block for block in ALL if block.language != SHELL], ids=str)
def test_other_blocks_are_none_of_commands(block: Block) -> None:
    if block.path != DOCTEST:
        assert block.language in OTHERS, f"{block}: fence it, as ```sh or as one of {sorted(OTHERS)}"
        assert block.language != "text" or not TYPED.search(block.text), f"{block}: that is ```sh"


@pytest.mark.parametrize("block", [block for block in COMMANDS if block.mark and block.mark["elsewhere"]], ids=str)
def test_a_test_that_is_named_runs_such_commands(block: Block) -> None:
    assert block.mark
    path = ROOT / re.split(r"[ ,]", block.mark["elsewhere"].removeprefix("run by: "))[0]

    assert path.is_file()
    said = re.findall(r'"([\w-]+)["=]', path.read_text())
    assert [word for line in block.lines for word in words(line) if word not in said] == []


def words(line: str) -> list[str]:
    """What a line is about, as `load` in `URL=… make load`: its words and its options, without their values."""
    typed = shlex.split(line, comments=True)
    typed += [word for argument in typed if argument.startswith("ARGS=") for word in shlex.split(argument[5:])]
    found = [re.fullmatch(r"((?:--)?[a-z][\w-]*)(?:=.*)?", word) for word in typed]
    return [word[1] for word in found if word and word[1] not in HELPERS | ENDLESS]


def test_each_word_of_a_line_counts() -> None:
    line = 'URL=http://a make cli ARGS="-H b@c.example logs --lines 20 --set=A=B x.gz"   # all of it'

    assert words(line) == ["logs", "--lines", "--set"]


def test_commands_that_need_no_stack(checkout: Checkout) -> None:
    for block in group("shell"):
        checkout.run(block)


@pytest.mark.parametrize("path", DOCUMENTS[1:], ids=lambda path: path.name)
def test_the_table_of_contents_leads_to_every_document(path: Path) -> None:
    assert path == INDEX or f"({path.name})" in INDEX.read_text()
