"""One web worker: how much memory it holds after a load, and how soon it answers after its start."""

import io
import json
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PIL import Image

from inkstone.domain import passwords
from tests.bench import effort, fill
from tests.bench.load import GZIP, cpu_seconds, load
from tests.bench.results import Part
from tests.bench.servers import APPLICATION, Server, database, gunicorn

PATH = f"/post/{fill.SLUG}"
POSTS = 1000
STARTS = 7
SECONDS = 4
READ = (PATH, "/", f"/tag/{fill.TAG}", "/archive", "/feed.atom")
WRITES = 10
SIDE = 1600
PASSWORD = "correct horse battery"


def run(say: Callable[[str], None]) -> Part:
    """Starts first, then a load of every kind on one worker."""
    part = Part("process", "One web worker")
    with database() as url:
        fill.fill(url, POSTS)
        let_sign_in(url)
        number = effort.of(STARTS)
        say(f"{number} starts")
        starts = [_start(url) for _ in range(number)]
        wall = part.figure("start to the first page", "s", [seconds for seconds, _ in starts])
        part.figure("start, processor time of master and worker", "s", [cpu for _, cpu in starts])
        say("reading, signing in, writing, uploading")
        _measure_memory(part, url)
    part.goal("start to the first page", wall.median, "at most", 1.5, "s")
    part.goal("memory after the load", part.median("memory after writing, too"), "at most", 90, "MB")
    return part


def _start(url: str) -> tuple[float, float]:
    """Seconds by the clock, and of processor time."""
    began = time.perf_counter()
    with gunicorn(APPLICATION, url) as server:
        server.wait(PATH)
        return time.perf_counter() - began, cpu_seconds([server.process.pid, *server.workers])


def _measure_memory(part: Part, url: str) -> None:
    with gunicorn(APPLICATION, url) as server:
        server.wait(PATH)
        part.figure("memory at the start", "MB", [memory(server)])
        for path in READ:
            load(server.url + path, effort.of(SECONDS, quick=1), {}, headers=GZIP)
        part.figure("memory after reading", "MB", [memory(server)])
        write(server.url)
        load(server.url + PATH, effort.of(SECONDS, quick=1), {}, headers=GZIP)
        part.figure("memory after writing, too", "MB", [memory(server)])


def memory(server: Server) -> float:
    """The worker's memory in millions of bytes; what it shares is split among those who share it (PSS)."""
    text = Path(f"/proc/{server.workers[0]}/smaps_rollup").read_text()
    return int(text.partition("\nPss:")[2].split()[0]) * 1024 / 1e6


def let_sign_in(url: str) -> None:
    with fill.connect(url) as db, db.cursor() as cursor:
        cursor.execute("UPDATE users SET credential = %s", (passwords.record(PASSWORD),))


def write(url: str) -> None:
    """Sign in, write and change posts of 6 kB, upload images of two megapixels."""
    for number in range(WRITES):
        signed_in, _ = send(url, "POST", "/api/authenticate", {"email": fill.EMAIL, "password": PASSWORD})
        cookie = signed_in["Set-Cookie"].partition(";")[0]
        draft = {"name": f"Written {number}", "content": fill.markdown(number, 10), "status": "published"}
        _, post = send(url, "POST", "/api/posts", draft, Cookie=cookie)
        match = {"Cookie": cookie, "If-Match": '"1"'}
        send(url, "PUT", f"/api/posts/{post['id']}", draft | {"summary": "Changed."}, **match)
        send(url, "POST", "/api/media?name=bench.jpg", _image(number), Cookie=cookie)


def send(url: str, method: str, path: str, body: dict[str, str] | bytes, **headers: str) -> tuple[Any, dict[str, str]]:
    """The headers and the content of a JSON answer; raises HTTPError where it is no success."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    kind = "image/jpeg" if isinstance(body, bytes) else "application/json"
    request = urllib.request.Request(url + path, data, {"Content-Type": kind, "Origin": url, **headers}, method=method)  # noqa: S310
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=30) as answer:
        return answer.headers, json.load(answer)


def _image(number: int) -> bytes:
    """A JPEG that no other is like."""
    file = io.BytesIO()
    Image.effect_noise((SIDE, SIDE), 40 + number).convert("RGB").save(file, "JPEG", quality=80)
    return file.getvalue()
