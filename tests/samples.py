"""One request for every route of the blog, and a blog that has something at each of them."""

import io
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import resources
from typing import TYPE_CHECKING

from PIL import Image

from inkstone.domain import media as images
from inkstone.domain.posts import Post
from inkstone.storage import comments, media, redirects
from inkstone.storage.database import Database
from inkstone.web.routes import ROUTES
from tests.servers import PASSWORD

if TYPE_CHECKING:
    from tests.conftest import Browser, Cast, Reply

ADDRESSES = [f"{route.method} {route.path}" for route in ROUTES]
UNSAFE = [address for address in ADDRESSES if not address.startswith("GET ")]
CONTENT = "# Tea\n\nSome *tea* 茶 in `brew_tea()`, thrice.\n\n```python\nbrew_tea(3)\n```\n"


def picture(format: str = "PNG", size: tuple[int, int] = (6, 4), color: str = "teal") -> bytes:
    """A small image's file."""
    file = io.BytesIO()
    Image.new("RGB", size, color).save(file, format)
    return file.getvalue()


def _asset() -> str:
    """The address of an asset, where the front end has been built."""
    manifest = resources.files("inkstone") / "static" / "manifest.json"
    names = json.loads(manifest.read_text()) if manifest.is_file() else {}
    return str(names.get("style.css", "style.css"))


@dataclass(frozen=True)
class Sample:
    """A request as Ada sends it; braces in its path stand for what the scene has."""

    path: str
    status: int = 200
    options: dict[str, object] = field(default_factory=dict)


def _form(path: str, status: int = 303, /, **fields: str) -> Sample:
    return Sample(path, status, {"data": fields})


def _json(path: str, status: int = 200, version: int | None = None, /, **fields: object) -> Sample:
    headers = {"If-Match": f'"{version}"'} if version else {}
    return Sample(path, status, {"json": fields, "headers": headers})


_DORA = {"email": "dora@blog.test", "name": "Dora", "password": PASSWORD}
_ADA = {"email": "ada@blog.test", "password": PASSWORD}
_NEW_PASSWORD = {"current": PASSWORD, "new": "another password of hers"}

