"""make cli: the command line against the running stack"""

from pathlib import Path

import pytest

from tests.native.stacks import Stack, free_port

pytestmark = pytest.mark.xdist_group("native")


def test_quotes_and_spaces_arrive(stack: Stack) -> None:
    done = stack.cli("""user create eve@example.org "Eve O'Hara \\$HOME" --password-stdin""", stdin="a long password\n")

    assert done.returncode == 0, done
    assert "Eve O'Hara $HOME" in stack.cli("user list").stdout


def test_folder_is_relative_to_the_caller(stack: Stack, folder: Path) -> None:
    (folder / "my posts").mkdir()
    (folder / "my posts" / "brought.md").write_text("---\ntitle: Brought along\ndate: 2020-01-01\n---\nHello.\n")

    done = stack.cli("import markdown 'my posts'", cwd=folder)

    assert done.returncode == 0, done
    assert stack.serves("/post/brought"), stack.api("GET", "/api/posts").body


def test_migrations_run_as_the_user_who_may(stack: Stack) -> None:
    assert stack.cli("migrate").returncode == 0
    assert stack.cli("check").returncode == 0


def test_backup_is_made_in_the_callers_folder_and_checked(stack: Stack, folder: Path) -> None:
    done = stack.cli("backup whole.tar.gz", cwd=folder)

    assert done.returncode == 0, done
    assert "whole.tar.gz is whole: " in stack.cli("restore --check whole.tar.gz", cwd=folder).stdout


def test_failure_is_the_commands_own(stack: Stack) -> None:
    assert stack.cli("user passwd nobody --password-stdin", stdin="a long password\n").returncode != 0


def test_stack_that_does_not_run(folder: Path) -> None:
    stopped = Stack(folder / "stopped", free_port())

    done = stopped.cli("user list")

    assert done.returncode != 0
    assert done.stderr.splitlines()[0] == f"inkstone: no stack runs in this VAR: start it with make run ({stopped.var})"
    assert not stopped.var.exists()
