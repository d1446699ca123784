"""What counts as a change for make dev"""

import threading
from pathlib import Path

import pytest
from watchdog.events import (
    DirDeletedEvent,
    DirModifiedEvent,
    FileClosedNoWriteEvent,
    FileModifiedEvent,
    FileMovedEvent,
    FileOpenedEvent,
    FileSystemEvent,
)

from deploy.native import watching
from deploy.native.install import EDITOR, STATIC, WEB
from deploy.native.watching import PACKAGE, Changes

SETTINGS = Path("/var/blog/etc/settings.env")
# As long as a test waits for nothing to happen.
MOMENT = 0.05


def seen(event: FileSystemEvent) -> set[Path]:
    changes = Changes([SETTINGS])
    changes.dispatch(event)
    return changes.wait(MOMENT)


@pytest.mark.parametrize(
    "path",
    [
        PACKAGE / "web/routes.py",
        PACKAGE / "templates/base.html",
        PACKAGE / "web/languages/zh.json",
        EDITOR / "src/Editor.vue",
        EDITOR / "vite.config.js",
        WEB / "gunicorn.conf.py",
        SETTINGS,
    ],
    ids=str,
)
def test_what_is_written_counts(path: Path) -> None:
    assert seen(FileModifiedEvent(str(path))) == {path}


@pytest.mark.parametrize(
    "path",
    [
        PACKAGE / "web/__pycache__/routes.cpython-311.pyc",
        PACKAGE / "web/.routes.py.swp",
        PACKAGE / "web/.#routes.py",
        PACKAGE / "web/routes.py~",
        PACKAGE / "web/4913",
        STATIC / "manifest.json",
        EDITOR / "node_modules/vue/package.json",
        WEB / "requirements.txt",
        SETTINGS.with_name("mysql.cnf"),
        SETTINGS.with_name("setting.py"),
    ],
    ids=str,
)
def test_what_else_is_written_does_not(path: Path) -> None:
    assert seen(FileModifiedEvent(str(path))) == set()


def test_a_rename_counts_at_both_ends() -> None:
    old, new = PACKAGE / "web/one.py", PACKAGE / "web/other.py"

    assert seen(FileMovedEvent(str(old), str(new))) == {old, new}


def test_a_folder_counts_when_it_goes_and_not_when_something_in_it_changes() -> None:
    folder = PACKAGE / "web/pages"

    assert seen(DirDeletedEvent(str(folder))) == {folder}
    assert seen(DirModifiedEvent(str(folder))) == set()


@pytest.mark.parametrize("kind", [FileOpenedEvent, FileClosedNoWriteEvent])
def test_reading_does_not_count(kind: type[FileSystemEvent]) -> None:
    assert seen(kind(str(PACKAGE / "app.py"))) == set()


def test_what_is_written_one_after_the_other_is_one_change(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "SILENCE", 1)
    paths = [PACKAGE / "app.py", PACKAGE / "config.py", PACKAGE / "keys.py"]
    changes = Changes()
    for number, path in enumerate(paths):
        threading.Timer(number * MOMENT, changes.dispatch, [FileModifiedEvent(str(path))]).start()

    assert changes.wait(10) == set(paths)


def test_where_the_kernel_watches_no_more_it_looks_by_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Exhausted(watching.Observer):
        def start(self) -> None:
            raise OSError(28, "inotify watch limit reached")

    monkeypatch.setattr(watching, "Observer", Exhausted)
    path = tmp_path / "settings.env"
    changes = Changes()

    changes.watch([path])
    try:
        path.write_text("INKSTONE_LANGUAGE=zh\n")

        assert changes.wait(10) == {path}
    finally:
        changes.stop()
    assert "inotify watch limit reached" in capsys.readouterr().out


def test_files_may_be_added_later(tmp_path: Path) -> None:
    one, other = tmp_path / "one/settings.env", tmp_path / "other/password"
    changes = Changes()
    try:
        for files in ([one], [one, other]):
            files[-1].parent.mkdir()
            changes.watch(files)

        one.write_text("A=1\n")
        other.write_text("secret\n")

        seen: set[Path] = set()
        while seen != {one, other}:
            batch = changes.wait(10)
            assert batch, seen
            seen |= batch
    finally:
        changes.stop()
