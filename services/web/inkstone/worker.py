"""What gunicorn runs as a worker: aiohttp's, with room for those who come all at once."""

import aiohttp


class Worker(aiohttp.GunicornUVLoopWebWorker):
    """A worker at whose socket as many may wait as gunicorn's `backlog` says."""

    _listens = False

    def notify(self) -> None:
        """Show the master that we live: once a second, at first when the sockets have just been opened.

        aiohttp opens them for 128 to wait at, and nginx answers 503 to whoever is one too many.
        """
        super().notify()
        if not self._listens:
            self._listens = True
            for socket in self.sockets:
                socket.listen(self.cfg.backlog)
