"""Comments and draft saves through the application, beside the same transactions by a minimal script."""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from inkstone.domain import rendering
from inkstone.domain.posts import Draft
from inkstone.domain.session import sign
from tests.bench import effort, fill
from tests.bench.load import Sample, load
from tests.bench.minimal import CLIENTS
from tests.bench.results import Part
from tests.bench.servers import APPLICATION, Server, database, database_pid, environment, gunicorn
from tests.servers import KEYS

POSTS = 200
READERS = 100
DRAFTS = 1000
ROUNDS = 3
SECONDS = 2
WORKERS = (1, 2)
CREDENTIAL = "nobody signs in with it"
COMMENT = "Thank you, this *helped* me with `tide.read()`. The second part is what I was looking for."
PARAGRAPHS = 4
KINDS = {"comments": "comments below many posts", "hot": "comments below one post", "drafts": "draft saves"}

BEHIND_HTTP = "tests.bench.minimal:application"

Figures = tuple[float, float]
"""Writes a second, and milliseconds of the writing processes' time for each."""


def run(say: Callable[[str], None]) -> Part:
    """With one worker or process each, and with two."""
    part = Part("writes", "Writes, each of them on the disk before it is answered")
    with TemporaryDirectory(prefix="ink-bench-") as folder, database(durable=True) as url:
        fill.fill(url, POSTS)
        author, posts = _posts(url)
        _people(url, author, posts[0])
        _drafts(url, author)
        _requests(Path(folder), author, posts)
        part.notes.append(f"{CLIENTS} clients; innodb_flush_log_at_trx_commit = 1; drafts of {PARAGRAPHS * 500} bytes")
        for workers in WORKERS[: effort.of(len(WORKERS), quick=1)]:
            _measure(part, url, Path(folder), workers, say)
    return part


def _measure(part: Part, url: str, folder: Path, workers: int, say: Callable[[str], None]) -> None:
    """The blog, the script, and the script behind aiohttp, in turn."""
    number = str(workers)
    with (
        gunicorn(APPLICATION, url, INKSTONE_WORKERS=number) as blog,
        gunicorn(BEHIND_HTTP, url, INKSTONE_WORKERS=number) as plain,
    ):
        blog.wait("/readyz")
        for kind, name in KINDS.items():
            say(f"{name}, × {workers}")
            _ask(plain, url, kind, folder, 1)
            _ask(blog, url, kind, folder, 1)
            rounds = [_round(blog, plain, url, kind, folder) for _ in range(effort.of(ROUNDS, quick=1))]
            _add(part, f"{name} × {workers}", rounds)


def _round(blog: Server, plain: Server, url: str, kind: str, folder: Path) -> dict[str, Figures]:
    ours, behind = (_ask(server, url, kind, folder, SECONDS) for server in (blog, plain))
    return {
        "Inkstone": (ours.per_second, ours.cpu["worker"]),
        "script": _script(url, kind, folder, len(blog.workers)),
        "script behind aiohttp": (behind.per_second, behind.cpu["worker"]),
    }


def _add(part: Part, name: str, rounds: list[dict[str, Figures]]) -> None:
    for who in rounds[0]:
        part.figure(f"{name}, {who}", "writes/s", [one[who][0] for one in rounds])
    for who in rounds[0]:
        part.figure(f"{name}, {who}, processor", "CPU ms/write", [one[who][1] for one in rounds])
    part.goal(f"{name}, of the script's", part.ratio(f"{name}, Inkstone", f"{name}, script"), "at least", 0.6)


def _ask(server: Server, url: str, kind: str, folder: Path, seconds: int) -> Sample:
    watched = {"worker": server.workers, "database": [database_pid(url)]}
    return load(server.url, seconds, watched, connections=CLIENTS, requests=folder / f"{kind}.requests")


def _script(url: str, kind: str, folder: Path, processes: int) -> Figures:
    """The same of all its processes."""
    command = [sys.executable, "-m", "tests.bench.minimal", kind, str(folder / f"{kind}.values"), str(SECONDS)]
    started = [subprocess.Popen(command, env=environment(url), stdout=subprocess.PIPE) for _ in range(processes)]
    told = [json.loads(process.communicate()[0]) for process in started]
    cpu = sum(one["cpu"] for one in told) * 1000 / sum(one["written"] for one in told)
    return sum(one["written"] / one["seconds"] for one in told), cpu


