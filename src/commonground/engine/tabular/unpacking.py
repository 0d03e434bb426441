"""What a file is, by its first bytes and not by its name; and its bytes, unpacked within bounds."""

from __future__ import annotations

import bz2
import codecs
import gzip
import lzma
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from io import BufferedReader, RawIOBase
from pathlib import Path
from typing import IO, Final

from commonground.errors import FileRefused

MOST_BYTES: Final = 32 * 2**30
"""Of one file, unpacked."""
MOST_RATIO: Final = 200
"""How many times its packed size a file may have. CSV files packed well have 20; a bomb has 1,000."""
FREE_BYTES: Final = 64 * 2**20
"""So much may be unpacked of any file before its ratio counts."""
MOST_MEMBERS: Final = 10_000
MOST_LAYERS: Final = 3
MOST_WORKBOOK: Final = 512 * 2**20
"""Of all parts of a workbook, unpacked: it is read as a whole."""
_CHUNK: Final = 2**20
_GZIP: Final = b"\x1f\x8b"
_ZIP: Final = b"PK\x03\x04"
_EMPTY_ZIP: Final = b"PK\x05\x06"
_BROKEN: Final = (gzip.BadGzipFile, zlib.error, lzma.LZMAError, EOFError, zipfile.BadZipFile)
_NO_ROWS: Final[dict[bytes, str]] = {
    b"%PDF": "a PDF document",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"SQLite format 3": "an SQLite database",
    b"7z\xbc\xaf": "a 7z archive",
    b"Rar!": "a RAR archive",
    b"\x28\xb5\x2f\xfd": "packed with zstd",
    b"PK\x05\x06": "an empty archive",
}
_WIDE_TEXT: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE)
_CONTROLS: Final = bytes({*range(1, 32)} - set(b"\t\n\v\f\r\x1a\x1b\x1e"))
"""Bytes that no text has, but for a few slips."""
_SLIPS: Final = 32
_MARKUP: Final = {"<!doctype html": "a web page", "<html": "a web page", "<?xml": "XML", "<kml": "KML", "<": "markup"}


class Kind(StrEnum):
    """How rows are written."""

    TEXT = "text"
    WORKBOOK = "workbook"
    PARQUET = "parquet"


@dataclass(frozen=True, slots=True)
class Piece:
    """One file of rows, which may lie in packed files. `open` gives its bytes from the start, as often as asked."""

    name: str
    kind: Kind
    open: Callable[[], IO[bytes]]
    path: Path | None = None

    @contextmanager
    def on_disk(self) -> Iterator[Path]:
        """Its bytes as a file, for readers that jump in it."""
        if self.path is not None:
            yield self.path
            return
        with tempfile.NamedTemporaryFile(prefix="commonground-") as file, self.open() as packed:
            while chunk := packed.read(_CHUNK):
                file.write(chunk)
            file.flush()
            yield Path(file.name)


class Bounded(RawIOBase):
    """Bytes as they are unpacked. Raises `FileRefused` where they are broken, or more than a file can honestly hold."""

    def __init__(self, inner: IO[bytes], name: str, packed: int) -> None:
        self._inner, self._name, self._packed, self._size = inner, name, packed, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override] # any buffer
        try:
            chunk = self._inner.read(len(buffer))
        except (*_BROKEN, OSError, RuntimeError, NotImplementedError) as error:
            message = f"{self._name} cannot be unpacked: {error}."
            raise FileRefused(message, advice="Download it again, or pack it again as .gz or .zip.") from None
        self._size += len(chunk)
        refuse_bomb(self._name, self._size, self._packed)
        buffer[: len(chunk)] = chunk
        return len(chunk)

    def close(self) -> None:
        self._inner.close()
        super().close()


def refuse_bomb(name: str, size: int, packed: int) -> None:
    """Raise `FileRefused` for more bytes than `packed` bytes of a file can honestly hold."""
    if size > MOST_BYTES:
        message = f"{name} unpacks to more than {MOST_BYTES // 2**30} GiB."
    elif size > FREE_BYTES and size > MOST_RATIO * packed:
        message = f"{name} unpacks to more than {MOST_RATIO} times its {packed:,} bytes: that looks like a zip bomb."
    else:
        return
    raise FileRefused(message, advice="Give the file unpacked, or in parts.")


@dataclass(frozen=True, slots=True)
class _Layer:
    """Something that may be packed. `packed` is the size of the file on the disk; `left` layers may lie in it."""

    name: str
    open: Callable[[], IO[bytes]]
    packed: int
    left: int = MOST_LAYERS
    path: Path | None = None

    def inner(self, name: str, opened: Callable[[], IO[bytes]]) -> _Layer:
        """What is in it, unpacked within bounds."""

        def bounded() -> IO[bytes]:
            return BufferedReader(Bounded(opened(), self.name, self.packed), _CHUNK)

        return _Layer(name, bounded, self.packed, self.left - 1)


def pieces(path: Path, member: str | None = None) -> list[Piece]:
    """The files of rows in a file: itself, what is packed in it, or the members of an archive (or the one named).

    Raises `FileRefused` for what holds no rows, what is broken, and what unpacks to more than it should.
    """
    try:
        layer = _Layer(path.name, lambda: path.open("rb"), path.stat().st_size, path=path)
        found = list(_pieces(layer, member))
    except OSError as error:
        raise FileRefused(
            f"{path} cannot be read: {error.strerror}.", advice="Check the path and its rights."
        ) from None
    if not found:
        raise FileRefused(f"{path.name} holds no file of rows.", advice="Give CSV, GeoJSON, JSON, Excel or Parquet.")
    return found


