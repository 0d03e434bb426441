"""Single values and lists out of a raw record."""

from __future__ import annotations

import math
import re
from functools import lru_cache
from urllib.parse import urlsplit

from commonground.protocols.base import Notes
from commonground.protocols.fields.prose import clean
from commonground.words import Raw

_STEP = re.compile(r"\[(\d+)\]|([^.\[\]]+)")
_SEPARATOR = re.compile(r"[,;\n]")
_LINK = re.compile(
    r"(https?|ftp)://[^\s/?#\"<>\\@]+(?:[/?#].*)?|mailto:[^\s@<>\"]+@[^\s@<>\"?]+(?:\?.*)?", re.IGNORECASE | re.DOTALL
)
_UNSAFE_IN_LINK = re.compile(r"[\s\"<>\\^`{|}]")
_WHOLE = re.compile(r"[+-]?\d{1,3}(?:,\d{3})+|[+-]?\d{1,19}")
_LONGEST_LINK = 8_000
_LONGEST_LINE = 10_000
_LARGEST = 2**63


@lru_cache(maxsize=4_096)
def _steps(path: str) -> tuple[str | int, ...]:
    return tuple(int(index) if index else name for index, name in _STEP.findall(path))


def at(raw: object, path: str) -> object:
    """The value at a dotted path (`resource.columns_name[3]`); None when any step is absent."""
    for step in _steps(path):
        if isinstance(step, str):
            if not isinstance(raw, dict):
                return None
            raw = raw.get(step)
        elif isinstance(raw, list) and step < len(raw):
            raw = raw[step]
        else:
            return None
    return raw


def text(value: object, notes: Notes, place: str) -> str:
    """One clean line of text. Numbers become text; a list of one text is that text; anything else is noted.

    More than 10,000 characters are cut and noted.
    """
    if value is None:
        return ""
    if isinstance(value, str):
        if len(value) > _LONGEST_LINE:
            notes.add("text-too-long", place, value, f"{len(value):,} characters, of which {_LONGEST_LINE:,} are kept")
        return " ".join(clean(value[:_LONGEST_LINE]).split())
    written = _written(value)
    if written is None and isinstance(value, list) and len(value) == 1 and isinstance(value[0], str):
        written = " ".join(clean(value[0][:_LONGEST_LINE]).split())
    elif written is not None:
        return written
    notes.add("wrong-type", place, value)
    return written or ""


def title(found: str, notes: Notes, place: str, *otherwise: str) -> str:
    """The title that was found; without one, the first other name that is there, and a finding."""
    if not found:
        notes.add("no-title", place)
    return found or next(filter(None, otherwise), "")


def _written(value: object) -> str | None:
    """A finite number as people write it."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return str(value) if -_LARGEST < value < _LARGEST else f"{value:#x}"
    if isinstance(value, float) and math.isfinite(value):
        return str(int(value)) if value.is_integer() and abs(value) < _LARGEST else repr(value)
    return None


def texts(value: object, notes: Notes, place: str, *, most: int = 1000) -> tuple[str, ...]:
    """Clean texts from a list, or from one text parted by commas or semicolons; each once, in their order."""
    if value is None or value == "":
        return ()
    parts: list[object]
    if isinstance(value, str):
        parts = list(_SEPARATOR.split(value))
    elif isinstance(value, list):
        parts = value
    else:
        parts = [value]
    if len(parts) > most:
        notes.add("too-many-values", place, parts[most], f"{len(parts):,} values, of which {most:,} are kept")
        parts = parts[:most]
    found: dict[str, str] = {}
    repeated: list[str] = []
    for index, part in enumerate(parts):
        one = text(part, notes, f"{place}[{index}]" if parts is value else place)
        if one and found.setdefault(one.casefold(), one) is not one:
            repeated.append(one)
    if repeated:
        notes.add("repeated-keyword", place, repeated[0], f"{len(repeated)} repeated")
    return tuple(found.values())


def records(value: object, notes: Notes, place: str) -> list[tuple[str, Raw]]:
    """The objects of a list, each with its place. A single object counts as a list of one."""
    if value is None:
        return []
    if isinstance(value, dict):
        return [(place, value)]
    if not isinstance(value, list):
        notes.add("wrong-type", place, value)
        return []
    found: list[tuple[str, Raw]] = []
    for index, one in enumerate(value):
        here = f"{place}[{index}]"
        if isinstance(one, dict):
            found.append((here, one))
        elif one is not None:
            notes.add("wrong-type", here, one)
    return found


def whole_number(value: object, notes: Notes, place: str) -> int | None:
    """A whole number of at most 63 bits, also from text such as “1,234”."""
    if value is None or value == "":
        return None
    number: int | None = None
    if isinstance(value, str) and _WHOLE.fullmatch(stripped := value.strip()) and stripped.isascii():
        number = int(stripped.replace(",", ""))
    elif isinstance(value, int) and not isinstance(value, bool):
        number = value
    elif isinstance(value, float) and value.is_integer():
        number = int(value)
    if number is None or abs(number) >= _LARGEST:
        notes.add("wrong-type", place, value)
        return None
    return number


def link(value: object, notes: Notes, place: str) -> str:
    """A web, FTP or mail address that a page may link to, else "" and a note."""
    if value is None:
        return ""
    if isinstance(value, str):
        address = clean(value[: _LONGEST_LINK + 1]).strip()
        if not address:
            return ""
        if len(address) <= _LONGEST_LINK and _LINK.fullmatch(address) and _has_host(address):
            scheme, rest = address.split(":", 1)
            return f"{scheme.lower()}:{_UNSAFE_IN_LINK.sub(_escaped, rest)}"
    notes.add("bad-link", place, value)
    return ""


def _has_host(address: str) -> bool:
    """Whether what stands between the slashes can be one: `http://[` cannot."""
    try:
        urlsplit(address)
    except ValueError:
        return False
    return True


def _escaped(match: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in match[0].encode())
