"""Why two columns seem to mean the same, in words that a person can argue with. Pure.

Points are log-odds; what is worth less than a whisper is not said.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from commonground.catalog.search.schema import stem
from commonground.overlap.columns.concepts import concepts, meaning
from commonground.overlap.columns.likeness import described, family
from commonground.overlap.columns.naming import words
from commonground.overlap.facets import Part
from commonground.words import Column


def _(text: str) -> str:
    """Marks a text for translation, without Django."""
    return text


SENTENCES: Final[Mapping[str, tuple[str, str]]] = {
    "words": (_("Both say %(all)s."), ""),
    "meanings": (_("In other words, both speak of %(all)s."), ""),
    "letters": (_("The names are written alike."), ""),
    "concept": (_("Both seem to be what cities call %(all)s."), ""),
    "other-concept": ("", _("But one seems to be “%(first)s”, the other “%(second)s”.")),
    "kind": (_("Both names speak of the same kind of value: %(first)s."), ""),
    "other-kind": ("", _("But one name speaks of a %(first)s, the other of a %(second)s.")),
    "type": (_("Both have the type %(first)s."), ""),
    "other-type": ("", _("But one is of the type %(first)s, the other %(second)s.")),
    "description": (_("Both descriptions speak of %(all)s."), ""),
    "computed": ("", _("But one is computed by the portal, not published by the city.")),
    "meaning": (_("A language model finds the names near in meaning."), ""),
    "values": (_("The values are alike: %(plain)s."), _("But the values differ: %(plain)s.")),
    "memory": (
        _("Persons confirmed %(all)s of other cities for it, which fits."),
        _("But what persons confirmed for it elsewhere fits less."),
    ),
    "apart": ("", _("But one is of the %(first)s, the other of the %(second)s: weak at most.")),
    "rival": ("", _("But “%(first)s” and “%(second)s” fit each other better.")),
}
"""What speaks for a pair, and what against it, by the code of the evidence."""

_WHISPER: Final = 0.1
_MOST: Final = 6
"""Words of descriptions that are shown."""


def because(parts: Sequence[Part], say: Callable[[str], str] = str) -> tuple[str, ...]:
    """The sentences of what adds up to a score: first what speaks for it, the strongest first. `say` translates."""
    found = []
    for part in sorted(parts, key=lambda part: (part.points < 0, -abs(part.points))):
        for_it, against = SENTENCES.get(part.what, ("", ""))
        text = for_it if part.points > 0 else against
        if text and abs(part.points) >= _WHISPER and (part.detail or "%" not in text):
            first, second = (*part.detail, "", "")[:2]
            told = {"all": _listed(part.detail), "plain": "; ".join(part.detail), "first": first, "second": second}
            found.append(say(text) % told)
    return tuple(dict.fromkeys(found))


def _listed(detail: Sequence[str]) -> str:
    return ", ".join(f"“{one}”" for one in detail)


def detail(what: str, a: Column, b: Column) -> tuple[str, ...]:
    """What a piece of evidence rests on, of two columns."""
    told = _DETAILS.get(what)
    return told(a, b) if told else ()


def _words(a: Column, b: Column) -> tuple[str, ...]:
    there = {stem(word) for word in words(b.name)}
    return tuple(word for word in words(a.name) if stem(word) in there)


def _meanings(a: Column, b: Column) -> tuple[str, ...]:
    """Only what is said in different words; the same words are told of already."""
    there, known = meaning(b.name).terms, concepts().spoken
    literal = {stem(word) for word in _words(a, b)}
    shared = (known[term] for term in meaning(a.name).terms if term in there and term in known)
    return tuple(one for one in shared if not literal.issuperset(stem(word) for word in one.split()))


def _concept(a: Column, b: Column) -> tuple[str, ...]:
    ours, theirs = meaning(a.name).concepts, meaning(b.name).concepts
    order = list(concepts().names)  # of equals the first in the file
    shared = sorted(ours.keys() & theirs.keys(), key=lambda name: (-ours[name] * theirs[name], order.index(name)))
    return tuple(name.replace("-", " ") for name in shared[:1])


def _concepts(a: Column, b: Column) -> tuple[str, ...]:
    held = [meaning(one.name).concepts for one in (a, b)]
    return tuple(max(one, key=lambda name: (one[name], name)).replace("-", " ") for one in held if one)


def _kinds(a: Column, b: Column) -> tuple[str, ...]:
    return meaning(a.name).kind, meaning(b.name).kind


def _types(a: Column, b: Column) -> tuple[str, ...]:
    return family(a), family(b)


def _described(a: Column, b: Column) -> tuple[str, ...]:
    there = set(described(b))
    return tuple(one for one in described(a) if one in there)[:_MOST]


_DETAILS: Final[dict[str, Callable[[Column, Column], tuple[str, ...]]]] = {
    "words": _words,
    "meanings": _meanings,
    "concept": _concept,
    "other-concept": _concepts,
    "kind": _kinds,
    "other-kind": _kinds,
    "type": _types,
    "other-type": _types,
    "description": _described,
}
