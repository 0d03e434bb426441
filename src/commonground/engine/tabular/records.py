"""JSON: GeoJSON, lists of objects, and an object a line. Numbers stay as they are written."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from io import TextIOWrapper
from typing import IO, Any, Final

import orjson

from commonground.engine.tabular.layout import MOST_CELL, MOST_COLUMNS, Row, column_names, of_rows, whole
from commonground.engine.tabular.problems import Problems
from commonground.errors import FileRefused

GEOMETRY: Final = "geometry"
_LISTS: Final = ("features", "data", "rows", "results", "records", "items", "value")
"""Under which keys of an object rows are looked for, in this order of trust."""
_CHUNK: Final = 2**20
_SPACE: Final = " \t\r\n\x1e\ufeff"
_START: Final = re.compile(r'\s*(?:\[\s*(?:\{|\]|$)|\x1e?\{\s*(?:"|\}|$))')
_AT_A_TIME: Final = 5_000


class Number(str):
    """A number as it is written, told from a text of digits."""

    __slots__ = ()


_DECODER: Final = json.JSONDecoder(parse_float=Number, parse_int=Number, parse_constant=str, strict=False)


def looks_like_json(start: str) -> bool:
    """Whether a text begins as JSON with rows does, and as no header of a CSV file."""
    return _START.match(start.lstrip("\ufeff")) is not None


class Records:
    """The records of a JSON text, told one after the other. `opened` gives the text as UTF-8 bytes from its start."""

    def __init__(self, name: str, opened: Callable[[], IO[bytes]], problems: Problems) -> None:
        self._name, self._opened, self._problems = name, opened, problems
        keys: dict[str, None] = {}
        self.with_geometry = False
        for _, record in self._records():
            properties, geometry = _parts(record)
            self.with_geometry |= geometry is not _NONE
            if properties is not None and not properties.keys() <= keys.keys():
                keys.update(dict.fromkeys(properties))
                if len(keys) > MOST_COLUMNS:
                    column_names(list(keys), name)  # refuses
        self._keys = list(keys)
        if not keys and not self.with_geometry:
            raise FileRefused(f"{name} holds no rows with named values.", advice="Give a list of objects, or GeoJSON.")
        self.names = column_names([*keys, *[GEOMETRY][: self.with_geometry]], name)

    def tables(self) -> Iterator[Any]:
        """All rows, as tables of our form."""
        held: list[Row] = []
        size = 0
        for number, (line, record) in enumerate(self._records(), 1):
            row = self._row(number, line, record)
            held.append(row)
            size += sum(len(one) for one in row[1] or () if one)
            if len(held) >= _AT_A_TIME or size > _CHUNK * 16:
                yield of_rows(self.names, held)
                held, size = [], 0
        yield of_rows(self.names, held)

    def _row(self, number: int, line: int, record: object) -> Row:
        properties, geometry = _parts(record)
        if properties is None and geometry is _NONE:
            text = record.text if isinstance(record, Broken) else _written(record) or ""
            said = "This is no object with names and values; it is kept whole."
            self._problems.add("record", said, row=number, line=line, sample=text)
            return number, None, whole([text])
        cells = [_written(value) for value in map((properties or {}).get, self._keys)]
        if self.with_geometry:
            cells.append(None if geometry is _NONE else _written(geometry))
        return number, cells, None

    def _records(self) -> Iterator[tuple[int, object]]:
        """Each record with its line, where that is known."""
        with TextIOWrapper(self._opened(), "utf-8", errors="replace", newline="") as text:
            scanner = Scanner(self._name, text)
            if scanner.peek() == "[":
                yield from ((0, one) for one in scanner.elements())
            elif key := self._key():
                yield from ((0, one) for one in scanner.elements_of(key))
            else:
                yield from _lines(text, scanner)

    def _key(self) -> str:
        """Under which key of a single object the rows are; "" where there is an object a line."""
        if not hasattr(self, "_found"):
            with TextIOWrapper(self._opened(), "utf-8", errors="replace", newline="") as text:
                self._found = Scanner(self._name, text).list_key()
        return self._found


class Broken:
    """A line that is no JSON."""

    def __init__(self, text: str) -> None:
        self.text = text


_NONE: Final = object()


def _parts(record: object) -> tuple[Mapping[str, Any] | None, object]:
    """Names and values of a record, and its geometry (`_NONE` where it is no feature)."""
    if not isinstance(record, dict):
        return None, _NONE
    feature = record.get("type") == "Feature" and ("properties" in record or GEOMETRY in record)
    if feature or (set(record) <= {"attributes", GEOMETRY} and isinstance(record.get("attributes"), dict)):
        properties = record.get("properties" if feature else "attributes")
        return properties if isinstance(properties, dict) else {}, record.get(GEOMETRY)
    return record, _NONE


def _written(value: object) -> str | None:
    """A value as text: a number as it is in the file, a list or an object as compact JSON."""
    match value:
        case str():
            return value
        case None:
            return None
        case True:
            return "true"
        case False:
            return "false"
        case _:
            try:
                return orjson.dumps(value, default=_as_is, option=orjson.OPT_PASSTHROUGH_SUBCLASS).decode()
            except orjson.JSONEncodeError:  # too deep, or half a character in it
                return json.dumps(value, separators=(",", ":"))


def _as_is(value: object) -> orjson.Fragment:
    return orjson.Fragment(str(value))


def _lines(text: TextIOWrapper, scanner: Scanner) -> Iterator[tuple[int, object]]:
    """An object a line; blank lines are none."""
    rest = scanner.text
    for number, line in enumerate(_split(text, rest), 1):
        plain = line.strip(_SPACE)
        if not plain:
            continue
        try:
            yield number, _DECODER.decode(plain)
        except (ValueError, RecursionError):
            yield number, Broken(plain)


def _split(text: TextIOWrapper, rest: str) -> Iterator[str]:
    while True:
        *lines, rest = rest.split("\n")
        yield from lines
        if len(rest) > MOST_CELL:
            raise FileRefused("A line of the file is too long for one record.", advice="Give one object a line.")
        more = text.read(_CHUNK)
        if not more:
            yield rest
            return
        rest += more


class Scanner:
    """JSON read piece by piece: no more of it is held than one record needs."""

    def __init__(self, name: str, source: TextIOWrapper) -> None:
        self._name, self._source = name, source
        self.text, self._at, self._ended = "", 0, False
        self._more()

    def peek(self) -> str:
        """The next character that is no space; "" at the end."""
        while True:
            while self._at < len(self.text) and self.text[self._at] in _SPACE:
                self._at += 1
            if self._at < len(self.text) or self._ended:
                return self.text[self._at : self._at + 1]
            self._more()

    def elements(self, number: int = 0) -> Iterator[object]:
        """The elements of the list that begins here. Raises `FileRefused` where it is no JSON."""
        self._take("[", number)
        if self.peek() == "]":
            self._at += 1
            return
        while True:
            number += 1
            yield self._value(number)
            if self.peek() != ",":
                break
            self._at += 1
            if self.peek() == "]":
                break  # a comma too many, at the end
        self._take("]", number)

    def elements_of(self, wanted: str) -> Iterator[object]:
        """The elements of the lists under this key of the objects here: files of features may follow each other."""
        while self.peek() == "{":
            for key in self._keys():
                if key == wanted and self.peek() == "[":
                    yield from self.elements()
                else:
                    self._value(0)
        if self.peek():
            self._refuse(0)

    def list_key(self) -> str:
        """Under which key of this object there is a list of rows; "" where it has none, as an object a line."""
        found = set()
        try:
            for key in self._keys():
                if key in _LISTS and self.peek() == "[":
                    if key == _LISTS[0]:
                        return key
                    found.add(key)
                self._value(0)
        except FileRefused:
            pass  # what is wrong with it is told where it is read
        if found and self.peek() == "":
            return min(found, key=_LISTS.index)
        return ""

    def _keys(self) -> Iterator[str]:
        self._take("{", 0)
        while self.peek() not in {"}", ""}:
            key = self._value(0)
            self._take(":", 0)
            self.peek()
            yield str(key)
            if self.peek() == ",":
                self._at += 1
        self._take("}", 0)

    def _value(self, number: int) -> object:
        self.peek()
        while True:
            try:
                value, end = _DECODER.raw_decode(self.text, self._at)
            except RecursionError:
                self._refuse(number)
            except ValueError:
                if self._ended:
                    self._refuse(number)
            else:
                if end < len(self.text) or self._ended:
                    self._at = end
                    return value
            if len(self.text) - self._at > MOST_CELL:
                self._refuse(number)
            self._more()

    def _take(self, mark: str, number: int) -> None:
        if self.peek() != mark:
            self._refuse(number)
        self._at += 1

    def _more(self) -> None:
        """Read on; twice as much for a record that is longer than what is here."""
        rest = self.text[self._at :]
        chunk = self._source.read(max(_CHUNK, len(rest)))
        self._ended = not chunk
        self.text, self._at = rest + chunk, 0

    def _refuse(self, number: int) -> None:
        where = f"record {number:,}" if number else "its beginning"
        shown = self.text[self._at : self._at + 60]
        message = f"{self._name} is no whole JSON at {where}: it goes on with {shown!r}."
        if len(self.text) - self._at > MOST_CELL:
            message = (
                f"{self._name} has a record of more than {MOST_CELL // 2**20} MiB, or one without an end: {where}."
            )
        raise FileRefused(message, advice="Export it again; JSON ends as it began.")
