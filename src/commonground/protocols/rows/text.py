"""JSON rows as text, value by value as the portal wrote them.

A number keeps its digits (`1.50`, `2e3`, 20 figures), because it is never turned into a number: `Written` tells it
from a string of the same digits only where it lies inside an object, which becomes compact JSON.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pyarrow as pa

from commonground.errors import Unreadable
from commonground.protocols.http import Answer
from commonground.words import Raw

_SNIPPET = 80
_plain = json.JSONEncoder(ensure_ascii=False).encode


class Written(str):
    """A number, as its digits stand in the JSON."""

    __slots__ = ()


def answered(answer: Answer) -> Any:  # noqa: ANN401 - JSON is whatever the portal sent
    """The body of an answer as JSON with its numbers `Written`. Raises `Unreadable`."""
    return parsed(answer.body, answer.url, quote=not answer.elsewhere)


def parsed(body: bytes | str, url: str, *, quote: bool = True) -> Any:  # noqa: ANN401 - as above
    """As `answered`, of a text that came from `url`; `quote` shows in an error how it begins."""
    text = body if isinstance(body, str) else body.decode("utf-8-sig", "replace")
    try:
        return json.loads(text, parse_float=Written, parse_int=Written, parse_constant=Written)
    except (ValueError, RecursionError) as error:
        begin = text[:_SNIPPET].strip()
        kind = "HTML" if begin.lower().startswith(("<!doctype", "<html")) else "no JSON"
        shown = f" It begins: {begin!r}." if quote else ""
        raise Unreadable(f"{url} sent {kind} ({error}).{shown}", url=url) from error


def cell(value: object) -> str | None:
    """One value as text: strings as they are, numbers as written, `true`, `false`, objects and lists as compact JSON."""
    if value is None or isinstance(value, str):
        return value
    return compact(value)


def compact(value: object) -> str:
    """JSON without spaces, its `Written` numbers as they came."""
    if isinstance(value, Written):
        return str(value)
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{_plain(str(key))}:{compact(one)}" for key, one in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(map(compact, value)) + "]"
    return _plain(value)


def whole(value: object) -> int | None:
    """A count that a portal tells, as a number or as its text; None for anything else."""
    text = str(value) if isinstance(value, (str, int)) and not isinstance(value, bool) else ""
    return int(text) if text.isascii() and text.isdecimal() else None


def names(rows: Iterable[Mapping[str, object]], known: Sequence[str] = ()) -> list[str]:
    """The columns of some rows: those that are known first, then whatever else comes, in the order of coming."""
    found = dict.fromkeys(known)
    for row in rows:
        if row.keys() - found.keys():
            found.update(dict.fromkeys(row))
    return list(found)


def table(rows: Sequence[Raw], columns: Sequence[str]) -> pa.Table:
    """Those columns of the rows, each value as text, null where there is none."""
    return pa.table({name: column([row.get(name) for row in rows]) for name in columns})


def column(values: Iterable[object]) -> pa.Array:
    """Values as one column of text. What no Unicode text can hold (half of a pair of surrogates) becomes U+FFFD."""
    found = [cell(value) for value in values]
    try:
        return pa.array(found, pa.string())
    except UnicodeEncodeError:
        sound = [
            one if one is None else one.encode("utf-16", "surrogatepass").decode("utf-16", "replace") for one in found
        ]
        return pa.array(sound, pa.string())
