"""An answer in one form: in memory while it is small, else in a file that vanishes when nobody reads it any more."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from tempfile import SpooledTemporaryFile
from threading import Lock
from typing import Any, BinaryIO, Final, cast

from commonground.engine.query import Told
from commonground.errors import CommonGroundError

_IN_MEMORY: Final = 4 * 2**20
_PIECE: Final = 2**16


@dataclass(frozen=True, slots=True, weakref_slot=True)
class Written:
    """What was told of it, its bytes, and the file that has them where they are many. Several may read it at once."""

    told: Told
    size: int
    body: bytes
    file: Any = None
    _lock: Lock = field(default_factory=Lock)

    def pieces(self) -> Iterator[bytes]:
        """The bytes, a few at a time, however many there are."""
        if self.file is None:
            yield self.body
            return
        for start in range(0, self.size, _PIECE):
            with self._lock:  # readers share the file, and each is at a place of its own
                self.file.seek(start)
                piece = self.file.read(_PIECE)
            yield piece


def written(write: Callable[[BinaryIO], Told]) -> Written:
    """What `write` writes. It is whole before anybody reads, so that a refusal is a refusal and not a torn file."""
    sink = SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 - closed when nobody holds it any more
    try:
        told = write(cast("BinaryIO", sink))
    except CommonGroundError:
        sink.close()
        raise
    size = sink.tell()
    sink.seek(0)
    if size <= _IN_MEMORY:
        with sink:
            return Written(told, size, sink.read())
    whole = Written(told, size, b"", sink)
    weakref.finalize(whole, sink.close)
    return whole
