"""`inkstone import markdown FOLDER`: into a real database, again, and after changes on either side."""

import io
import json
import os
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest
from PIL import Image
from rich.console import Console

from inkstone.domain import rendering
from inkstone.domain.errors import Unavailable
from inkstone.domain.posts import Draft
from inkstone.importer import command, run
from inkstone.importer.report import Remark, Report
from inkstone.importer.run import import_folder
from inkstone.storage import imports, media, new_posts, posts, redirects, users
from inkstone.storage.database import Connection

ZOLA = """+++
title = "Rust {0}"
path = "2020/01/0{0}/Rust-{0}"
authors = ["Jane", "John"]
aliases = ["old/{0}.html"]
+++
"""


def files(root, **contents):
    for name, content in contents.items():
        file = root / name.replace("__", "/").replace("_md", ".md")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)


@pytest.fixture
def blog_folder(tmp_path):
    """Three posts of Zola's, one with an image, and what isn't to be imported."""
    folder = tmp_path / "myblog"
    files(
        folder, one__index_md=ZOLA.format(1) + "![pic](pic.png)", two_md=ZOLA.format(2) + "Two", three_md=ZOLA.format(3)
    )
    files(folder, _index_md="+++\n+++\n", broken_md="---\na: b: c\n---\n", sub__notes_md="---\ndraft: true\n---\nNotes")
    (folder / "one" / "pic.png").write_bytes(png())
    return folder


def png(size=(2, 2)):
    data = io.BytesIO()
    Image.new("RGB", size).save(data, "PNG")
    return data.getvalue()


def counts(report):
    return report.taken, report.updated, report.unchanged


async def find(database, slug):
    async with database.connection() as db:
        return await posts.find(db, slug)


async def edit(database, slug, **changes):
    async with database.transaction() as db:
        post = await posts.find(db, slug)
        draft = Draft(**{"name": post.name, "content": post.content, "status": "published", **changes})
        await posts.update(db, post, draft, rendering.render(draft), version=post.version)


async def test_a_folder_becomes_posts(database, cast, blog_folder):
    steps = []

    report = await import_folder(database, blog_folder, progress=lambda done, total: steps.append((done, total)))

    assert counts(report) == (4, 0, 0)
    assert steps[-1] == (5, 5)
    assert {remark.path: remark.text for remark in report.skipped} == {
        "_index.md": "a section's page, not a post",
        "broken.md": "the front matter is no valid YAML in line 2: mapping values are not allowed in this context",
    }
    post = await find(database, "rust-1")
    assert (post.name, post.author_name, post.published_at.isoformat()) == (
        "Rust 1",
        "Jane",
        "2020-01-01T00:00:00+00:00",
    )
    assert post.created_at == post.published_at
    assert Remark("two.md", "a post has one author: Jane, not also John") in report.warnings
    assert (await find(database, "notes")).published_at is None


async def test_images_and_old_addresses_come_along(database, cast, blog_folder):
    await import_folder(database, blog_folder)

    async with database.connection() as db:
        [medium] = await media.newest(db, limit=10, before=None, owner_id=None)
        assert await media.content(db, medium.id) == png()
        assert await redirects.find(db, "old/2.html") == "rust-2"
        assert await redirects.find(db, "2020/01/02/Rust-2") == "rust-2"
    assert medium.name == "pic.png"
    assert (await find(database, "rust-1")).content == f"![pic]({medium.url})"


async def test_authors_are_made_once_and_cant_sign_in(database, cast, blog_folder):
    files(blog_folder, alice_md="---\ntitle: A\nauthor: alice\n---\n", nobody_md="---\ntitle: N\nauthor: '..'\n---\n")

    await import_folder(database, blog_folder)

    async with database.connection() as db:
        jane = await users.find_by_name(db, "Jane")
        assert (jane.email, jane.role, jane.credential) == (None, "author", "!")
        assert len(await users.newest(db, limit=100, before=None)) == 5
    assert (await find(database, "alice")).author_id == cast.alice.id
    assert (await find(database, "nobody")).author_id == cast.ada.id


