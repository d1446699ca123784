"""Python's logging, in the same form and at the same place as requests' lines."""

import logging
from functools import partial
from typing import Any

from inkstone.logs.forms import FORMS, Form
from inkstone.logs.journal import JOURNAL

REQUESTS = "inkstone.requests"
"""The logger whose level says which requests get a line."""


class Handler(logging.Handler):
    """Writes records to the journal."""

    def __init__(self, form: str) -> None:
        super().__init__()
        self._form = FORMS[form]
        self._ours = partial(_ours, self._form)
        JOURNAL.lost = partial(self._ours, "%d lines were lost: nobody had read the log for too long")

    def emit(self, record: logging.LogRecord) -> None:
        try:
            JOURNAL.write(self._form.record(record))
        except Exception:
            self.handleError(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the library's name
        """Say where; the library would show the arguments, and there may be anything in those."""
        what = "what %s had to say could not be written (%s, %d)"
        JOURNAL.write(self._ours(what, record.name, record.module, record.lineno))


def configuration(form: str, level: str) -> dict[str, Any]:
    """For logging.config.dictConfig: `level` is ours and gunicorn's; libraries say nothing below info."""
    least = max(logging.getLevelNamesMapping()[level.upper()], logging.INFO)
    propagating = {"level": level.upper(), "handlers": [], "propagate": True}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {},
        "handlers": {"journal": {"()": Handler, "form": form}},
        "root": {"level": least, "handlers": ["journal"]},
        "loggers": {"inkstone": propagating, "gunicorn.error": propagating},
    }


def _ours(form: Form, message: str, *arguments: object) -> str:
    return form.record(logging.LogRecord("inkstone.logs", logging.WARNING, __file__, 0, message, arguments, None))