def _posts(url: str) -> tuple[str, list[str]]:
    """Who has written them all, and their ids."""
    with fill.connect(url) as db, db.cursor() as cursor:
        cursor.execute("SELECT author_id, id FROM posts ORDER BY id DESC")
        rows = cursor.fetchall()
    return rows[0][0], [row[1] for row in rows]


def _people(url: str, author: str, post: str) -> None:
    """Readers who are trusted, each with a comment that was approved before."""
    with fill.connect(url) as db, db.cursor() as cursor:
        cursor.execute("UPDATE users SET credential = %s", (CREDENTIAL,))
        cursor.executemany(
            "INSERT INTO users (id, email, name, role, credential, created_at) VALUES (%s, %s, %s, 'reader', %s, %s)",
            [(_reader(n), f"reader{n}@blog.test", f"Reader {n}", CREDENTIAL, fill.NEWEST) for n in range(READERS)],
        )
        cursor.executemany(
            "INSERT INTO comments (id, post_id, post_author_id, author_id, content, html, status, created_at)"
            " VALUES (%s, %s, %s, %s, 'x', '<p>x</p>', 'approved', %s)",
            [(f"{n:031x}f", post, author, _reader(n), fill.NEWEST) for n in range(READERS)],
        )


def _reader(number: int) -> str:
    return f"{number + 1:032x}"


def _draft_id(number: int) -> str:
    return f"{number:031x}d"


def _drafts(url: str, author: str) -> None:
    rendered = rendering.render(Draft.parse({"name": "Draft", "content": fill.markdown(0, PARAGRAPHS)}))
    with fill.connect(url) as db, db.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO posts (id, slug, name, summary, excerpt, content, html, tags, author_id, published_at,"
            " created_at, updated_at, version, comment_count)"
            " VALUES (%s, %s, 'Draft', '', '', '', %s, '[]', %s, NULL, %s, %s, 1, 0)",
            [(_draft_id(n), f"draft-{n}", rendered.html, author, fill.NEWEST, fill.NEWEST) for n in range(DRAFTS)],
        )
        cursor.executemany(
            "INSERT INTO post_search (post_id, name_tokens, tokens, text) VALUES (%s, %s, %s, %s)",
            [(_draft_id(n), rendered.name_tokens, rendered.tokens, rendered.text) for n in range(DRAFTS)],
        )


def _requests(folder: Path, author: str, posts: list[str]) -> None:
    """What wrk sends, and the values of the same transactions for the script."""
    for kind, ids in (("comments", posts), ("hot", posts[:1])):
        _write(folder, kind, [_comment(ids[n % len(ids)], _reader(n % READERS), n) for n in range(1000)])
    _write(folder, "drafts", [_draft(n, author) for n in range(DRAFTS)])


Line = tuple[str, str, str, dict[str, str], list[str]]
"""Method, path, who asks, what is sent, and what the script stores."""


def _comment(post: str, reader: str, number: int) -> Line:
    text = f"{COMMENT} {number}"
    return "POST", f"/api/posts/{post}/comments", reader, {"content": text}, [post, reader, text]


def _draft(number: int, author: str) -> Line:
    fields = {"name": f"Draft {number}", "content": fill.markdown(number, PARAGRAPHS)}
    one = rendering.render(Draft.parse(fields))
    values = [_draft_id(number), fields["name"], fields["content"], one.html, one.excerpt]
    return "PUT", f"/api/posts/{_draft_id(number)}", author, fields, values


def _write(folder: Path, kind: str, lines: list[Line]) -> None:
    asked = (
        f"{method}\t{path}\tinkstone_session={_cookie(who)}\t{json.dumps(body)}\n"
        for method, path, who, body, _ in lines
    )
    (folder / f"{kind}.requests").write_text("".join(asked))
    (folder / f"{kind}.values").write_text("".join(f"{json.dumps(values)}\n" for *_, values in lines))


def _cookie(user: str) -> str:
    return sign(user, CREDENTIAL, expires=int(time.time()) + 86400, key=KEYS[0])