async def test_a_blog_without_an_administrator_gets_an_author_for_the_rest(database, tmp_path):
    files(tmp_path, x_md="---\ntitle: x\n---\n")

    await import_folder(database, tmp_path)

    assert (await find(database, "x")).author_name == "Imported"


async def test_a_second_run_changes_nothing(database, cast, blog_folder):
    await import_folder(database, blog_folder)
    before = [await find(database, f"rust-{n}") for n in (1, 2, 3)]

    report = await import_folder(database, blog_folder)

    assert counts(report) == (0, 0, 4)
    assert [await find(database, f"rust-{n}") for n in (1, 2, 3)] == before
    assert len(report.skipped) == 2


async def test_the_folder_may_have_moved(database, cast, blog_folder, tmp_path):
    await import_folder(database, blog_folder)
    (tmp_path / "elsewhere").mkdir()
    moved = blog_folder.rename(tmp_path / "elsewhere" / "myblog")

    assert counts(await import_folder(database, moved)) == (0, 0, 4)


async def test_a_changed_file_changes_its_post(database, cast, blog_folder):
    await import_folder(database, blog_folder)
    files(blog_folder, two_md=ZOLA.format(2).replace("Rust 2", "Renamed") + "Changed")
    (blog_folder / "one" / "pic.png").write_bytes(png((3, 3)))

    report = await import_folder(database, blog_folder)

    assert counts(report) == (0, 2, 2)
    post = await find(database, "rust-2")
    assert (post.name, post.content, post.version) == ("Renamed", "Changed", 2)
    assert counts(await import_folder(database, blog_folder)) == (0, 0, 4)


async def test_a_changed_slug_leaves_a_redirect(database, cast, tmp_path):
    files(tmp_path, x_md="---\ntitle: x\nslug: old\ndate: 2020-01-01\n---\n")
    await import_folder(database, tmp_path)
    files(tmp_path, x_md="---\ntitle: x\nslug: new\ndate: 2020-01-01\n---\n")

    assert counts(await import_folder(database, tmp_path)) == (0, 1, 0)

    assert await find(database, "old") is None
    async with database.connection() as db:
        assert await redirects.find(db, "post/old") == "new"


async def test_what_was_edited_in_the_blog_is_left_alone(database, cast, blog_folder):
    await import_folder(database, blog_folder)
    await edit(database, "rust-2", content="Edited here")
    files(blog_folder, two_md=ZOLA.format(2) + "Edited there")

    report = await import_folder(database, blog_folder)

    assert counts(report) == (0, 0, 4)
    assert (await find(database, "rust-2")).content == "Edited here"
    assert [remark.path for remark in report.warnings] == ["two.md"]


async def test_what_was_deleted_in_the_blog_comes_back(database, cast, blog_folder):
    await import_folder(database, blog_folder)
    async with database.transaction() as db:
        await posts.delete(db, await posts.find(db, "rust-2"))

    assert counts(await import_folder(database, blog_folder)) == (1, 0, 3)


async def test_addresses_that_are_taken_get_the_year_and_numbers(database, cast, write, tmp_path):
    await write(cast.alice, slug="hello")
    for folder in "abc":
        files(tmp_path, **{f"{folder}__hello_md": f"---\ntitle: In {folder}\ndate: 2020-01-01\n---\n"})

    for expected in ((3, 0, 0), (0, 0, 3)):
        assert counts(await import_folder(database, tmp_path)) == expected

    assert (await find(database, "hello-2020")).name == "In a"
    assert (await find(database, "hello-2")).name == "In b"
    assert (await find(database, "hello-3")).name == "In c"


async def test_an_old_address_leads_to_the_first_that_had_it(database, cast, tmp_path):
    for name in "ab":
        files(tmp_path, **{f"{name}_md": f"---\ntitle: {name}\naliases: [/old, {'/x' * 300}]\ndate: 2020-01-01\n---\n"})

    report = await import_folder(database, tmp_path)

    async with database.connection() as db:
        assert await redirects.find(db, "old") == "a"
    texts = [remark.text for remark in report.warnings]
    assert "the old address /old leads to another post of this import" in texts
    assert len([text for text in texts if "too long to be kept" in text]) == 1


