"""Characters that no database and no UTF-8 text takes: NUL and lone surrogates. Where a record holds some."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

import orjson

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_MOST = 20


def unstorable(value: object) -> list[tuple[str, str]]:
    """(place, text) of the first 20 texts of some JSON that hold such characters, shown as U+FFFD."""
    try:
        if b"\\u0000" not in orjson.dumps(value):
            return []
    except TypeError:
        pass  # a lone surrogate, or a number too large for this encoder
    return list(islice(_places(value), _MOST))


def storable(text: str) -> str:
    """The text with U+FFFD for what cannot be kept."""
    return _UNSTORABLE.sub("\ufffd", text)


def _places(value: object) -> Iterator[tuple[str, str]]:
    waiting: list[tuple[str, object]] = [("", value)]
    while waiting:
        place, one = waiting.pop()
        if isinstance(one, str):
            if _UNSTORABLE.search(one):
                yield storable(place), storable(one)
        elif isinstance(one, dict):
            waiting += [(f"{place}.{key}".lstrip("."), inner) for key, inner in reversed(one.items())]
            waiting += [(f"{place}.{key}".lstrip("."), key) for key in one if _UNSTORABLE.search(key)]
        elif isinstance(one, list):
            waiting += [(f"{place}[{index}]", inner) for index, inner in reversed(list(enumerate(one)))]
