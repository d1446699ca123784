"""Images in JSON."""

from http import HTTPStatus

from aiohttp import web

from inkstone.domain import media as images
from inkstone.keys import DATABASE
from inkstone.storage import media
from inkstone.storage.paging import Cursor
from inkstone.web import access, body
from inkstone.web.answers import MediumAnswer, Page
from inkstone.web.api.answering import answer
from inkstone.web.api.queries import MediaQuery, UploadQuery
from inkstone.web.offload import offload
from inkstone.web.paging import cut


async def create(request: web.Request) -> web.Response:
    """Upload an image: JPEG, PNG, GIF, WebP or SVG, told apart by content; the same one twice is stored once."""
    user = access.author(request)
    query = UploadQuery.parse(request.query)
    filename, data = await body.image(request)
    image = await offload(request, images.inspect, data)
    async with request.app[DATABASE].transaction() as db:
        media_id = await media.insert(db, image, name=filename or query.name, owner_id=user.id)
        medium = await media.get(db, media_id)
    return answer(MediumAnswer.of(medium), status=HTTPStatus.CREATED, headers={"Location": medium.url})


async def index(request: web.Request) -> web.Response:
    """List images, newest first."""
    user = access.author(request)
    query = MediaQuery.parse(request.query)
    before = Cursor.parse(query.before) if query.before else None
    owner = None if user.is_administrator else user.id
    async with request.app[DATABASE].connection() as db:
        rows = await media.newest(db, limit=query.limit + 1, before=before, owner_id=owner)
    shown, cursor = cut(rows, query.limit, lambda medium: str(Cursor(medium.created_at, medium.id)))
    return answer(Page[MediumAnswer](items=[MediumAnswer.of(medium) for medium in shown], next=cursor))