async def test_many_posts_are_prepared_by_processes(database, cast, tmp_path):
    for n in range(3 * run._BATCH + 10):
        files(tmp_path, **{f"p{n:03}_md": f"---\ntitle: Post {n}\ndate: 2020-01-01\n---\n```rust\nfn x() {{}}\n```\n"})

    report = await import_folder(database, tmp_path, executor=ProcessPoolExecutor(2, get_context("forkserver")))

    assert counts(report) == (3 * run._BATCH + 10, 0, 0)
    assert '<span class="k">fn</span>' in (await find(database, "p041")).html


# When something fails


@pytest.fixture
def failing(monkeypatch):
    """Let the storing of posts with this name fail, so many times."""

    def fail(name, error, times=1_000_000):
        insert_many = new_posts.insert_many

        async def insert_or_fail(db, news, counters):
            nonlocal times
            await insert_many(db, news, counters)
            if times and name in [new.draft.name for new in news]:
                times -= 1
                raise error

        monkeypatch.setattr(new_posts, "insert_many", insert_or_fail)

    return fail


async def test_a_post_that_cant_be_stored_leaves_nothing_and_stops_nobody(database, cast, blog_folder, failing):
    failing("Rust 2", ValueError("a mystery"))

    report = await import_folder(database, blog_folder)

    assert counts(report) == (3, 0, 0)
    assert Remark("two.md", "can't be stored: a mystery") in report.skipped
    assert await find(database, "rust-2") is None
    async with database.connection() as db:
        assert await imports.find_many(db, ["myblog/two.md"]) == {}
        assert await redirects.find(db, "old/2.html") is None
        assert await redirects.find(db, "old/3.html") == "rust-3"


async def test_what_was_stored_though_the_answer_was_lost_is_not_stored_twice(database, cast, blog_folder, monkeypatch):
    monkeypatch.setattr(run, "_PAUSE", 0)
    commit, lost = Connection.commit, [Unavailable("The connection to the database was lost.")]

    async def commit_and_lose_the_answer(db):
        await commit(db)
        if lost:
            raise lost.pop()

    monkeypatch.setattr(Connection, "commit", commit_and_lose_the_answer)

    assert counts(await import_folder(database, blog_folder)) == (4, 0, 0)
    assert (await find(database, "rust-2")).version == 1


async def test_a_busy_database_is_asked_again(database, cast, blog_folder, failing, monkeypatch):
    monkeypatch.setattr(run, "_PAUSE", 0)
    failing("Rust 2", Unavailable("The database is busy."), times=2)

    assert counts(await import_folder(database, blog_folder)) == (4, 0, 0)


async def test_a_database_that_stays_away_ends_the_import(database, cast, blog_folder, failing, monkeypatch):
    monkeypatch.setattr(run, "_PAUSE", 0)
    failing("Rust 2", Unavailable("The database is busy."))

    with pytest.raises(Unavailable):
        await import_folder(database, blog_folder)


# At the terminal


async def test_the_command_prints_and_writes_the_report(database, database_url, cast, blog_folder, tmp_path):
    report = tmp_path / "report.json"
    program = [sys.executable, "-m", "inkstone", "import", "markdown", str(blog_folder), "--report", str(report)]
    settings = {"INKSTONE_DATABASE_URL": database_url, "INKSTONE_SECRET_KEYS": "x" * 40, "COLUMNS": "200"}
    environment = {**os.environ, **settings, "PYTHONPATH": str(Path(command.__file__).parents[2])}

    process = subprocess.run(  # noqa: ASYNC221
        program, env=environment, capture_output=True, text=True, check=False, timeout=120
    )

    assert (process.returncode, process.stderr) == (0, "")
    assert "broken.md  the front matter is no valid YAML in line 2" in process.stdout
    assert "4 taken, 0 updated, 0 unchanged, 2 skipped" in process.stdout
    written = json.loads(report.read_text())
    assert (written["taken"], len(written["skipped"])) == (4, 2)


def test_names_of_files_are_no_markup():
    console = Console(record=True, width=100, file=io.StringIO())
    report = Report()
    report.skip_post("[red]x[/red].md", "[bold]why")

    command.show(report, console)

    assert "[red]x[/red].md  [bold]why" in console.export_text()
