"""What there is to read, found out once before the load begins."""

import random
import time
from itertools import accumulate
from typing import Any

import requests
import settings

MOST_POSTS = 1000
SECONDS = 15.0
# How long the blog may take to come up.
PATIENCE = 60.0


class Blog:
    """The posts, their tags, and a login."""

    posts: list[dict[str, Any]]
    tags: list[str]
    popularity: list[float]
    cookie = ""
    may_write = False

    def look_at(self, site: str) -> None:
        """Find out; ends the load generator with one line where that fails."""
        try:
            self._look_at(site)
        except (requests.RequestException, KeyError, ValueError) as error:
            settings.refuse(f"the blog can't be looked at: {error}")
        if not self.posts:
            settings.refuse("the blog has no posts: publish one, or import some")

    def _look_at(self, site: str) -> None:
        _wait_for(f"{site}/readyz")
        self.posts = _posts(site)
        self.tags = [tag["slug"] for tag in _get(f"{site}/api/tags").json()["items"]]
        # The newest post is read most, the second half as often, the third a third as often: a long tail.
        self.popularity = list(accumulate(1 / rank for rank in range(1, len(self.posts) + 1)))
        if settings.EMAIL:
            self.cookie, role = _sign_in(site)
            self.may_write = role != "reader"

    def post(self) -> dict[str, Any]:
        return random.choices(self.posts, cum_weights=self.popularity)[0]


BLOG = Blog()


def _wait_for(url: str) -> None:
    end = time.monotonic() + PATIENCE
    while True:
        try:
            _get(url)
        except requests.RequestException:
            if time.monotonic() > end:
                raise
            time.sleep(1)
        else:
            return


def _get(url: str) -> requests.Response:
    reply = requests.get(url, timeout=SECONDS)
    reply.raise_for_status()
    return reply


def _posts(site: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    before = ""
    while len(found) < MOST_POSTS:
        page = _get(f"{site}/api/posts?limit=100{before}").json()
        found += [{"id": post["id"], "slug": post["slug"], "name": post["name"]} for post in page["items"]]
        if page["next"] is None:
            break
        before = f"&before={page['next']}"
    return found


def _sign_in(site: str) -> tuple[str, str]:
    """Once for all users of a process; several processes at once are told to wait, for they could be guessing."""
    credentials = {"email": settings.EMAIL, "password": settings.PASSWORD}
    end = time.monotonic() + PATIENCE
    while True:
        reply = requests.post(f"{site}/api/authenticate", json=credentials, headers={"Origin": site}, timeout=SECONDS)
        if reply.status_code != requests.codes.too_many_requests or time.monotonic() > end:
            break
        time.sleep(1)
    reply.raise_for_status()
    return reply.headers["Set-Cookie"].split(";")[0], reply.json()["role"]
