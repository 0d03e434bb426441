"""Bytes of a text file as UTF-8, whatever they were, with a word about what had to be guessed."""

from __future__ import annotations

import codecs
from io import RawIOBase
from typing import IO, Final

from commonground.engine.tabular.problems import Problems

_CHUNK: Final = 2**20
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # begins as UTF-16's mark does, so it is looked for first
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_WIDE: Final = {
    "utf-16-le": codecs.utf_16_le_decode,
    "utf-16-be": codecs.utf_16_be_decode,
    "utf-32-le": codecs.utf_32_le_decode,
    "utf-32-be": codecs.utf_32_be_decode,
}
_SNIFFED: Final = 4_096
_REPLACED: Final = "\ufffd"
_WINDOWS: Final = "commonground.windows"


def _windows(error: UnicodeError) -> tuple[str, int]:
    """Bytes that are no UTF-8 are taken for Windows-1252, which spreadsheets write; a byte that is neither is lost."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    wrong = error.object[error.start : error.end]
    return wrong.decode("cp1252", "replace"), error.end


codecs.register_error(_WINDOWS, _windows)


class Decoded(RawIOBase):
    """A text file as UTF-8 without byte-order mark and NUL. `tail` is put behind its end.

    What is no UTF-8 is read as Windows-1252, byte by byte, so that a file of two encodings comes out right too. Tells
    `problems` of it (`encoding`, `nul`) with the line, once a chunk. `lines` counts line feeds that
    went through, `lone` carriage returns without one; `open` says that the last line has no end.
    """

    def __init__(self, inner: IO[bytes], problems: Problems, *, tail: bytes = b"") -> None:
        self._inner, self._problems, self._tail = inner, problems, tail
        self._rest = b""  # decoded, and not yet handed out
        self._cut = b""  # the beginning of a character
        self.lines = self.lone = 0
        self.open = False
        start = inner.read(_SNIFFED)
        mark, self.encoding = next(((m, e) for m, e in _MARKS if start.startswith(m)), (b"", _guess(start)))
        self._pending = start.removeprefix(mark)
        self._ended = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override] # any buffer
        while not self._rest and not self._ended:
            self._fill()
        taken, self._rest = self._rest[: len(buffer)], self._rest[len(buffer) :]
        buffer[: len(taken)] = taken
        return len(taken)

    def close(self) -> None:
        self._inner.close()
        super().close()

    def _fill(self) -> None:
        chunk = self._pending or self._inner.read(_CHUNK)
        self._pending = b""
        self._ended = not chunk
        raw, self._cut = self._cut + chunk, b""
        if not raw.isascii() or self.encoding != "utf-8":
            raw = self._as_utf_8(raw)
        if b"\0" in raw:
            at = self.lines + 1 + raw.count(b"\n", 0, raw.index(b"\0"))
            self._problems.add("nul", "A NUL byte, which no text has; it is shown as \ufffd.", line=at)
            raw = raw.replace(b"\0", _REPLACED.encode())
        self.lines += raw.count(b"\n")
        if b"\r" in raw:
            self.lone += raw.count(b"\r") - raw.count(b"\r\n")
        if raw:
            self.open = not raw.endswith(b"\n")
        self._rest = raw + self._tail if self._ended else raw

    def _as_utf_8(self, raw: bytes) -> bytes:
        if self.encoding != "utf-8":
            decoded, used = _WIDE[self.encoding](raw, "replace", self._ended)
            self._cut = raw[used:]
            return decoded.encode("utf-8", "replace")
        try:
            _, used = codecs.utf_8_decode(raw, "strict", self._ended)
            self._cut = raw[used:]
            return raw[:used]
        except UnicodeDecodeError as error:
            decoded, used = codecs.utf_8_decode(raw, _WINDOWS, self._ended)
            self._cut = raw[used:]
            line = self.lines + 1 + raw.count(b"\n", 0, error.start)
            sample = raw[max(0, error.start - 20) : error.start + 20].decode("utf-8", _WINDOWS)
            said = f"Byte {raw[error.start]:#04x} is no UTF-8; it was read as Windows-1252."
            self._problems.add("encoding", said, line=line, sample=sample)
            return decoded.encode()


def _guess(start: bytes) -> str:
    """UTF-16 without a mark has a NUL beside each Latin letter; all else is UTF-8, or nearly."""
    half = len(start) // 4
    if start[1::2].count(0) > half and not start[::2].count(0):
        return "utf-16-le"
    if start[::2].count(0) > half and not start[1::2].count(0):
        return "utf-16-be"
    return "utf-8"