def _pieces(layer: _Layer, member: str | None) -> Iterator[Piece]:
    with layer.open() as file:
        start = file.read(_CHUNK // 16)
    if not layer.left:
        raise FileRefused(f"{layer.name} is packed again and again.", advice="Unpack it, and give what is in it.")
    unpacker = _unpacker(start)
    if unpacker:
        name = layer.name.rpartition(".")[0] or layer.name
        yield from _pieces(layer.inner(name, lambda: unpacker(layer.open())), member)
    elif start.startswith((_ZIP, _EMPTY_ZIP)):
        with Piece(layer.name, Kind.TEXT, layer.open, layer.path).on_disk() as archive:
            yield from _members(layer, archive, member)
    else:
        yield Piece(layer.name, _kind(layer.name, start), layer.open, layer.path)


def _unpacker(start: bytes) -> Callable[[IO[bytes]], IO[bytes]] | None:
    if start.startswith(_GZIP):
        return lambda file: gzip.GzipFile(fileobj=file)  # type: ignore[return-value] # reads as an IO does
    if start.startswith(b"BZh"):
        return bz2.BZ2File
    if start.startswith(b"\xfd7zXZ\x00"):
        return lzma.LZMAFile
    return None


def _members(layer: _Layer, path: Path, member: str | None) -> Iterator[Piece]:
    """What is in an archive. A packed one may only be a workbook, which is a zip archive too."""
    name, packed = layer.name, layer.packed
    try:
        with zipfile.ZipFile(path) as archive:
            infos = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise FileRefused(f"{name} is no whole archive: {error}.", advice="Download it again.") from None
    if len(infos) > MOST_MEMBERS:
        raise FileRefused(f"{name} holds {len(infos):,} files.", advice=f"Give at most {MOST_MEMBERS:,} in one.")
    names, size = {one.filename for one in infos}, sum(one.file_size for one in infos)
    refuse_bomb(name, size, packed)
    if names & {"[Content_Types].xml", "content.xml"}:
        if size > MOST_WORKBOOK:
            message = f"{name} is a workbook of {size // 2**20:,} MiB, unpacked."
            raise FileRefused(message, advice="Save the sheet as CSV (UTF-8).")
        yield Piece(name, Kind.WORKBOOK, layer.open, layer.path)
        return
    if layer.path is None:
        raise FileRefused(f"{name} is an archive within a packed file.", advice="Unpack it once, and give the archive.")
    for info in infos:
        if _counts(info, member):
            yield from _member(layer, path, info)
    if member is not None and member not in names and any(map(_plain, infos)):
        listed = ", ".join(sorted(one.filename for one in infos if _plain(one))[:20])
        raise FileRefused(f"{name} holds no file “{member}”.", advice=f"It holds {listed}.")


def _member(layer: _Layer, path: Path, info: zipfile.ZipInfo) -> Iterator[Piece]:
    shown = f"{layer.name}/{info.filename}"
    if info.flag_bits & 1:
        raise FileRefused(f"{shown} is locked with a password.", advice="Pack it again without one.")
    if Path(info.filename).suffix.lower() in {".shp", ".dbf", ".gdb"}:
        raise FileRefused(f"{layer.name} is a shapefile.", advice="Export it as GeoJSON or CSV.")

    def opened() -> IO[bytes]:
        try:
            return zipfile.ZipFile(path).open(info)
        except (*_BROKEN, RuntimeError, NotImplementedError) as error:
            raise FileRefused(f"{shown} cannot be unpacked: {error}.", advice="Pack it again.") from None

    yield from _pieces(layer.inner(shown, opened), None)


def _counts(info: zipfile.ZipInfo, member: str | None) -> bool:
    """Whether a member is asked for; without a name, whether it looks like rows and not like what is said of them."""
    if member is not None:
        return info.filename == member
    return _plain(info) and not info.filename.lower().endswith(
        (".md", ".pdf", ".xml", ".html", ".prj", ".doc", ".docx")
    )


def _plain(info: zipfile.ZipInfo) -> bool:
    parts = Path(info.filename).parts
    return not info.is_dir() and info.file_size > 0 and not any(one.startswith((".", "__MACOSX")) for one in parts)


def _kind(name: str, start: bytes) -> Kind:
    if not start:
        raise FileRefused(f"{name} is empty.", advice="Give a file with rows.")
    if start.startswith(b"PAR1"):
        return Kind.PARQUET
    if start.startswith(b"\xd0\xcf\x11\xe0"):
        return Kind.WORKBOOK
    said = next((said for mark, said in _NO_ROWS.items() if start.startswith(mark)), "")
    text = start[:200].decode("utf-8", "ignore").lstrip("\ufeff \t\r\n").lower()
    said = said or next((said for mark, said in _MARKUP.items() if text.startswith(mark)), "")
    if said:
        raise FileRefused(f"{name} is {said}, not rows.", advice="Give CSV, GeoJSON, JSON, Excel or Parquet.")
    if _binary(start):
        message = f"{name} is neither text nor anything else that is known."
        raise FileRefused(message, advice="Give CSV, GeoJSON, JSON, Excel or Parquet; text as UTF-8.")
    return Kind.TEXT


def _binary(start: bytes) -> bool:
    """Whether bytes are no text in any encoding that is read: a twentieth are control characters, or nearly all NUL."""
    if start.startswith(_WIDE_TEXT):
        return False
    controls = len(start) - len(start.translate(None, _CONTROLS))
    nul = start[::2].count(0) > len(start) // 4 and start[1::2].count(0) > len(start) // 4
    return (controls > _SLIPS and controls * 20 > len(start)) or (nul and len(start) > _SLIPS)
