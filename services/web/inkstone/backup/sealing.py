"""A gzipped file that must be byte for byte what was written: it ends with a seal, the digest of all before it.

gzip's own checksum is not enough: a changed byte may unpack to the same text, or stand where nobody looks. The seal is
an empty second member of the gzip file with the digest as its comment, so any tool unpacks the file as ever.
"""

import hashlib
import io
import struct
import zlib
from typing import BinaryIO

from inkstone.backup.errors import ArchiveError

# Of text it makes a fifth, twice as fast as the level that is usual; images can't be made smaller anyway.
_LEVEL = 4
# Gzip's, with no name and no time.
_HEADER = b"\x1f\x8b\x08\0\0\0\0\0\0\xff"
_GZIP = 16 + zlib.MAX_WBITS
_CHUNK = 256 * 1024


def _seal(digest: str) -> bytes:
    """An empty gzip member with a comment: header, comment, an empty block, checksum and length of nothing."""
    return b"\x1f\x8b\x08\x10\0\0\0\0\0\xff" + f"sha256:{digest}\0".encode() + b"\x03\0" + bytes(8)


_SEAL_BYTES = len(_seal("0" * 64))


class Sealed(io.RawIOBase):
    """Writes into a file; `finish` seals it.

    Not Python's own GzipFile, which complains when it is left unfinished, as on a full disk.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._digest = hashlib.sha256()
        self._deflate = zlib.compressobj(_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
        self._checksum = self._size = 0
        self._put(_HEADER)

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._size

    def write(self, data: bytes) -> int:  # type: ignore[override]  # nobody writes anything else here
        self._checksum = zlib.crc32(data, self._checksum)
        self._size += len(data)
        self._put(self._deflate.compress(data))
        return len(data)

    def finish(self) -> None:
        """Write the end; the file stays open."""
        self._put(self._deflate.flush() + struct.pack("<LL", self._checksum, self._size % 2**32))
        self._file.write(_seal(self._digest.hexdigest()))

    def _put(self, data: bytes) -> None:
        self._digest.update(data)
        self._file.write(data)


class Unsealed(io.RawIOBase):
    """What is in a sealed file; raises ArchiveError on one that was cut short or changed.

    What has been read is known to be good only when the end has been read.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._stream = zlib.decompressobj(_GZIP)
        self._digest = hashlib.sha256()
        self._left = file.seek(0, io.SEEK_END) - _SEAL_BYTES
        file.seek(0)
        if file.read(len(_HEADER)) != _HEADER:
            raise ArchiveError("is no archive of Inkstone")
        file.seek(max(self._left, 0))
        self._end = file.read()
        if self._end[:17] != _seal("")[:17]:
            raise ArchiveError("is cut short, or was altered at its end")
        file.seek(0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "memoryview[int]") -> int:  # type: ignore[override]  # the stub wants a union of all buffers
        while not self._stream.eof:
            data = self._inflated(len(buffer))
            if data:
                buffer[: len(data)] = data
                return len(data)
        if self._stream.unused_data or self._left or self._end != _seal(self._digest.hexdigest()):
            raise ArchiveError("has been damaged or altered: its checksum is not true")
        return 0

    def _inflated(self, most: int) -> bytes:
        chunk = self._stream.unconsumed_tail or self._more()
        if not chunk:
            raise ArchiveError("has been damaged or altered: it ends too early")
        try:
            return self._stream.decompress(chunk, most)
        except zlib.error as error:
            raise ArchiveError("has been damaged or altered: it can't be unpacked") from error

    def _more(self) -> bytes:
        chunk = self._file.read(min(_CHUNK, self._left))
        self._left -= len(chunk)
        self._digest.update(chunk)
        return chunk
