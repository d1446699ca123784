"""make dev: shows what is changed, and waits out what is broken"""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.native.checkouts import FAILED, RENEWED, Development, developing
from tests.native.stacks import READY, wait_for

pytestmark = pytest.mark.xdist_group("dev")

PACKAGE = "services/web/inkstone"
HEALTH = f"{PACKAGE}/web/health.py"
HOME = f"{PACKAGE}/templates/posts/index.html"
STYLE = "services/web/editor/src/style.css"
EDITOR = "services/web/editor/src/Editor.vue"
MAIN = "{% block main %}"
FRONT_END_STAYS = "The front end stays as it is until this is mended."
# How a file is broken, and what is said of it besides its name and line.
BROKEN = [
    (HEALTH, 'text="ok\\n"', 'text="ok\\n', "SyntaxError: "),
    (HEALTH, "getLogger(__name__)", "getLogger(__nome__)", "NameError: name '__nome__' is not defined"),
    (f"{PACKAGE}/config.py", 'PREFIX = "INKSTONE_"', "PREFIX = UNKNOWN", "NameError: name 'UNKNOWN' is not defined"),
    (HOME, "{% endblock %}\n{% block head %}", "{% endblok %}\n{% block head %}", "unknown tag 'endblok'"),
    ("services/web/gunicorn.conf.py", "keepalive = 75", "keepalive = never", "NameError: name 'never' is not defined"),
]


@pytest.fixture(scope="module")
def make(folder: Path) -> Iterator[Callable[[str], Development]]:
    with developing(folder / "checkout") as make:
        yield make


@pytest.fixture(scope="module")
def running(make: Callable[[str], Development]) -> Development:
    running = make("dev")
    running.start()
    return running


@pytest.fixture
def dev(running: Development) -> Iterator[Development]:
    """The stack that most tests share; what a test has changed is put back."""
    yield running
    running.mend()


def home(dev: Development) -> str:
    reply = dev.ask("/")
    assert reply.status == 200, reply
    return reply.body.decode()


def test_changed_template_is_shown_at_once(dev: Development) -> None:
    home(dev)

    with dev.renewed():
        dev.edit(HOME, MAIN, f"{MAIN}<p>From the template.</p>")

    # No copy of a second ago.
    assert "From the template." in home(dev)
    assert f"{HOME} changed: {RENEWED}" in dev.said()


def test_changed_python_is_run(dev: Development) -> None:
    with dev.renewed():
        dev.edit(HEALTH, '"""\n    return web.Response(text="ok', '"""\n    return web.Response(text="new')

    assert dev.ask("/healthz").body == b"new\n"


def test_same_size_in_the_same_second_is_seen(dev: Development) -> None:
    """Python takes what it has compiled for current where size and second of the source are the same."""
    path = dev.keep(HEALTH)
    text = path.read_text()
    second = int(time.time()) - 10

    for answer in ("one", "two"):
        with dev.renewed():
            path.write_text(text.replace('"ok\\n"', f'"{answer}\\n"'))
            os.utime(path, (second, second))

        assert dev.ask("/healthz").body == f"{answer}\n".encode()


def test_changed_setting_is_taken(dev: Development) -> None:
    settings = dev.keep(str(dev.var / "etc/settings.env"))

    with dev.renewed():
        settings.write_text(f"# Mine\n\n{settings.read_text()}\nINKSTONE_SITE_NAME=Another name\n")

    assert "<title>Another name</title>" in home(dev)


def test_file_that_a_changed_setting_names_is_watched(dev: Development, tmp_path: Path) -> None:
    settings, password = dev.keep(str(dev.var / "etc/settings.env")), tmp_path / "password"
    password.write_text("correct horse\n")
    with dev.renewed():
        settings.write_text(f"{settings.read_text()}INKSTONE_ADMIN_PASSWORD_FILE={password}\n")

    with dev.tells(f"{password} changed: {RENEWED}"):
        password.write_text("battery staple\n")


@pytest.mark.parametrize("spoil", [Path.unlink, lambda path: path.write_bytes(b"INKSTONE_SITE_NAME=\xff\n")])
def test_settings_that_cannot_be_read_are_waited_out(dev: Development, spoil: Callable[[Path], object]) -> None:
    settings = dev.keep(str(dev.var / "etc/settings.env"))

    with dev.tells(FAILED):
        spoil(settings)

    assert "etc/settings.env changed\nThe settings can't be read: " in dev.said()
    home(dev)


def test_changed_style_sheet_is_built_and_served(dev: Development) -> None:
    with dev.renewed():
        dev.write(STYLE, f"{(dev.root / STYLE).read_text()}\n.planted {{ color: red }}\n")

    address = home(dev).split('rel="stylesheet" href="')[1].split('"')[0]
    assert b".planted{color:red}" in dev.ask(address).body


def test_broken_front_end_is_told_and_waited_out(dev: Development) -> None:
    with dev.tells(FRONT_END_STAYS):
        line = dev.edit(EDITOR, "export default {", "export default {{")

    assert "src/Editor.vue:" in dev.said()
    assert f"{line} |  export default {{{{" in dev.said()
    home(dev)


def test_front_end_that_cannot_be_built_holds_up_nothing_else(dev: Development) -> None:
    with dev.renewed(), dev.tells(FRONT_END_STAYS):
        dev.edit(EDITOR, "export default {", "export default {{")
        dev.edit(HEALTH, '"""\n    return web.Response(text="ok', '"""\n    return web.Response(text="new')

    assert dev.ask("/healthz").body == b"new\n"


