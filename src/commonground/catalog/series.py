"""Series: the yearly, quarterly or monthly slices that a portal publishes as datasets of their own.

Washington has one dataset a year ("Crime Incidents in 2019"); the slices are recognized by their titles.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping

_MONTHS = "jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?"
_YEAR = r"(?:fy\s*-?\s*)?(?:19|20)\d{2}(?:\s*(?:[-–/]|\bto\b)\s*(?:(?:19|20)?\d{2}|present|now))?"
_SLICE = re.compile(
    rf"\(?\b(?:in|for|of|from|as of)?\s*\b(?:q[1-4]\s*|(?:{_MONTHS})\.?,?\s+)?{_YEAR}\b(?:\s*q[1-4]\b)?\)?",
    re.IGNORECASE,
)
_REST = re.compile(r"[^a-z0-9]+")
_SHORTEST = 4


def stem(title: str) -> str:
    """A title without its year, quarter or month; empty when it names none.

    >>> stem("Crime Incidents in 2019")
    'crime-incidents'
    >>> stem("Building Permits")
    ''
    """
    if not _SLICE.search(title):
        return ""
    rest = _REST.sub("-", _SLICE.sub(" ", title).lower()).strip("-")
    return rest[:150] if len(rest) >= _SHORTEST else ""


def keys(titles: Mapping[str, str]) -> dict[str, str]:
    """Of each id the key of its series, for ids that share a stem with another title. In one portal."""
    stems = {key: stem(title) for key, title in titles.items()}
    counts = Counter(stem(title) for title in set(titles.values()))
    return {key: found for key, found in stems.items() if found and counts[found] > 1}


def changed(held: Mapping[str, str], titles: Mapping[str, str]) -> Iterable[tuple[str, str]]:
    """(id, new key) where the series of a dataset is another than the one held."""
    new = keys(titles)
    return [(key, new.get(key, "")) for key in titles if held.get(key, "") != new.get(key, "")]
