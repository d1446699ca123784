"""What comes in a request's body, read safely: limited in size, strict in form."""

from typing import TypeVar
from urllib.parse import parse_qsl

from aiohttp import web

from inkstone.domain.errors import Malformed
from inkstone.domain.validation import Input
from inkstone.web.offload import offload

MAX_BYTES = 6 * 1024 * 1024
"""Of any request: a post of a million characters fits, however it is escaped, and so does an image."""

_MAX_FIELDS = 100

Model = TypeVar("Model", bound=Input)


async def json(request: web.Request, model: type[Model]) -> Model:
    """Raises Malformed where the body is not JSON, Invalid where it breaks the model's rules."""
    if request.content_type != "application/json":
        raise Malformed("Send JSON, with Content-Type: application/json.")
    return model.parse_json(await request.read())


async def form(request: web.Request) -> dict[str, str]:
    """An HTML form's fields; the last of several with one name counts. Raises Malformed."""
    if request.content_type != "application/x-www-form-urlencoded":
        raise Malformed("Send a form, with Content-Type: application/x-www-form-urlencoded.")
    try:
        text = (await request.read()).decode("ascii")
        return dict(parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=_MAX_FIELDS))
    except UnicodeDecodeError:
        raise Malformed("The form is not UTF-8.") from None
    except ValueError:
        raise Malformed(f"A form has at most {_MAX_FIELDS} fields.") from None


async def image(request: web.Request) -> tuple[str, bytes]:
    """The name and bytes of an uploaded file: the body itself, which has no name, or the field `file` of a form."""
    if request.content_type != "multipart/form-data":
        return "", await request.read()
    try:
        fields = await request.post()
    except (ValueError, LookupError, RuntimeError) as error:  # what aiohttp says to encodings that it doesn't know
        raise Malformed(f"The form can't be read: {error}.") from None
    field = fields.get("file")
    if not isinstance(field, web.FileField):
        raise Malformed("The form has no file in a field named `file`.")
    return field.filename, await offload(request, field.file.read)
