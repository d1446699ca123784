"""One reader who asks one thing after the other, and what the database read for it."""

import http.client
import json
import time
from collections.abc import Callable, Sequence
from urllib.parse import quote

from inkstone.config import DatabaseAddress
from inkstone.domain.session import sign
from inkstone.storage import jobs
from tests.bench import crowd
from tests.servers import KEYS

_SECONDS = 86_400


class Asker:
    """Who asks an application, on one connection; where it has to be, as the administrator."""

    def __init__(self, url: str, address: DatabaseAddress) -> None:
        self._url = url
        self._connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=30)
        self._database = jobs.connect(address)
        cookie = sign(crowd.ADMINISTRATOR, "none", expires=int(time.time()) + _SECONDS, key=KEYS[0])
        self._signed_in = {"Cookie": f"inkstone_session={cookie}", "Origin": url}

    def times(self, paths: Sequence[str], *, signed_in: bool = False) -> list[float]:
        """Milliseconds for each; raises RuntimeError where an answer is no success."""
        headers = self._signed_in if signed_in else {}
        return [self._ask("GET", path, headers=headers)[0] for path in paths]

    def search(self, query: str) -> float:
        """Milliseconds; an answer that it takes too long counts as one."""
        milliseconds, status, answer = self._timed("GET", f"/search?q={quote(query)}", None, {})
        if status not in {http.client.OK, http.client.SERVICE_UNAVAILABLE}:
            raise RuntimeError(f"{query}: {status} {answer[:500].decode(errors='replace')}")
        return milliseconds

    def save(self, post_id: str) -> float:
        """Milliseconds for a change of a post's text."""
        path = f"/api/posts/{post_id}"
        _, body = self._ask("GET", path)
        post = json.loads(body)
        draft = {name: post[name] for name in ("name", "summary", "tags", "status", "published_at", "slug")}
        content = post["content"].rpartition("\n\nVersion ")[0] or post["content"]
        draft["content"] = f"{content}\n\nVersion {post['version']}"
        headers = {**self._signed_in, "Content-Type": "application/json", "If-Match": f'"{post["version"]}"'}
        return self._ask("PUT", path, json.dumps(draft), headers)[0]

    def rows(self, act: Callable[[], object]) -> int:
        """How many rows the database reads meanwhile, by its own count."""
        before, again = self._read(), self._read()
        act()
        return self._read() - again - (again - before)  # to look reads some, too

    def _read(self) -> int:
        found = jobs.run(self._database, "SHOW GLOBAL STATUS LIKE 'Handler_read%'")
        return sum(int(value) for _, value in found)

    def _ask(
        self, method: str, path: str, body: str | None = None, headers: dict[str, str] | None = None
    ) -> tuple[float, bytes]:
        milliseconds, status, answer = self._timed(method, path, body, headers or {})
        if status != http.client.OK:
            raise RuntimeError(f"{method} {path}: {status} {answer[:500].decode(errors='replace')}")
        return milliseconds, answer

    def _timed(self, method: str, path: str, body: str | None, headers: dict[str, str]) -> tuple[float, int, bytes]:
        began = time.perf_counter()
        self._connection.request(method, path, body, headers)
        answer = self._connection.getresponse()
        content = answer.read()
        return (time.perf_counter() - began) * 1000, answer.status, content
