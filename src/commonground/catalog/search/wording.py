"""What a person's words ask for: terms with their other wordings, phrases, exclusions, cities, exact ids."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from string import ascii_lowercase
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from commonground.catalog.search import schema
from commonground.catalog.search.aliases import Aliases, Stems, aliases
from commonground.catalog.search.schema import folded, stem, stems

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from commonground.catalog.search.index import Snapshot

TEXT_FIELDS = ("title", "keywords", "columns", "publisher_words", "description")
RARE, UNFINISHED = 2, 20
"""A word in no more than so many datasets may be a slip of the pen; the last one may not be finished yet."""
SURE = 10
"""How many times commoner a completion or another spelling must be to stand for a rare word."""
SHORTEST_COMPLETED, SHORTEST_CORRECTED = 2, 5
COMPLETIONS = 4
_QUOTED = re.compile(r'(?<!\S)(-?)["“”]([^"“”]*)["“”]?')
_COLUMN = re.compile(r"\w+_\w+")
_EXCLUDED = re.compile(r"(?<!\S)-([^\W_][\w'’-]*)")


@dataclass(frozen=True, slots=True)
class Unit:
    """One thing asked for: the stems as typed, and what may stand for them (each scored lower).

    `others` are other wordings (aliases), `guesses` are completions and corrections of one word.
    """

    stems: Stems
    others: tuple[Stems, ...] = ()
    guesses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Wanted:
    """All that the words ask for. `corrected` is the wording with slips mended, empty when there were none."""

    key: str = ""
    units: tuple[Unit, ...] = ()
    idle: tuple[str, ...] = ()
    phrases: tuple[Stems, ...] = ()
    excluded: tuple[Stems, ...] = ()
    cities: tuple[str, ...] = ()
    columns: tuple[Stems, ...] = ()
    corrected: str = ""

    @property
    def empty(self) -> bool:
        """Whether nothing but filters is left."""
        return not (self.key or self.units or self.phrases or self.excluded or self.cities or self.idle)

    @property
    def marks(self) -> frozenset[str]:
        """The stems to mark where they stand in a result."""
        wordings = (wording for unit in self.units for wording in (unit.stems, unit.guesses, *unit.others))
        return frozenset(one for some in (*wordings, *self.phrases) for one in some) - aliases().idle

    @property
    def ranked(self) -> bool:
        """Whether there is anything that one dataset can have more of than another."""
        return bool(self.units or self.phrases or self.idle)


@dataclass(slots=True)
class _Reading:
    """Works through the words from left to right."""

    snapshot: Snapshot
    known: Aliases
    units: list[Unit] = field(default_factory=list)
    idle: list[str] = field(default_factory=list)
    cities: list[str] = field(default_factory=list)
    mended: dict[str, str] = field(default_factory=dict)


def understand(text: str, snapshot: Snapshot) -> Wanted:
    """Read the words of a search. Any text is understood somehow; nothing is raised."""
    key = _key(text, snapshot)
    if key:
        return Wanted(key=key)
    phrases = [(stems(inside), bool(minus)) for minus, inside in _QUOTED.findall(text)]
    rest = _QUOTED.sub(" ", text)
    excluded = [stems(word) for word in _EXCLUDED.findall(rest)]
    rest = _EXCLUDED.sub(" ", rest)
    reading = _Reading(snapshot, aliases())
    _read(reading, [found[0] for found in schema.words(rest)], _names(snapshot, reading.known))
    return Wanted(
        units=tuple(reading.units),
        idle=tuple(reading.idle),
        phrases=tuple(one for one, minus in phrases if one and not minus),
        excluded=tuple(one for one in (*excluded, *(one for one, minus in phrases if minus)) if one),
        cities=tuple(dict.fromkeys(reading.cities)),
        columns=tuple(one for one in map(stems, _COLUMN.findall(rest)) if len(one) > 1),
        corrected=_mend(text, reading.mended),
    )


def _key(text: str, snapshot: Snapshot) -> str:
    """The exact name of one dataset (or of a host) if the text is one: `i98e-djp9`, an address, `portal/id`."""
    given = text.strip().lower()
    if not given or len(given.split()) > 1:
        return ""
    try:
        parts = urlsplit(given if "//" in given else f"//{given}")
        path = [unquote(part) for part in parts.path.split("/") if part]
        host = parts.netloc.removeprefix("www.")
    except ValueError:
        return ""
    candidates = [given]
    if path:
        candidates += [f"{host}/{path[-1]}", "/".join(path[-2:])]
    elif host != given:
        candidates.append(host)
    return next((one for one in candidates if snapshot.searcher.doc_freq("key", schema.readable(one))), "")


def _names(snapshot: Snapshot, known: Aliases) -> Mapping[Stems, str]:
    """What cities are called: our nicknames, and the names and slugs of those in the index."""
    held = {slug: name for (kind, slug), name in snapshot.names.items() if kind == "city"}
    listed = {stems(wording): slug for slug, name in held.items() for wording in (name, slug)}
    nicknames = {wording: slug for wording, slug in known.cities.items() if slug in held}
    return {**listed, **nicknames}


def _read(reading: _Reading, tokens: list[str], names: Mapping[Stems, str]) -> None:
    terms = [stem(token) for token in tokens]
    longest = max(reading.known.longest, *(len(name) for name in names), 1)
    at = 0
    while at < len(tokens):
        for size in range(min(longest, len(tokens) - at), 0, -1):
            wording = tuple(terms[at : at + size])
            if wording in names:
                reading.cities.append(names[wording])
                break
            if wording in reading.known.known:
                alias = reading.known.known[wording]
                reading.cities += [alias.city] * (alias.city in names.values())
                reading.units.append(Unit(wording, (*alias.others, *_inner(reading.known, wording))))
                break
        else:
            size = 1
            _word(reading, tokens[at], terms[at], last=at == len(tokens) - 1)
        at += size


def _inner(known: Aliases, wording: Stems) -> Iterator[Stems]:
    """Of a wording of several words also those with one word said otherwise (“bicycle lane” of “bike lane”)."""
    for at, one in enumerate(wording if len(wording) > 1 else ()):
        for other in known.known[(one,)].others if (one,) in known.known else ():
            yield (*wording[:at], *other, *wording[at + 1 :])


def _word(reading: _Reading, token: str, term: str, *, last: bool) -> None:
    if not term:
        return
    if term in reading.known.idle:
        reading.idle.append(term)
        return
    held = max(reading.snapshot.searcher.doc_freq(name, term) for name in TEXT_FIELDS)
    guesses = _completions(reading.snapshot, token, held) if last and held <= UNFINISHED else ()
    if not guesses and held <= RARE:
        guesses = _corrections(reading, token, held)
    reading.units.append(Unit((term,), guesses=guesses))


def _completions(snapshot: Snapshot, token: str, held: int) -> tuple[str, ...]:
    word = folded(token)
    if len(word) < SHORTEST_COMPLETED:
        return ()
    found = snapshot.searcher.terms_with_prefix("vocabulary", word, limit=COMPLETIONS)
    return tuple(dict.fromkeys(stem(one) for one, often in found if one != word and often >= held * SURE))


def _corrections(reading: _Reading, token: str, held: int) -> tuple[str, ...]:
    word, searcher = folded(token), reading.snapshot.searcher
    if len(word) < SHORTEST_CORRECTED:
        return ()
    often, best = max((searcher.doc_freq("vocabulary", one), one) for one in _near(word))
    if often < max(1, held * SURE):
        return ()
    reading.mended[token] = best
    return (stem(best),)


def _near(word: str) -> set[str]:
    """All spellings that one slip makes: a letter missing, doubled, wrong, or two in the wrong order."""
    cuts = [(word[:at], word[at:]) for at in range(len(word) + 1)]
    missing = {a + b[1:] for a, b in cuts if b}
    swapped = {a + b[1] + b[0] + b[2:] for a, b in cuts if len(b) > 1}
    wrong = {a + c + b[1:] for a, b in cuts if b for c in ascii_lowercase}
    added = {a + c + b for a, b in cuts for c in ascii_lowercase}
    return (missing | swapped | wrong | added) - {word}


def _mend(text: str, mended: Mapping[str, str]) -> str:
    if not mended:
        return ""
    return re.sub(r"[^\W_]+", lambda found: mended.get(found[0], found[0]), text)
