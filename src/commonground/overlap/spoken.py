"""What people call the codes of overlap, in English; pages translate it (`templatetags/overlap.py`). Pure.

Three families: WORDS for single codes, REASONS for why the matrix says what it says, PARTS for what adds up to a
score. A text with `%(name)s` is filled with the facts that come with its code.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final


def _(text: str) -> str:
    """Marks a text for translation, without Django."""
    return text


WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "cell": {
        "yes": _("Yes"),
        "partly": _("Partly"),
        "maybe": _("Maybe"),
        "no": _("No"),
        "unknown": _("Unknown"),
    },
    "legend": {
        "yes": _("Same subject, same kind of row, confirmed by a person. The number counts data sets."),
        "partly": _("Related: totals, a part, only a map, or out of date."),
        "maybe": _("Found by comparing. No person has confirmed it."),
        "no": _("Looked for, not found."),
        "unknown": _("The city's portals were not read to the end, only tables were read, or not all is compared yet."),
    },
    "band": {
        "sure": _("Sure"),
        "likely": _("Likely"),
        "weak": _("Weak"),
    },
    "grain": {
        "records": _("Records, one by one"),
        "aggregate": _("Totals"),
        "reference": _("A reference list"),
        "indicator": _("Measures against a target"),
        "map": _("Only a map, without rows"),
        "unknown": _("Not known"),
    },
    "verdict": {
        "confirmed": _("Confirmed"),
        "rejected": _("Rejected"),
        "related": _("Related"),
    },
    "relation": {
        "subset": _("A part of it"),
        "aggregate": _("Totals of it"),
        "indicator": _("A measure of it"),
        "other": _("Related in another way"),
    },
    "timing": {
        "event": _("Happen, and stay"),
        "snapshot": _("Say how it is now"),
    },
    "geometry": {
        "point": _("Points"),
        "line": _("Lines"),
        "area": _("Areas"),
        "none": _("None"),
    },
}
"""Codes and what people call them, by family."""

REASONS: Final[Mapping[str, str]] = {
    "confirmed": _("A person confirmed it."),
    "related-subset": _("A person called it related: a part of the subject."),
    "related-aggregate": _("A person called it related: totals of the subject."),
    "related-indicator": _("A person called it related: a measure of the subject."),
    "related-other": _("A person called it related."),
    "map": _("A person confirmed it, but it is only a map, without rows."),
    "grain": _("A person confirmed it, but its rows are of another kind. Expected: %(expected)s. Here: %(grain)s."),
    "stale": _("A person confirmed it, but its data have long been out of date."),
    "found": _("Found by comparing. Nobody has confirmed it yet. How sure it is: %(band)s."),
    "found-map": _("Found by comparing, but it seems to be only a map, without rows. Nobody has confirmed it yet."),
    "found-grain": _(
        "Found by comparing, but its rows seem to be of another kind. Expected: %(expected)s. Here: %(grain)s. "
        "Nobody has confirmed it yet."
    ),
    "none": _("All portals of the city were read to the end, and nothing like it was found."),
    "rejected": _("Persons rejected what was found."),
    "said-none": _("A person said that the city has none."),
    "gone": _("What a person confirmed is no longer in the city's portals: %(ids)s."),
    "unread": _("Not read to the end yet: %(portals)s."),
    "only-tables": _("Only tables of this city were read. Maps are not in what was read, and this is often a map."),
    "uncompared": _("The city's data sets are not all compared yet. Still waiting: %(count)s."),
}
"""Why a cell of the matrix says what it says, by code, with its facts."""

PARTS: Final[Mapping[str, str]] = {
    "base": _("Before anything is known of it"),
    "title": _("Its title, against a name of the subject"),
    "names": _("What it says of itself, against the names of the subject"),
    "definition": _("What it says of itself, against what the subject is"),
    "keywords": _("Words that both have as keywords"),
    "columns": _("Words that both have in columns"),
    "words": _("Other words that both have"),
    "meaning": _("Near in meaning, as a language model reads it"),
    "grain": _("The kind of its rows"),
    "members": _("Like those that persons confirmed in other cities"),
    "nearest": _("Another data set of %(city)s is nearer to it"),
    "rival": _("Another data set of %(city)s is nearer to it"),
    "subject": _("The subject %(subject)s is nearer to it"),
}
"""What adds up to a score, by code (`facets.Part.what`); `subject` is a rival that is a subject."""

OTHER: Final = _("Something else is nearer to it")
"""A part that is known by no code, or a rival without a name."""
BECAUSE: Final[Mapping[str, tuple[str, str]]] = {
    "title": (_("the title is like “%(all)s”"), ""),
    "said": (_("the title says “%(all)s”"), ""),
    "names": (_("both names say %(all)s"), ""),
    "keywords": (_("both have the keywords %(all)s"), ""),
    "columns": (_("both have columns about %(all)s"), ""),
    "words": (_("both speak of %(all)s"), ""),
    "members": (_("it is like what persons confirmed in other cities"), ""),
    "grain": (_("its rows seem to be of the right kind (%(all)s)"), _("its rows seem to be of another kind (%(all)s)")),
    "nearest": (_("no other data set of %(all)s is nearer"), _("but another data set of %(all)s is nearer")),
    "rival": ("", _("but another data set of %(all)s is nearer")),
    "subject": ("", _("but the subject “%(all)s” is nearer")),
}
"""The same as a sentence says it: what speaks for it, and what against."""
_OF_SUBJECTS: Final = frozenset({"title", "definition"})
"""Parts that only the score of a subject has."""
_FEW: Final = 3


_FAMILIES: Final = {"band": "band", "grain": "grain", "expected": "grain"}
"""Facts that are codes themselves, and the family of their words."""


def reason(code: str, facts: Mapping[str, object], say: Callable[[str], str] = str) -> str:
    """Why a cell says what it says, as a text. `say` translates."""
    told = {name: _fact(name, value, say) for name, value in facts.items()}
    return say(REASONS.get(code, code)) % told


def _fact(name: str, value: object, say: Callable[[str], str]) -> str:
    if name in _FAMILIES:
        return say(word(str(value), _FAMILIES[name]))
    return ", ".join(map(str, value)) if isinstance(value, tuple | list) else str(value)


def word(code: str, family: str) -> str:
    """What people call a code; a code without a word is shown as it is."""
    return WORDS[family].get(code, code)


def because(parts: Sequence[Mapping[str, Any]], title: str, city: str, say: Callable[[str], str] = str) -> str:
    """Parts of a score as one plain sentence; empty where none of them can be told so.

    `title` is that of the dataset, `city` the slug of its city. `say` translates, also names of cities.
    """
    found = {one["what"]: one for one in parts}
    of_subject = not _OF_SUBJECTS.isdisjoint(found)
    words = [one for one in ("names", "keywords", "columns", "words") if one in found and not of_subject][:2]
    told = [_clause(code, found[code], title, say) for code in ("title", *words, "members", "grain") if code in found]
    if "nearest" in found or of_subject:
        told.append(_clause("nearest", found.get("nearest", {"points": 1, "detail": [city]}), title, say))
    if "rival" in found:
        told.append(_clause("subject" if of_subject else "rival", found["rival"], title, say))
    text = "; ".join(dict.fromkeys(filter(None, told)))
    return f"{text[:1].upper()}{text[1:]}." if text else ""


def _clause(code: str, one: Mapping[str, Any], title: str, say: Callable[[str], str]) -> str:
    """One part of that sentence; empty for what is worth nothing or names nothing."""
    detail = [str(each) for each in one["detail"][:_FEW]]
    if not detail and code != "members":
        return ""
    if code == "title" and detail[0].casefold() in title.casefold():
        code = "said"
    if code == "grain":
        detail = [say(word(each, "grain")).lower() for each in detail]
    elif code in {"nearest", "rival"}:
        detail = [say(each) for each in detail]
    elif code not in {"title", "said", "subject", "members"}:
        detail = [f"“{each}”" for each in detail]
    text = BECAUSE[code][one["points"] < 0]
    return say(text) % {"all": ", ".join(detail)} if text else ""
