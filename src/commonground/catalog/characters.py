"""Characters that no database and no UTF-8 text takes: NUL and lone surrogates. Where a record holds some."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

import orjson

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_MOST = 20
_AROUND = 80


def unstorable(value: object) -> list[tuple[str, str]]:
    """(place, text around it) of the first 20 such characters in the texts of some JSON, shown as U+FFFD."""
    try:
        if b"\\u0000" not in orjson.dumps(value):
            return []
    except TypeError:
        pass  # a lone surrogate, or a number too large for this encoder
    return list(islice(_places(value), _MOST))


def storable(text: str) -> str:
    """The text with U+FFFD for what cannot be kept."""
    return _UNSTORABLE.sub("\ufffd", text)


def cleaned(value: Any) -> Any:  # noqa: ANN401 - any JSON
    """The same JSON with storable texts."""
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, dict):
        return {storable(key): cleaned(one) for key, one in value.items()}
    if isinstance(value, list):
        return [cleaned(one) for one in value]
    return value


def _places(value: object) -> Iterator[tuple[str, str]]:
    waiting: list[tuple[str, object]] = [("", value)]
    while waiting:
        place, one = waiting.pop()
        if isinstance(one, str):
            if found := _UNSTORABLE.search(one):
                yield storable(place), storable(one[max(0, found.start() - _AROUND) : found.start() + _AROUND])
        elif isinstance(one, dict):
            waiting += [(f"{place}.{key}".lstrip("."), inner) for key, inner in reversed(one.items())]
            waiting += [(f"{place}.{key}".lstrip("."), key) for key in one if _UNSTORABLE.search(key)]
        elif isinstance(one, list):
            waiting += [(f"{place}[{index}]", inner) for index, inner in reversed(list(enumerate(one)))]
