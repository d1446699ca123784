"""Who comes to the blog: of twenty, sixteen read, two search, one comments, one writes; these need an account."""

import random
import uuid
from typing import Any

import settings
from blog import BLOG
from locust import FastHttpUser, between, task


class Visitor(FastHttpUser):
    """Somebody with a browser, who looks at a page for a second."""

    abstract = True
    wait_time = between(0.5, 1.5)
    network_timeout = connection_timeout = 40.0

    def on_start(self) -> None:
        self.signed_in = {"Cookie": BLOG.cookie, "Origin": self.host or ""}

    def look(self, path: str, name: str | None = None) -> None:
        """Read a page, signed in where the cache is to be bypassed."""
        headers = self.signed_in if settings.SCENARIO == "origin" else None
        self.client.get(path, name=name, headers=headers)

    def read_post(self, post: dict[str, Any]) -> None:
        self.look(f"/post/{post['slug']}", "/post/{slug}")


class Reader(Visitor):
    """Somebody who reads what is new, now and then something old, and looks for more."""

    weight = 16

    @task(10)
    def read(self) -> None:
        self.read_post(BLOG.post())

    @task(4)
    def come_in(self) -> None:
        self.look("/")

    @task(1)
    def look_around(self) -> None:
        if BLOG.tags:
            self.look(f"/tag/{random.choice(BLOG.tags)}", "/tag/{tag}")
        self.look("/archive")

    @task(1)
    def follow(self) -> None:
        self.look("/feed.atom")


class Searcher(Visitor):
    """Somebody who looks for a word of some post's name, and reads that post."""

    weight = 2

    @task
    def search(self) -> None:
        post = BLOG.post()
        self.look(f"/search?q={random.choice(post['name'].split())}", "/search?q=")
        self.wait()
        self.read_post(post)


if settings.EMAIL:

    class Commenter(Visitor):
        """Somebody who reads a post and has something to say; keeps the last few comments, and at the end none."""

        weight = 1
        keep = 3

        def on_start(self) -> None:
            super().on_start()
            self.comments: list[str] = []

        def on_stop(self) -> None:
            while self.comments:
                self.take_back()

        @task
        def comment(self) -> None:
            post = BLOG.post()
            self.client.get(f"/post/{post['slug']}", name="/post/{slug}", headers=self.signed_in)
            self.wait()
            reply = self.client.post(
                f"/api/posts/{post['id']}/comments",
                json={"content": f"What a post: *{post['name']}*."},
                headers=self.signed_in | {"Idempotency-Key": uuid.uuid4().hex},
                name="/api/posts/{id}/comments",
            )
            if reply.status_code == 201:
                self.comments.append(reply.json()["id"])
            if len(self.comments) > self.keep:
                self.take_back()

        def take_back(self) -> None:
            path = f"/api/comments/{self.comments.pop(0)}"
            self.client.delete(path, headers=self.signed_in, name="/api/comments/{id}")

    class Author(Visitor):
        """Somebody who writes: saves the draft of one post again and again, and throws it away at the end."""

        weight = 1
        post: dict[str, Any] | None = None
        draft = "/api/posts/{id}"

        def on_stop(self) -> None:
            if self.post:
                self.client.delete(self.path, headers=self.signed_in, name=self.draft)

        @property
        def path(self) -> str:
            return f"/api/posts/{self.post['id']}" if self.post else "/api/posts"

        @task
        def write(self) -> None:
            if not BLOG.may_write:
                self.look("/")
            elif self.post is None:
                self.save("POST", "/api/posts", {"Idempotency-Key": uuid.uuid4().hex})
            else:
                self.save("PUT", self.draft, {"If-Match": f'"{self.post["version"]}"'})

        def save(self, method: str, name: str, headers: dict[str, str]) -> None:
            reply = self.client.request(method, self.path, json=_draft(), headers=self.signed_in | headers, name=name)
            if reply.status_code in {200, 201}:
                self.post = reply.json()


def _draft() -> dict[str, Any]:
    """About 3 kB of Markdown, with something new in it each time."""
    paragraph = "A draft grows while it is *written*, word by word, and is saved with each of them. " * 6
    content = "\n\n".join([f"## {uuid.uuid4().hex}", *([paragraph] * 6)])
    return {"name": f"A draft of {uuid.uuid4()}", "content": content, "status": "draft", "tags": []}
