"""Reading a gzipped file that must be exactly as it was written."""

import io
import zlib
from typing import BinaryIO

from inkstone.backup.errors import ArchiveError

# No name, no time, and nothing else that could differ. A level of compression has its own.
LEVEL = 6
HEADER = b"\x1f\x8b\x08\0\0\0\0\0\0\xff"

_GZIP = 16 + zlib.MAX_WBITS
_CHUNK = 256 * 1024


class Inflated(io.RawIOBase):
    """What is in a gzipped file; raises ArchiveError on one that was cut short, changed or made longer.

    gzip's own checksum and length are compared at its end, so what has been read is known to be good only then.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._stream = zlib.decompressobj(_GZIP)
        file.seek(0)
        if file.read(len(HEADER)) != HEADER:
            raise ArchiveError("is no archive of Inkstone")
        file.seek(0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "memoryview[int]") -> int:  # type: ignore[override]  # the stub wants a union of all buffers
        while not self._stream.eof:
            data = self._inflate(len(buffer))
            if data:
                buffer[: len(data)] = data
                return len(data)
        if self._stream.unused_data or self._file.read(1):
            raise ArchiveError("has been altered: something was added at its end")
        return 0

    def _inflate(self, most: int) -> bytes:
        chunk = self._stream.unconsumed_tail or self._file.read(_CHUNK)
        if not chunk:
            raise ArchiveError(f"is cut short: it ends after {self._file.tell()} bytes")
        try:
            return self._stream.decompress(chunk, most)
        except zlib.error as error:
            raise ArchiveError("has been damaged or altered: what it says of itself is not true") from error
