"""How often a city says it updates: its own words, and the days between updates when they are certain."""

from __future__ import annotations

import re
from functools import lru_cache

from commonground.protocols.fields.prose import clean
from commonground.words import Frequency

_LONGEST = 300
_YEAR, _MONTH, _WEEK = 365.25, 365.25 / 12, 7.0
_UNIT = {
    "second": 1 / 86_400,
    "minute": 1 / 1_440,
    "hour": 1 / 24,
    "day": 1.0,
    "weekday": 1.0,
    "night": 1.0,
    "week": _WEEK,
    "month": _MONTH,
    "quarter": _YEAR / 4,
    "year": _YEAR,
}
_WORD = {
    "continuous": 1 / 86_400,
    "continuously": 1 / 86_400,
    "streaming": 1 / 86_400,
    "realtime": 1 / 86_400,
    "hourly": 1 / 24,
    "daily": 1.0,
    "nightly": 1.0,
    "everyday": 1.0,
    "weekly": _WEEK,
    "biweekly": 2 * _WEEK,
    "fortnightly": 2 * _WEEK,
    "semiweekly": _WEEK / 2,
    "monthly": _MONTH,
    "bimonthly": 2 * _MONTH,
    "semimonthly": _MONTH / 2,
    "quarterly": _YEAR / 4,
    "semiannual": _YEAR / 2,
    "semiannually": _YEAR / 2,
    "annual": _YEAR,
    "annually": _YEAR,
    "yearly": _YEAR,
    "biennial": 2 * _YEAR,
    "biennially": 2 * _YEAR,
    "triennial": 3 * _YEAR,
    "quadrennial": 4 * _YEAR,
    "decennial": 10 * _YEAR,
}
_AUTHORITY = {"cont": "continuous", "annual_2": "semiannual", "unknown": "", "other": "", "irreg": ""}
_SEVERAL = 2  # “multiple times” is at least this
_COUNT = {"once": 1, "twice": 2, "thrice": 3, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6}

_ISO = re.compile(
    r"(?:R\d*/)?(?:[^/]+/)?P(?=[\dT])(?:(\d+(?:\.\d+)?)Y)?(?:(\d+(?:\.\d+)?)M)?(?:(\d+(?:\.\d+)?)W)?(?:(\d+(?:\.\d+)?)D)?"
    r"(?:T(?:(\d+(?:\.\d+)?)H)?(?:(\d+(?:\.\d+)?)M)?(?:(\d+(?:\.\d+)?)S)?)?",
    re.ASCII,
)
_ISO_DAYS = (_YEAR, _MONTH, _WEEK, 1.0, 1 / 24, 1 / 1_440, 1 / 86_400)
_URI = re.compile(r"https?://\S*?(?:frequency/|freq[/#]|freq-)(\w+)", re.IGNORECASE)
_OPEN = re.compile(
    r"\b(?:no|not|never|none|longer|discontinued|historical|static|needed|necessary|available|occurs?|changes?|irregular|season"
    r"|other|manual|discretion|tbd|determined|unknown|between|adopted|periodically|one time|was|added|until|varies|if|only|biannual(?:ly)?)\b"
)
_TIMES = re.compile(
    r"(?:at least )?(\d+|once|twice|thrice|two|three|four|five|six|multiple|several|many)(?: (?:to|-) \d+)?(?: times?)?"
    r" (?:a|an|per|each|every) (minute|hour|day|week|month|quarter|year)"
)
_EVERY = re.compile(
    r"(?:every|each) (?:(\d+(?:\.\d+)?|other|second|two|three|four|five|six) )?(second|minute|hour|weekday|day|night|week|month|quarter|year)s?\b"
)
_ALONE = re.compile(r"(\d+) (minute|hour|day|week|month|year)s?")
_PREFIX = re.compile(r"\b(bi|semi) (weekly|monthly|annual(?:ly)?|ennial(?:ly)?)\b")
_PUNCTUATION = re.compile(r"[^\w.]+|\.(?!\d)")


def frequency(text: str) -> Frequency | None:
    """The frequency in the city's words; `days` only when one single rhythm is named. None for no text."""
    text = " ".join(clean(text[:_LONGEST]).split())
    return Frequency(text, _days(text)) if text else None


@lru_cache(maxsize=2_048)
def _days(text: str) -> float | None:
    if match := _ISO.fullmatch(text):
        days = sum(float(part) * each for part, each in zip(match.groups(), _ISO_DAYS, strict=True) if part)
        return days or None
    if match := _URI.match(text):
        word = match[1].lower()
        return _WORD.get(_AUTHORITY.get(word, word))
    spoken = " ".join(_PUNCTUATION.sub(" ", text.lower().replace("-", " - ")).split())
    spoken = _PREFIX.sub(r"\1\2", spoken).replace("real time", "realtime")
    if _OPEN.search(spoken):
        return None
    return _single(spoken)


def _single(spoken: str) -> float | None:
    """The one rhythm that a phrase names; None when it names none or several."""
    found = {_WORD[word] for word in spoken.split() if word in _WORD}
    for match in _TIMES.finditer(spoken):
        times = _COUNT.get(match[1]) or (int(match[1]) if match[1].isdigit() else _SEVERAL)
        if times:
            found.add(_UNIT[match[2]] / times)
    spoken = _TIMES.sub(" ", spoken)
    for match in _EVERY.finditer(spoken):
        count = 2 if match[1] in {"other", "second"} else _COUNT.get(match[1] or "", 0) or float(match[1] or 1)
        if count:
            found.add(count * _UNIT[match[2]])
    if not found and (alone := _ALONE.fullmatch(spoken)):
        found.add(int(alone[1]) * _UNIT[alone[2]])
    return found.pop() if len(found) == 1 else None
