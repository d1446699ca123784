"""Pages to read: home, a post with its comments, and the lists by tag, author and month."""

from collections.abc import Sequence
from datetime import UTC, datetime

from aiohttp import web

from inkstone.domain.comments import Comment, CommentDraft, CommentStatus
from inkstone.domain.errors import Invalid, NotFound
from inkstone.domain.posts import Post, Teaser
from inkstone.keys import DATABASE
from inkstone.storage import clock, comments, months, posts, redirects, tags, users
from inkstone.storage.database import Connection
from inkstone.storage.paging import parse_id
from inkstone.web import access, body, reading
from inkstone.web.offload import rendered_comment
from inkstone.web.paging import PER_PAGE, before, cut, next_url, published_cursor
from inkstone.web.render import moved_permanently, page, redirect, url

_COMMENTS = 100


async def index(request: web.Request) -> web.Response:
    """GET /"""
    async with reading.database(request).connection() as db:
        rows = await posts.latest(db, limit=PER_PAGE + 1, before=before(request))
    shown, cursor = cut(rows, PER_PAGE, published_cursor)
    older = next_url(request, "home", cursor)
    return page(request, "posts/index.html", state=_states(shown, cursor), posts=shown, next_url=older)


async def show(request: web.Request) -> web.Response:
    """GET /post/{slug}"""
    async with reading.database(request).connection() as db:
        post = await posts.find(db, request.match_info["slug"])
        if post is None or not post.visible_to(access.visitor(request), clock.now()):
            return await _moved(request, db)
        talk = await _talk(request, db, post)
    return _post_page(request, post, talk, held=request.query.get("comment") == "held")


async def comment(request: web.Request) -> web.Response:
    """POST /post/{slug}"""
    user = access.signed_in(request)
    form = await body.form(request)
    async with request.app[DATABASE].connection() as db:
        post = await posts.find(db, request.match_info["slug"])
        if post is None or not post.visible_to(user, clock.now()):
            raise NotFound("There is no such post.")
    try:
        draft = CommentDraft.parse(form)
    except Invalid as error:
        async with request.app[DATABASE].connection() as db:
            talk = await _talk(request, db, post)
        return _post_page(request, post, talk, http_status=422, form=form, errors=error.errors)
    html = await rendered_comment(request, draft)
    async with request.app[DATABASE].transaction() as db:
        written = await comments.insert(db, post, user, draft.content, html)
    held = written.status is CommentStatus.HELD
    return redirect(request, "post", {"comment": "held"} if held else None, slug=post.slug)


def _states(shown: Sequence[Teaser] | Sequence[Comment], cursor: str | None) -> tuple[object, ...]:
    """What a list shows, and whether it goes on."""
    return [row.state for row in shown], cursor


async def _talk(request: web.Request, db: Connection, post: Post) -> list[Comment]:
    """The post's comments, and one too many where there are more; a post without any costs no query."""
    if not post.comment_count:
        return []
    after = request.query.get("after")
    return await comments.oldest(db, post.id, limit=_COMMENTS + 1, after=parse_id(after, "after") if after else "")


def _post_page(
    request: web.Request,
    post: Post,
    talk: list[Comment],
    *,
    http_status: int = 200,
    held: bool = False,
    form: dict[str, str] | None = None,
    errors: dict[str, str] | None = None,
) -> web.Response:
    shown, cursor = cut(talk, _COMMENTS, lambda row: row.id)
    return page(
        request,
        "posts/show.html",
        http_status=http_status,
        state=(post.state, _states(shown, cursor), held),
        post=post,
        comments=shown,
        more_comments_url=url(request, "post", {"after": cursor}, slug=post.slug) if cursor else None,
        held=held,
        form=form or {"content": ""},
        errors=errors or {},
    )


async def _moved(request: web.Request, db: Connection) -> web.Response:
    """Where the address used to lead to a post, lead there for good; else there is nothing here."""
    slug = await redirects.find(db, request.path.strip("/"))
    if slug is None:
        raise NotFound("There is nothing at this address.")
    return moved_permanently(request, "post", slug=slug)


async def moved(request: web.Request) -> web.Response:
    """GET of any address that nothing else answers: perhaps an old one of a post."""
    async with reading.database(request).connection() as db:
        return await _moved(request, db)


async def tag(request: web.Request) -> web.Response:
    """GET /tag/{tag}"""
    slug = request.match_info["tag"]
    async with reading.database(request).connection() as db:
        found = await tags.find(db, slug)
        if found is None:
            raise NotFound("No post has this tag.")
        rows = await posts.latest_tagged(db, slug, limit=PER_PAGE + 1, before=before(request))
    shown, cursor = cut(rows, PER_PAGE, published_cursor)
    older = next_url(request, "tag", cursor, tag=slug)
    return page(
        request,
        "posts/tag.html",
        state=(found.name, _states(shown, cursor)),
        tag=found.name,
        posts=shown,
        next_url=older,
    )


async def author(request: web.Request) -> web.Response:
    """GET /author/{name}"""
    async with reading.database(request).connection() as db:
        found = await users.find_by_name(db, request.match_info["name"])
        if found is None or not found.may_write:
            raise NotFound("There is no author of this name.")
        rows = await posts.latest_by(db, found.id, limit=PER_PAGE + 1, before=before(request))
    shown, cursor = cut(rows, PER_PAGE, published_cursor)
    older = next_url(request, "author", cursor, name=found.name)
    return page(
        request,
        "posts/author.html",
        state=(found.name, _states(shown, cursor)),
        author=found,
        posts=shown,
        next_url=older,
    )


async def archive(request: web.Request) -> web.Response:
    """GET /archive"""
    async with reading.database(request).connection() as db:
        found = await months.newest(db)
    return page(request, "posts/archive.html", state=found, months=found)


async def month(request: web.Request) -> web.Response:
    """GET /archive/{month}"""
    start, end = span(request.match_info["month"])
    async with reading.database(request).connection() as db:
        rows = await posts.latest_between(db, start, end, limit=PER_PAGE + 1, before=before(request))
    shown, cursor = cut(rows, PER_PAGE, published_cursor)
    older = next_url(request, "month", cursor, month=f"{start:%Y-%m}")
    return page(request, "posts/month.html", state=_states(shown, cursor), month=start, posts=shown, next_url=older)


def span(name: str) -> tuple[datetime, datetime]:
    """The first moment of a month such as 2026-11, and of the one after it; raises NotFound for no month.

    >>> [f"{moment:%Y-%m-%d}" for moment in span("2026-12")]
    ['2026-12-01', '2027-01-01']
    """
    try:
        start = datetime.strptime(name, "%Y-%m").replace(tzinfo=UTC)
        return start, start.replace(year=start.year + start.month // 12, month=start.month % 12 + 1)
    except ValueError:
        raise NotFound("There is no such month.") from None