SAMPLES = {
    "GET /": Sample("/"),
    "GET /post/{slug}": Sample("/post/{slug}"),
    "POST /post/{slug}": _form("/post/{slug}", content="Nice."),
    "GET /tag/{tag}": Sample("/tag/tea"),
    "GET /archive": Sample("/archive"),
    "GET /archive/{month}": Sample("/archive/{month}"),
    "GET /author/{name}": Sample("/author/Alice"),
    "GET /search": Sample("/search?q=tea"),
    "GET /feed.atom": Sample("/feed.atom"),
    "GET /feed.rss": Sample("/feed.rss"),
    "GET /feed.json": Sample("/feed.json"),
    "GET /sitemap.xml": Sample("/sitemap.xml"),
    "GET /sitemap/{month}.xml": Sample("/sitemap/{month}.xml"),
    "GET /robots.txt": Sample("/robots.txt"),
    "GET /register": Sample("/register"),
    "POST /register": _form("/register", **_DORA),
    "GET /signin": Sample("/signin"),
    "POST /signin": _form("/signin", **_ADA),
    "POST /signout": _form("/signout"),
    "GET /account": Sample("/account"),
    "POST /account": _form("/account", **_NEW_PASSWORD),
    "GET /manage/posts": Sample("/manage/posts"),
    "GET /manage/posts/new": Sample("/manage/posts/new"),
    "POST /manage/posts/new": _form("/manage/posts/new", name="New", content=CONTENT),
    "GET /manage/posts/{id}": Sample("/manage/posts/{post}"),
    "POST /manage/posts/{id}": _form("/manage/posts/{post}", name="Changed", content=CONTENT, version="1"),
    "POST /manage/posts/{id}/delete": _form("/manage/posts/{post}/delete"),
    "GET /manage/comments": Sample("/manage/comments"),
    "POST /manage/comments/{id}": _form("/manage/comments/{comment}", action="approved"),
    "GET /manage/users": Sample("/manage/users"),
    "POST /manage/users/{id}": _form("/manage/users/{user}", role="author"),
    "GET /media/{id}.{extension}": Sample("/media/{image}.png"),
    "GET /api/openapi.json": Sample("/api/openapi.json"),
    "GET /api/docs": Sample("/api/docs"),
    "POST /api/authenticate": _json("/api/authenticate", **_ADA),
    "POST /api/signout": Sample("/api/signout", 204),
    "GET /api/me": Sample("/api/me"),
    "PUT /api/me/password": _json("/api/me/password", 204, **_NEW_PASSWORD),
    "GET /api/posts": Sample("/api/posts"),
    "POST /api/posts": _json("/api/posts", 201, name="New", content=CONTENT, tags=["tea"]),
    "GET /api/posts/{id}": Sample("/api/posts/{post}"),
    "PUT /api/posts/{id}": _json("/api/posts/{post}", 200, 1, name="Changed", content=CONTENT, status="published"),
    "DELETE /api/posts/{id}": Sample("/api/posts/{post}", 204),
    "GET /api/posts/{id}/comments": Sample("/api/posts/{post}/comments"),
    "POST /api/posts/{id}/comments": _json("/api/posts/{post}/comments", 201, content="Nice."),
    "GET /api/comments": Sample("/api/comments"),
    "GET /api/comments/{id}": Sample("/api/comments/{comment}"),
    "PUT /api/comments/{id}": _json("/api/comments/{comment}", status="approved"),
    "DELETE /api/comments/{id}": Sample("/api/comments/{comment}", 204),
    "GET /api/users": Sample("/api/users"),
    "POST /api/users": _json("/api/users", 201, **_DORA),
    "GET /api/users/{id}": Sample("/api/users/{user}"),
    "PUT /api/users/{id}": _json("/api/users/{user}", role="author"),
    "DELETE /api/users/{id}": Sample("/api/users/{user}", 204),
    "GET /api/tags": Sample("/api/tags"),
    "GET /api/media": Sample("/api/media"),
    "POST /api/media": Sample("/api/media?name=cup.png", 201, {"data": picture(color="red")}),
    "GET /api/search": Sample("/api/search?q=tea"),
    "GET /static/{name}": Sample(f"/static/{_asset()}", 200 if "-" in _asset() else 404),
    "GET /healthz": Sample("/healthz"),
    "GET /readyz": Sample("/readyz"),
    "GET /metrics": Sample("/metrics"),
    "GET /{path:(?!api/|static/|media/).*}": Sample("/old/address.html", 301),
}


@dataclass(frozen=True)
class Scene:
    """A blog with a post, an old address of it, a held comment and an image."""

    names: dict[str, str]

    async def play(self, browser: "Browser", address: str, **headers: str) -> "Reply":
        """Send the sample of an address such as `GET /post/{slug}`."""
        sample = SAMPLES[address]
        sent = {**sample.options.get("headers", {}), **headers}  # type: ignore[dict-item]
        path = sample.path.format(**self.names)
        return await browser.request(address.split()[0], path, **{**sample.options, "headers": sent})


async def make_scene(database: Database, cast: "Cast", write: Callable[..., object]) -> Scene:
    post: Post = await write(cast.alice, name="Tea", content=CONTENT, tags=["tea"])  # type: ignore[misc]
    async with database.transaction() as db:
        comment = await comments.insert(db, post, cast.carol, "Hm.", "<p>Hm.</p>")
        image = await media.insert(db, images.inspect(picture()), name="tea.png", owner_id=cast.alice.id)
        await redirects.insert(db, "old/address.html", post.id)
    return Scene(
        {
            "slug": post.slug,
            "post": post.id,
            "comment": comment.id,
            "image": image,
            "user": cast.carol.id,
            "month": f"{post.published_at:%Y-%m}",
        }
    )
