"""One way to check input: Pydantic models whose failures become the blog's Invalid and Malformed."""

from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from inkstone.domain.errors import Invalid, Malformed

_WORDING = {
    "missing": "This field is required.",
    "extra_forbidden": "There is no such field.",
}


def _no_nul(text: str) -> str:
    if "\0" in text:
        raise PydanticCustomError("nul", "NUL characters can't be stored.")
    return text


NO_NUL = AfterValidator(_no_nul)
"""Stands behind a text's StringConstraints: before them, Pydantic would measure the text with the space around it."""

Text = Annotated[str, NO_NUL]


class Input(BaseModel):
    """The base of everything that is sent to us: unknown fields are refused, nothing can be changed afterwards."""

    # What was sent, a password perhaps, must not be in the words of a failure.
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> Self:
        """Check a form or a query string; raises Invalid with one message for each field."""
        try:
            return cls.model_validate(data)
        except ValidationError as error:
            raise _refusal(error) from None

    @classmethod
    def parse_json(cls, body: bytes) -> Self:
        """Check a JSON document; raises Malformed where it is none, else Invalid."""
        try:
            return cls.model_validate_json(body)
        except ValidationError as error:
            raise _refusal(error) from None


def _refusal(error: ValidationError) -> Invalid | Malformed:
    details = error.errors(include_url=False, include_context=False, include_input=False)
    if details[0]["type"] == "json_invalid":
        return Malformed(f"The body is not JSON: {details[0]['msg'].removeprefix('Invalid JSON: ')}.")
    return Invalid({_field(detail): _message(detail) for detail in reversed(details)})


def _field(detail: ErrorDetails) -> str:
    return ".".join(str(part) for part in detail["loc"])


def _message(detail: ErrorDetails) -> str:
    message = _WORDING.get(detail["type"], detail["msg"])
    return message if message.endswith(".") else f"{message}."
