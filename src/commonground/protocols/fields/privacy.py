"""A raw record as it may be shown: without the private persons that portals write into it.

A dialect declares where persons may stand, as paths of keys (`contactPoint.fn`). A path holds at any depth, `*` stands
for any one key, and lists count for nothing. Pairs such as `{"key": "contact_name", "value": "…"}` are read as if the
key were a key, whole or by what stands behind its last `_`. Where several paths hold, the longest one decides.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from commonground.protocols.fields import contacts
from commonground.words import Raw

Passes = Callable[[str], bool]
Trail = tuple[str, ...]

_GONE = object()
_DEEPEST = 200
"""What is nested deeper is left out: no record needs it, and no JSON encoder takes it."""
_INDEX = re.compile(r"\[\d+\]")


@dataclass(frozen=True, slots=True)
class Persons:
    """Where persons may stand in a dialect's records.

    What lies at a `contacts` path is shown only when it is an office, at a `publishers` path unless it names a person.
    """

    contacts: tuple[str, ...] = ()
    publishers: tuple[str, ...] = ()

    def __or__(self, other: Persons) -> Persons:
        return Persons(self.contacts + other.contacts, self.publishers + other.publishers)

    def shown(self, raw: Raw) -> Raw:
        """The record without persons, and without mailboxes that are no role's, wherever they stand."""
        found = _filter(self).kept(raw, (), _no_mailbox, 0)
        return found if isinstance(found, dict) else {}

    def at(self, place: str) -> bool:
        """Whether a finding's place (`contactPoint[0].fn`) is one where persons may stand."""
        trail = tuple(_key(step) for step in _INDEX.sub("", place).split("."))
        return any(_filter(self).rule(trail[:end]) for end in range(1, len(trail) + 1))


class _Filter:
    """The paths of a dialect by their last step, and the walk through a record."""

    def __init__(self, persons: Persons) -> None:
        self._rules: dict[str, list[tuple[Trail, Passes]]] = {}
        for paths, passes in ((persons.contacts, contacts.is_office), (persons.publishers, _no_person)):
            for path in paths:
                trail = tuple(_key(step) for step in path.split("."))
                self._rules.setdefault(trail[-1], []).append((trail, passes))

    def rule(self, trail: Trail) -> Passes | None:
        """The rule of the longest path that holds at the end of a trail."""
        fitting = [rule for rule in self._rules.get(trail[-1], ()) if _ends(trail, rule[0])]
        return max(fitting, key=lambda rule: len(rule[0]))[1] if fitting else None

    def kept(self, value: object, trail: Trail, passes: Passes, depth: int) -> Any:  # noqa: ANN401 - any JSON
        """What passes of a value, `_GONE` where nothing does. Empty things and truth values name nobody."""
        if not value or isinstance(value, bool):
            return value
        if depth > _DEEPEST:
            return _GONE
        if isinstance(value, dict):
            parts = {key: self._part(value, key, (trail, passes, depth)) for key in value}
            left = {key: part for key, part in parts.items() if part is not _GONE}
            return _GONE if "value" in value and "value" not in left and "key" in value else left or _GONE
        if isinstance(value, list):
            return [one for part in value if (one := self.kept(part, trail, passes, depth + 1)) is not _GONE] or _GONE
        if isinstance(value, str):
            return value if passes(value) else _GONE
        return value if passes is not contacts.is_office else _GONE  # a number may be a telephone's

    def _part(self, whole: Raw, key: str, around: tuple[Trail, Passes, int]) -> Any:  # noqa: ANN401 - any JSON
        trail, passes, depth = around
        if key == "@type" or (key == "key" and "value" in whole):
            return whole[key]
        rules = [(name, self.rule((*trail, name))) for name in _names(whole, key)]
        name, found = next(((name, rule) for name, rule in rules if rule), rules[0])
        return self.kept(whole[key], (*trail, name), found or passes, depth + 1)


@cache
def _filter(persons: Persons) -> _Filter:
    return _Filter(persons)


def _names(whole: Raw, key: str) -> Iterator[str]:
    """What a key is called: for the value of a pair, the pair's own key and the last part of it."""
    own = whole.get("key")
    if key == "value" and isinstance(own, str):
        yield _key(own)
        yield _key(own).rpartition("_")[2]
    else:
        yield _key(key)


def _key(text: str) -> str:
    return text.strip().lower().replace(" ", "-")


def _ends(trail: Iterable[str], path: Trail) -> bool:
    end = tuple(trail)[-len(path) :]
    return len(end) == len(path) and all(step in {"*", name} for step, name in zip(path, end, strict=True))


def _no_person(text: str) -> bool:
    return contacts.without_persons(text) == text


def _no_mailbox(text: str) -> bool:
    return "@" not in text or not contacts.is_private_mailbox(text)
