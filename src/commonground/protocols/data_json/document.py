"""Reads a `data.json` document as a stream: one record in memory, however long the document is.

Understood: DCAT-US 1.1 (an object with the list `dataset`), DCAT-US 3.0 (`catalog` inside `catalog`,
`service`, `datasetSeries` with its members) and the bare list of version 1.0. The `record`s of a 3.0 catalog
tell when an entry was edited and name no data, so they are passed over.
"""

from __future__ import annotations

import codecs
import json
from collections.abc import Generator, Iterable, Iterator
from decimal import Decimal
from math import isfinite
from typing import Any

import ijson

from commonground.errors import Disagrees, Unreadable
from commonground.protocols.base import Notes
from commonground.words import Raw

Event = tuple[str, Any]
Events = Iterator[Event]

_LISTS = {"dataset", "service", "datasetSeries", "catalog"}
_NOT_PLAIN = {"start_map", "start_array", "number"}
_SNIPPET = 80
_DIGITS = 2_000
_BYTES_THAT_TELL = 4
"""So many show which Unicode encoding a document is in."""


def stream(chunks: Iterable[bytes], url: str, notes: Notes | None = None, *, quote: bool = True) -> Iterator[Raw]:
    """The records of a document that comes in chunks of any size, in its order.

    What is listed as a record but is no object becomes a finding in `notes`. Raises `Unreadable` when the
    document is no JSON or breaks off, after the records before that place; `Disagrees` when it lists no datasets.
    With `quote` the error shows how a document begins that is no JSON.
    """
    text = _Text(chunks, url)
    count = 0
    try:
        for raw in _document(ijson.basic_parse(ijson.from_iter(text)), url, notes or Notes()):
            yield raw
            count += 1
    except (ijson.JSONError, ArithmeticError, RecursionError) as error:
        raise _unreadable(error, text.begin, count, url, quote=quote) from error


class _Text:
    """The document as clean UTF-8 without a byte-order mark.

    The parser ends a document at a byte that is no UTF-8, and harms the process at an integer longer
    than Python converts: the first is replaced by U+FFFD, the second refused.
    """

    def __init__(self, chunks: Iterable[bytes], url: str) -> None:
        self.begin = ""
        self._url = url
        self._pieces = self._clean(iter(chunks))

    def __iter__(self) -> Iterator[bytes]:
        return self._pieces

    def _clean(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        first = b""
        while len(first) < _BYTES_THAT_TELL and (chunk := next(chunks, b"")):
            first += chunk
        decoder = codecs.getincrementaldecoder(json.detect_encoding(first))("replace")
        self.begin = decoder.decode(first)
        tail = b""
        for text in self._decoded(decoder, chunks):
            piece = text.encode("utf-8", "replace")
            window = tail + piece
            # A run of twice so many digits holds a whole block of them.
            if any(window[at : at + _DIGITS].isdigit() for at in range(0, len(window) - _DIGITS + 1, _DIGITS)):
                raise Unreadable(f"{self._url} has a number of more than {_DIGITS:,} digits.", url=self._url)
            tail = window[-2 * _DIGITS :]
            yield piece

    def _decoded(self, decoder: codecs.IncrementalDecoder, chunks: Iterator[bytes]) -> Iterator[str]:
        yield from filter(None, [self.begin])
        yield from filter(None, map(decoder.decode, chunks))
        yield from filter(None, [decoder.decode(b"", final=True)])


def _unreadable(error: Exception, begin: str, count: int, url: str, *, quote: bool) -> Unreadable:
    why = str(error).strip().partition("\n")[0] or type(error).__name__
    if count:
        return Unreadable(f"{url} cannot be read on after {count:,} records: {why}", url=url)
    start = begin[:_SNIPPET].strip()
    kind = "HTML" if start.lower().startswith(("<!doctype", "<html")) else "no readable JSON"
    shown = f" It begins: {start!r}." if quote else ""
    return Unreadable(f"{url} sent {kind} ({why}).{shown}", url=url)


def _document(events: Events, url: str, notes: Notes) -> Iterator[Raw]:
    begin = next(events)
    if begin[0] == "start_map":
        named = yield from _catalog(events, notes)
    elif begin[0] == "start_array":
        named = yield from _members("dataset", begin, events, notes)
    else:
        named = False
    if not named:
        raise Disagrees(f"{url} is JSON, but lists no datasets.", url=url)


def _catalog(events: Events, notes: Notes) -> Generator[Raw, None, bool]:
    """The records of a catalog whose brace was just read. Returns whether it lists anything at all."""
    named = False
    for event, key in events:
        if event == "end_map":
            break
        begin = next(events)
        if key in _LISTS and begin[0] in {"start_map", "start_array"}:
            yield from _members(key, begin, events, notes)
            named = True
        else:
            _value(begin, events)
    return named


def _members(key: str, begin: Event, events: Events, notes: Notes) -> Generator[Raw, None, bool]:
    """The records of one list of a catalog; a single object counts as a list of one. Returns whether any came."""
    if begin[0] == "start_map":
        yield from _member(key, key, begin, events, notes)
        return True
    found = False
    for number, item in enumerate(events):
        if item[0] == "end_array":
            break
        found = found or item[0] == "start_map"
        yield from _member(key, f"{key}[{number}]", item, events, notes)
    return found


def _member(key: str, place: str, begin: Event, events: Events, notes: Notes) -> Iterator[Raw]:
    if begin[0] == "start_map" and key == "catalog":
        yield from _catalog(events, notes)
        return
    raw = _value(begin, events)
    if not isinstance(raw, dict):
        notes.add("record-unusable", place, raw, "it is no object")
    elif key == "datasetSeries" or "seriesMember" in raw:
        yield from _of_series(raw)
    elif key == "service":
        yield {"@type": "DataService", **raw}
    else:
        yield raw


def _of_series(series: Raw) -> Iterator[Raw]:
    """The members of a series, each once, as records that name their series."""
    members = series.get("seriesMember")
    told = [*(members if isinstance(members, list) else [members]), series.get("first"), series.get("last")]
    about = {key: series[key] for key in ("@id", "@type", "title") if key in series}
    seen = []
    for member in told:
        if isinstance(member, dict) and member not in seen:
            seen.append(member)
            yield {**member, "inSeries": member.get("inSeries") or [about]}


def _value(begin: Event, events: Events) -> Any:  # noqa: ANN401 - JSON is anything
    """One whole value, whose first event was just read."""
    event, value = begin
    if event == "start_map":
        members: Raw = {}
        for key in events:
            if key[0] == "end_map":
                break
            item = next(events)
            members[key[1]] = _value(item, events) if item[0] in _NOT_PLAIN else item[1]
        return members
    if event == "start_array":
        items = []
        for item in events:
            if item[0] == "end_array":
                break
            items.append(_value(item, events) if item[0] in _NOT_PLAIN else item[1])
        return items
    return _number(value) if isinstance(value, Decimal) else value


def _number(value: Decimal) -> float | str:
    """A float as `json` reads it; what no float can hold stays text."""
    number = float(value)
    return number if isfinite(number) else str(value)
