"""What goes over the pipes: frames of one letter, a length (4 bytes, big-endian), and so many bytes."""

from __future__ import annotations

from struct import Struct
from typing import BinaryIO, Final

ROWS: Final = b"R"
"""A small Arrow stream: a schema and some rows."""
ERROR: Final = b"E"
"""JSON: `kind` (the name of one of our errors), `message`, `advice`; for our log only what DuckDB said (`log`), and
whether the machine is to blame and not the question (`ours`)."""
DONE: Final = b"D"
"""JSON: `truncated`, `seconds`."""
QUESTION: Final = b"Q"
"""JSON: see `worker.answer`."""

LARGEST: Final = 128 * 2**20
_HEAD: Final = Struct(">cI")


def send(pipe: BinaryIO, letter: bytes, body: bytes | memoryview) -> None:
    """Write one frame. Raises OSError where nobody reads."""
    pipe.write(_HEAD.pack(letter, len(body)))
    pipe.write(body)
    pipe.flush()


def receive(pipe: BinaryIO) -> tuple[bytes, bytes]:
    """Read one frame. Raises EOFError where the other side is gone, or says what is no frame."""
    letter, length = _HEAD.unpack(_exactly(pipe, _HEAD.size))
    if length > LARGEST:
        raise EOFError
    return letter, _exactly(pipe, length)


def _exactly(pipe: BinaryIO, length: int) -> bytes:
    body = pipe.read(length)
    if len(body) < length:
        raise EOFError
    return body
