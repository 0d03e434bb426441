"""Where in a portal's record each value of our form stands. Pure, and the same for every dialect: by the values.

What the portal wrote is cleaned on its way to us, so texts are compared by their letters and digits alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from html import unescape
from itertools import islice
from typing import Any, Final

MOST: Final = 20_000
"""Values of one record that are looked at; larger records exist, and are no easier to read."""
SHOWN: Final = 600
"""Characters of one value that are shown."""
PLACES: Final = 3
_DEEPEST: Final = 50
_TAG: Final = re.compile(r"<[^>]*>")
_LETTERS: Final = re.compile(r"[\W_]+")
_INDEX: Final = re.compile(r"\[\d+\]")
_HALF: Final = 0.5


@dataclass(frozen=True, slots=True)
class Aligned:
    """One field of our form: what we say, and at which places of the record (`resource.columns_name[]`) what stands."""

    name: str
    ours: str
    raw: str
    places: tuple[str, ...]


def aligned(raw: Mapping[str, Any], form: Mapping[str, Any], fields: Iterable[str]) -> list[Aligned]:
    """Those fields of a form, each beside what the record has for it; without places where we find it nowhere."""
    by_value: dict[str, list[tuple[str, str]]] = {}
    for place, value in islice(_leaves(raw, "", 0), MOST):
        by_value.setdefault(_key(value), []).append((place, value))
    return [_aligned(name, _values(form.get(name)), by_value) for name in fields]


def _aligned(name: str, ours: list[str], by_value: Mapping[str, list[tuple[str, str]]]) -> Aligned:
    """The places where most of the values stand: those called so, as they are here, and near the top come first."""
    found: dict[str, list[str]] = {}
    for value in dict.fromkeys(ours):
        seen = set()
        for place, given in by_value.get(_key(value), ()) if _key(value) else ():
            pattern = _INDEX.sub("[]", place)
            if pattern not in seen:
                seen.add(pattern)
                found.setdefault(pattern, []).append(given)
    most = max((len(values) for values in found.values()), default=0)
    if most < _HALF * len(ours):
        return Aligned(name, joined(ours), "", ())
    exact = {place: len(set(values) & set(ours)) for place, values in found.items() if len(values) == most}
    places = sorted(exact, key=lambda one: (_key(name) not in _key(one), -exact[one], len(re.findall(r"[.\[]", one))))
    return Aligned(name, joined(ours), joined(found[places[0]]) if places else "", tuple(places[:PLACES]))


def joined(values: list[str]) -> str:
    """Values in one line, cut where they are too many to read."""
    text = ""
    for place, value in enumerate(values):
        added = f"{text}, {value}" if place else value
        if len(added) > SHOWN:
            shown = text or f"{value[:SHOWN]} …"
            rest = len(values) - max(place, 1)
            return f"{shown} (+ {rest:,})" if rest else shown
        text = added
    return text


def _values(value: object) -> list[str]:
    """What is to be looked for: of moments the text as given, of contacts and licenses all parts, of columns names."""
    if isinstance(value, str):
        return [value] if value else []
    if isinstance(value, bool) or value is None:
        return []
    if isinstance(value, int | float):
        return [str(value)]
    if isinstance(value, list):
        return [text for one in value for text in _values(_named(one))[:1]]
    if isinstance(value, dict):
        text = value.get("text")
        return [text] if text else [one for part in value.values() for one in _values(part)]
    return [str(value)]


def _named(one: object) -> object:
    """A column by its name, a file by its address."""
    return (one.get("name") or one.get("url") or one.get("field")) if isinstance(one, dict) else one


def _leaves(value: object, place: str, depth: int) -> Iterator[tuple[str, str]]:
    if depth > _DEEPEST:
        return
    if isinstance(value, dict):
        for key, part in value.items():
            yield from _leaves(part, f"{place}.{key}" if place else str(key), depth + 1)
    elif isinstance(value, list):
        for index, part in enumerate(value):
            yield from _leaves(part, f"{place}[{index}]", depth + 1)
    elif value is not None and not isinstance(value, bool):
        yield place, str(value)


def _key(text: str) -> str:
    return _LETTERS.sub("", unescape(_TAG.sub(" ", text)) if "<" in text or "&" in text else text).lower()
