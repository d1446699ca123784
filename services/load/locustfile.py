"""What Locust does to the blog: people who read, look around and search; and some who comment, where that is wanted."""

import os
import random
import time
import uuid
from itertools import accumulate
from typing import Any

import requests
from locust import FastHttpUser, between, events, task
from locust.env import Environment

MOST_POSTS = 1000
SECONDS = 10.0
# How long the blog may take to come up.
PATIENCE = 60.0
EMAIL, PASSWORD = os.environ.get("LOAD_EMAIL", ""), os.environ.get("LOAD_PASSWORD", "")


class Blog:
    """What there is to read, found out once before the load begins."""

    posts: list[dict[str, Any]]
    tags: list[str]
    popularity: list[float]
    cookie: str

    def look_at(self, site: str) -> None:
        """Find out; raises where the blog does not answer."""
        _wait_for(f"{site}/readyz")
        self.posts = _posts(site)
        self.tags = [tag["slug"] for tag in _get(f"{site}/api/tags").json()["items"]]
        # The newest post is read most, the second half as often, the third a third as often: a long tail.
        self.popularity = list(accumulate(1 / rank for rank in range(1, len(self.posts) + 1)))
        self.cookie = _sign_in(site) if EMAIL else ""

    def post(self) -> dict[str, Any]:
        return random.choices(self.posts, cum_weights=self.popularity)[0]


BLOG = Blog()


@events.test_start.add_listener
def _look(environment: Environment, **_: object) -> None:
    try:
        BLOG.look_at(str(environment.host))
    except (requests.RequestException, KeyError) as error:
        raise SystemExit(f"load: the blog can't be looked at: {error}") from None
    if not BLOG.posts:
        raise SystemExit("load: the blog has no posts: publish one, or import some")


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


def _sign_in(site: str) -> str:
    """Once for all commenters: the blog slows down whoever signs in often."""
    credentials = {"email": EMAIL, "password": PASSWORD}
    reply = requests.post(f"{site}/api/authenticate", json=credentials, headers={"Origin": site}, timeout=SECONDS)
    reply.raise_for_status()
    return reply.headers["Set-Cookie"].split(";")[0]


class Reader(FastHttpUser):
    """Somebody who reads what is new, now and then something old, and looks for more."""

    weight = 10
    wait_time = between(0.5, 1.5)

    @task(10)
    def read(self) -> None:
        self.client.get(f"/post/{BLOG.post()['slug']}", name="/post/{slug}")

    @task(4)
    def come_in(self) -> None:
        self.client.get("/")

    @task(1)
    def look_around(self) -> None:
        if BLOG.tags:
            self.client.get(f"/tag/{random.choice(BLOG.tags)}", name="/tag/{tag}")
        self.client.get("/archive")

    @task(1)
    def follow(self) -> None:
        self.client.get("/feed.atom")


class Searcher(FastHttpUser):
    """Somebody who looks for a word of some post's name, and reads that post."""

    weight = 1
    wait_time = between(1, 3)

    @task
    def search(self) -> None:
        post = BLOG.post()
        self.client.get("/search", params={"q": random.choice(post["name"].split())}, name="/search?q=")
        self.client.get(f"/post/{post['slug']}", name="/post/{slug}")


if EMAIL:

    class Commenter(FastHttpUser):
        """Somebody who reads a post and has something to say: it stays in the blog."""

        weight = 1
        wait_time = between(1, 3)

        @task
        def comment(self) -> None:
            post = BLOG.post()
            self.client.get(f"/post/{post['slug']}", name="/post/{slug}", headers={"Cookie": BLOG.cookie})
            self.client.post(
                f"/api/posts/{post['id']}/comments",
                json={"content": f"What a post: *{post['name']}*."},
                headers={"Cookie": BLOG.cookie, "Origin": self.host, "Idempotency-Key": uuid.uuid4().hex},
                name="/api/posts/{id}/comments",
            )