@pytest.mark.parametrize(("name", "old", "new", "why"), BROKEN)
def test_error_is_told_and_waited_out(dev: Development, name: str, old: str, new: str, why: str) -> None:
    with dev.tells(FAILED):
        text = (dev.root / name).read_text()
        line = text[: text.index(old)].count("\n") + 1
        dev.write(name, text.replace(old, new, 1))

    told = dev.said().rpartition(f"{name} changed\n")[2]
    assert f'{name}", line {line}' in told
    assert why in told
    assert "Those from before go on answering until this is mended." in told
    assert "<main" in home(dev)
    assert dev.ask("/healthz").body == b"ok\n"

    with dev.renewed():
        dev.write(name, text)
    home(dev)


def test_setting_that_makes_no_sense_is_told_and_waited_out(dev: Development) -> None:
    settings = dev.keep(str(dev.var / "etc/settings.env"))

    with dev.tells(FAILED):
        settings.write_text(f"{settings.read_text()}INKSTONE_LANGUAGE=latin\n")

    assert "INKSTONE_LANGUAGE makes no sense: it is one of: en, zh." in dev.said()
    home(dev)


def test_workers_that_neither_answer_nor_end_are_told_of(dev: Development) -> None:
    with dev.tells("The new web workers neither answer nor end"):
        dev.edit(HEALTH, "import logging", "import time\n\ntime.sleep(3600)")

    assert "Those from before go on answering until they do, or until this is mended." in dev.said()
    assert dev.ask("/healthz").body == b"ok\n"


def save_by_rename(path: Path, text: str) -> None:
    beside = path.with_name(f".{path.name}.swp")
    beside.write_text(text)
    beside.replace(path)


def save_in_pieces(path: Path, text: str) -> None:
    with path.open("w") as file:
        for start in range(0, len(text), 100):
            file.write(text[start : start + 100])
            file.flush()
            time.sleep(0.02)


def save_with_backup(path: Path, text: str) -> None:
    path.rename(path.with_name(f"{path.name}~"))
    path.write_text(text)
    path.with_name(f"{path.name}~").unlink()


@pytest.mark.parametrize("save", [save_by_rename, save_in_pieces, save_with_backup])
def test_however_an_editor_saves(dev: Development, save: Callable[[Path, str], None]) -> None:
    path = dev.keep(HOME)

    with dev.renewed():
        save(path, path.read_text().replace(MAIN, f"{MAIN}<p>{save.__name__}</p>"))

    assert f"<p>{save.__name__}</p>" in home(dev)


def test_checkout_of_many_files_restarts_once(dev: Development) -> None:
    paths = [path for path in (dev.root / PACKAGE).rglob("*") if path.suffix in {".py", ".html"}]
    for path in paths:
        path.with_name(f".{path.name}.new").write_bytes(path.read_bytes())
    before = dev.said().count(RENEWED)

    with dev.renewed(), dev.held("web"):
        # However long we are kept from the processor meanwhile, they are written without a pause for those who watch.
        for path in paths:
            path.with_name(f".{path.name}.new").replace(path)
    with dev.renewed():
        dev.edit(HOME, MAIN, f"{MAIN}<p>Afterwards.</p>")

    assert f"and {len(paths) - 1} more changed" in dev.said()
    assert dev.said().count(RENEWED) == before + 2


def test_no_request_fails_meanwhile(dev: Development) -> None:
    statuses: list[int] = []
    enough = threading.Event()

    def ask() -> None:
        while not enough.is_set():
            statuses.append(dev.ask("/archive").status)

    reader = threading.Thread(target=ask)
    reader.start()
    try:
        for number in range(3):
            with dev.renewed():
                dev.edit(HOME, MAIN, f"<!-- {number} -->{MAIN}")
    finally:
        enough.set()
        reader.join()

    assert set(statuses) == {200}


def test_page_that_listens_does_not_hold_up_the_old_workers(dev: Development) -> None:
    connection = dev.connect()
    connection.request("GET", "/development/changes", headers={"host": dev.host})
    answer = connection.getresponse()
    assert answer.readline() == b"retry: 200\n"

    with dev.renewed():
        dev.edit(HOME, MAIN, f"{MAIN}<p>Heard of.</p>")

    told = answer.read().decode()
    connection.close()
    release = told.split("data: ")[1].split()[0]
    assert f"?release={release}" not in home(dev)


@pytest.mark.parametrize("mark", [b"warm.py", b"deploy.native.reloading"])
def test_killed_process_comes_back(dev: Development, mark: bytes) -> None:
    killed = [pid for pid in dev.processes() if mark in command(pid)]
    assert killed

    for pid in killed:
        with suppress(ProcessLookupError):  # workers of before may be leaving
            os.kill(pid, signal.SIGKILL)

    wait_for(lambda: dev.serves("/readyz") and not alive(killed), dev.said)
    with dev.renewed():
        dev.edit(HOME, MAIN, f"{MAIN}<p>Still watching.</p>")
    assert "Still watching." in home(dev)


def command(pid: int) -> bytes:
    with suppress(OSError):  # it ended just now
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    return b""


def alive(pids: list[int]) -> list[int]:
    return [pid for pid in pids if Path(f"/proc/{pid}").exists()]


def test_error_at_the_start_is_waited_out_and_it_ends_whole(make: Callable[[str], Development]) -> None:
    dev = make("broken")
    dev.edit(HEALTH, "import logging", "import loging")
    dev.begin()
    wait_for(lambda: FAILED in dev.said() or dev.ended(), dev.said)
    assert "No module named 'loging'" in dev.said()
    assert "Nobody answers until this is mended." in dev.said()

    dev.mend()

    wait_for(lambda: READY in dev.said() or dev.ended(), dev.said)
    home(dev)
    dev.interrupt()
    assert dev.processes() == []
    assert "Stopped." in dev.said()
