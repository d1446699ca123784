"""The API's addresses, each with the models that its handler reads and answers."""

from dataclasses import dataclass

from aiohttp import web
from aiohttp.typedefs import Handler

from inkstone.domain.comments import CommentDraft, Moderation
from inkstone.domain.posts import Draft
from inkstone.domain.users import Credentials, PasswordChange, Registration, RoleChange
from inkstone.domain.validation import Input
from inkstone.web.answers import Answer, CommentAnswer, HitAnswer, MediumAnswer, Page, PostAnswer, TagAnswer, UserAnswer
from inkstone.web.api import account, comments, media, posts, search, tags, users
from inkstone.web.api.queries import CommentsQuery, ListQuery, MediaQuery, PostsQuery, SearchQuery, UploadQuery


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One operation; `creates` means 201 and Idempotency-Key, `versioned` If-Match, `upload` an image as the body."""

    method: str
    path: str
    handler: Handler
    public: bool = False
    query: type[Input] | None = None
    body: type[Input] | None = None
    answer: type[Answer] | None = None
    creates: bool = False
    versioned: bool = False
    upload: bool = False

    @property
    def route(self) -> web.RouteDef:
        return web.route(self.method, self.path, self.handler)

    @property
    def status(self) -> int:
        if self.creates:
            return 201
        return 200 if self.answer else 204


def _endpoint(address: str, handler: Handler, **details: object) -> Endpoint:
    method, path = address.split()
    return Endpoint(method=method, path=path, handler=handler, **details)  # type: ignore[arg-type]  # the fields above


ENDPOINTS = [
    _endpoint("POST /api/authenticate", account.authenticate, public=True, body=Credentials, answer=UserAnswer),
    _endpoint("POST /api/signout", account.signout, public=True),
    _endpoint("GET /api/me", account.me, answer=UserAnswer),
    _endpoint("PUT /api/me/password", account.change_password, body=PasswordChange),
    _endpoint("GET /api/posts", posts.index, public=True, query=PostsQuery, answer=Page[PostAnswer]),
    _endpoint("POST /api/posts", posts.create, body=Draft, answer=PostAnswer, creates=True),
    _endpoint("GET /api/posts/{id}", posts.show, public=True, answer=PostAnswer),
    _endpoint("PUT /api/posts/{id}", posts.update, body=Draft, answer=PostAnswer, versioned=True),
    _endpoint("DELETE /api/posts/{id}", posts.delete, versioned=True),
    _endpoint(
        "GET /api/posts/{id}/comments", comments.of_post, public=True, query=ListQuery, answer=Page[CommentAnswer]
    ),
    _endpoint("POST /api/posts/{id}/comments", comments.create, body=CommentDraft, answer=CommentAnswer, creates=True),
    _endpoint("GET /api/comments", comments.index, query=CommentsQuery, answer=Page[CommentAnswer]),
    _endpoint("GET /api/comments/{id}", comments.show, answer=CommentAnswer),
    _endpoint("PUT /api/comments/{id}", comments.update, body=Moderation, answer=CommentAnswer),
    _endpoint("DELETE /api/comments/{id}", comments.delete),
    _endpoint("GET /api/users", users.index, query=ListQuery, answer=Page[UserAnswer]),
    _endpoint("POST /api/users", users.create, public=True, body=Registration, answer=UserAnswer, creates=True),
    _endpoint("GET /api/users/{id}", users.show, answer=UserAnswer),
    _endpoint("PUT /api/users/{id}", users.update, body=RoleChange, answer=UserAnswer),
    _endpoint("DELETE /api/users/{id}", users.delete),
    _endpoint("GET /api/tags", tags.index, public=True, query=ListQuery, answer=Page[TagAnswer]),
    _endpoint("GET /api/media", media.index, query=MediaQuery, answer=Page[MediumAnswer]),
    _endpoint("POST /api/media", media.create, query=UploadQuery, answer=MediumAnswer, creates=True, upload=True),
    _endpoint("GET /api/search", search.index, public=True, query=SearchQuery, answer=Page[HitAnswer]),
]
