"""From a program that Supervisor looks after to the person at the terminal."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from deploy.native.news import say
from deploy.native.places import Places

LONGEST = 65_536
NAME = "terminal.sock"


def tell(places: Places, text: str) -> None:
    """Say it at the terminal, where there is one, and in the program's log."""
    print(text, flush=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as way, suppress(OSError):
        way.sendto(text.encode()[:LONGEST], str(places.run / NAME))


@contextmanager
def listening(places: Places) -> Iterator[None]:
    """Print what programs tell until the end."""
    path = places.run / NAME
    path.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
        ear.bind(str(path))
        threading.Thread(target=_hear, args=(ear,), daemon=True).start()
        try:
            yield
        finally:
            path.unlink(missing_ok=True)


def _hear(ear: socket.socket) -> None:
    with suppress(OSError):  # closed, for the stack has ended
        while True:
            say(ear.recv(LONGEST).decode(errors="replace"))
