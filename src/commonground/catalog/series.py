"""Series: the yearly, quarterly or monthly slices that a portal publishes as datasets of their own.

Washington has one dataset a year ("Crime Incidents in 2019"); the slices are recognized by their titles.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

_MONTHS = "jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?"
_YEAR = r"(?:fy\s*-?\s*)?(?:19|20)\d{2}(?:\s*(?:[-–/]|\bto\b)\s*(?:(?:19|20)?\d{2}|present|now))?"
_SLICE = re.compile(
    rf"\(?\b(?:in|for|of|from|as of)?\s*\b(?:q[1-4]\s*|(?:{_MONTHS})\.?,?\s+)?{_YEAR}\b(?:\s*q[1-4]\b)?\)?",
    re.IGNORECASE,
)
_REST = re.compile(r"[^a-z0-9]+")
_SHORTEST = 4
_LEADING = re.compile(r"^(?:in|for|of|from|as of)\s+", re.IGNORECASE)
_FOUR = re.compile(r"(?:19|20)\d{2}")
_MONTH_ORDER = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_MONTH = re.compile(rf"\b(?:{'|'.join(_MONTH_ORDER)})")
_QUARTER = re.compile(r"\bq([1-4])")


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


def piece(title: str) -> str:
    """What a title says of its slice: the year, quarter or month.

    >>> piece("Moving Violations Issued in March 2018")
    'March 2018'
    """
    found = _SLICE.search(title)
    return _LEADING.sub("", found[0].strip(" ()\t")) if found else ""


def when(title: str) -> tuple[int, int]:
    """Year and month of a slice, to put slices in order; a quarter stands at its first month.

    >>> when("Trees planted, Q2 2019"), when("Moving Violations Issued in March 2018")
    ((2019, 4), (2018, 3))
    """
    text = piece(title).lower()
    year, month, quarter = _FOUR.search(text), _MONTH.search(text), _QUARTER.search(text)
    at = _MONTH_ORDER.index(month[0]) + 1 if month else 3 * int(quarter[1]) - 2 if quarter else 0
    return int(year[0]) if year else 0, at


@dataclass(frozen=True, slots=True)
class Difference:
    """How the columns of one slice differ from what most slices have."""

    lacks: tuple[str, ...] = ()
    adds: tuple[str, ...] = ()


def differences(columns: Mapping[str, Collection[str]]) -> dict[str, Difference]:
    """Of each slice whose columns are known what it lacks, and what it has beside, against more than half of them.

    >>> differences({"2017": {"ward", "x"}, "2018": {"ward", "x"}, "2019": {"ward", "anc"}})["2019"]
    Difference(lacks=('x',), adds=('anc',))
    """
    often = Counter(name for names in columns.values() for name in set(names))
    usual = {name for name, count in often.items() if count * 2 > len(columns)}
    return {
        key: Difference(tuple(sorted(usual - set(names))), tuple(sorted(set(names) - usual)))
        for key, names in columns.items()
    }


def common(title: str) -> str:
    """What the titles of a series have in common.

    >>> common("Crime Incidents in 2019")
    'Crime Incidents'
    """
    return re.sub(r"\s+", " ", _SLICE.sub(" ", title)).strip(" -–,:")
