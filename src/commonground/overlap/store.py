"""Keep guesses in step with the catalog: they are derived, and can be thrown away and made again.

All datasets are read into one matcher, because how rare a word is depends on all of them; what is written is only what
changed datasets touch: their own guesses, those of the datasets that are their best, and of those whose best they were.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from django.db import transaction

from commonground.catalog import browse, counter, forms
from commonground.catalog.models import Counter
from commonground.catalog.rows import insert
from commonground.catalog.settle import batches
from commonground.errors import Usage
from commonground.overlap import decisions, entries, register
from commonground.overlap.entries import Entry
from commonground.overlap.facets import Band, Geometry, Grain, Nature, Part, Timing, Verdict
from commonground.overlap.matching import scoring
from commonground.overlap.matching.embedder import Embedder
from commonground.overlap.matching.lexical import Scores
from commonground.overlap.matching.matcher import Evidence, Matcher
from commonground.overlap.matching.texts import fingerprint, place_names
from commonground.overlap.models import DECIDED, FOLLOWED, Decision, Guess, Match, Placement
from commonground.overlap.nature import grain

BEST: Final = 20
"""Matches that are kept of each dataset."""
BEST_OF_CITY: Final = 3
"""Of each other city at least so many, so that a long series of one city does not hide the others."""
CANDIDATES: Final = 5
"""Datasets of a city that are kept for a subject, beside those that are likely."""
MOST: Final = 60
_SAME: Final = 0.02
"""Scores that differ by less are the same: how rare words are moves a little with every dataset."""


@dataclass(frozen=True, slots=True)
class Compared:
    """What one comparison did."""

    datasets: int
    changed: int
    matches: int
    placements: int
    seconds: float
    method: str
    whole: bool


@dataclass(frozen=True, slots=True)
class Held:
    """Everything that is compared: rows, entries and natures in one order, and which of them changed."""

    ids: list[int]
    entries: list[Entry]
    natures: list[Nature]
    changed: list[int]
    marks: list[str]


Beat = Callable[[], bool]


def follow(embedder: Embedder | None = None, *, whole: bool = False, beat: Beat = lambda: True) -> Compared:
    """Bring the guesses to the newest generation; with `whole` throw them away and make all of them anew.

    `beat` is called now and then; where it is False another process took the run over, and this one raises `Usage`.
    """
    start, newest = time.monotonic(), _newest()
    method = method_of(embedder)
    whole = whole or not Guess.objects.filter(method=method).exists() or Guess.objects.exclude(method=method).exists()
    held = _held(whole=whole)
    gone = Guess.objects.exclude(dataset__in=browse.kept().values("pk")).values_list("dataset", flat=True)
    left = list(gone)
    if not (held.changed or left or whole or newest[DECIDED] != _held_until()[DECIDED]):
        _followed(newest)
        return Compared(len(held.ids), 0, 0, 0, time.monotonic() - start, method, whole)
    matcher = Matcher(held.entries, held.natures, place_names(browse.known_cities().values()), embedder)
    placements = list(_placements(matcher, held, method))
    # Written in portions, so that nobody waits for the scoring; until its guess is written a dataset counts as changed.
    matches = _Matches(matcher, held, method, whole=whole).write(left, beat)
    with transaction.atomic():
        written = matches, _write_placements(placements, whole=whole)
        _write_guesses(held, method, left, whole=whole)
    _followed(newest)
    return Compared(len(held.ids), len(held.changed), *written, time.monotonic() - start, method, whole)


def lags(embedder: Embedder | None = None) -> bool:
    """Whether the catalog has gone on, a person decided, or the method is another, since the guesses were made."""
    return _held_until() != _newest() or Guess.objects.exclude(method=method_of(embedder)).exists()


def _newest() -> dict[str, int]:
    """How far the catalog and decisions are."""
    last = Decision.objects.order_by("-pk").values_list("pk", flat=True).first()
    return {FOLLOWED: counter.generation(), DECIDED: last or 0}


def _held_until() -> dict[str, int]:
    """How far the guesses followed them."""
    held = dict(Counter.objects.filter(name__in=(FOLLOWED, DECIDED)).values_list("name", "value"))
    return {name: held.get(name, 0) for name in (FOLLOWED, DECIDED)}


def matcher(embedder: Embedder | None = None) -> Matcher:
    """All that is kept, ready to be asked."""
    held = _held(whole=False)
    return Matcher(held.entries, held.natures, place_names(browse.known_cities().values()), embedder)


def method_of(embedder: Embedder | None) -> str:
    """The name of all that guesses are made by: weights, words, register, model. Another one makes all of them anew."""
    kind = scoring.method("pairs", meaning=embedder is not None).name
    made_by = [scoring.fingerprint(), fingerprint(), register.current().version, embedder.name if embedder else ""]
    return f"{kind} {forms.digest(made_by)[:8]}"


def _followed(newest: Mapping[str, int]) -> None:
    for name, value in newest.items():
        Counter.objects.update_or_create(name=name, defaults={"value": value})


def _held(*, whole: bool) -> Held:
    rows = browse.kept().order_by("pk").values_list("pk", "form_hash", "series", "updated", "revision__form")
    known = {} if whole else {one.dataset_id: one for one in Guess.objects.all()}
    said = {one.a: one for one in decisions.standing(Decision.Kind.GRAIN)}
    held = Held([], [], [], [], [])
    for pk, form_hash, series, updated, form in rows.iterator(chunk_size=500):
        if not form:
            continue
        entry = entries.of(form, series=series, updated=updated)
        mine = said.get(entry.key)
        mark = f"{form_hash[:20]}{f'+{mine.pk}' if mine else ''}"[:32]
        guess = known.get(pk)
        if guess is None or guess.seen != mark:
            held.changed.append(len(held.ids))
            held.natures.append(_nature(mine.nature) if mine else grain.guess(entry))
        else:
            held.natures.append(_nature(vars(guess)))
        held.ids.append(pk)
        held.entries.append(entry)
        held.marks.append(mark)
    return held


def _nature(given: Mapping[str, Any]) -> Nature:
    return Nature(
        grain=Grain(given.get("grain") or Grain.UNKNOWN),
        by=tuple(given.get("by") or ()),
        timing=Timing(given.get("timing") or Timing.UNKNOWN),
        geometry=Geometry(given.get("geometry") or Geometry.UNKNOWN),
        why=tuple(map(str, given.get("why") or ())),
    )


def _write_guesses(held: Held, method: str, left: Sequence[int], *, whole: bool) -> None:
    for some in batches(list(left)):
        Guess.objects.filter(dataset__in=some).delete()
    if whole:
        Guess.objects.all().delete()
    fresh = range(len(held.ids)) if whole else held.changed
    for some in batches([held.ids[at] for at in fresh]):
        Guess.objects.filter(dataset__in=some).delete()
    insert(Guess, (_guess(held, at, method) for at in fresh))


def _guess(held: Held, at: int, method: str) -> Guess:
    nature = held.natures[at]
    return Guess(
        dataset_id=held.ids[at],
        grain=nature.grain,
        by=list(nature.by),
        timing=nature.timing,
        geometry=nature.geometry,
        why=list(nature.why),
        schema=entries.schema(held.entries[at].columns),
        seen=held.marks[at],
        method=method,
    )


# Matches


class _Matches:
    """The best of each dataset in other cities; only rows of touched datasets are written."""

    def __init__(self, matcher: Matcher, held: Held, method: str, *, whole: bool) -> None:
        self.matcher, self.held, self.method, self.whole = matcher, held, method, whole
        self.changed = frozenset(held.changed)

    def _touched(self, left: Sequence[int]) -> set[int]:
        """Datasets that have a changed one, or one that has gone, among their best so far."""
        place = {pk: at for at, pk in enumerate(self.held.ids)}
        found: set[int] = set()
        for some in batches([*(self.held.ids[at] for at in self.held.changed), *left]):
            found.update(
                place[pk] for pk in Match.objects.filter(b__in=some).values_list("a", flat=True) if pk in place
            )
        return found

    def write(self, left: Sequence[int], beat: Beat) -> int:
        """Write what is touched, a block at a time. Returns how many rows."""
        was = set() if self.whole else self._touched(left)
        kept = browse.kept().values("pk")
        Match.objects.exclude(a__in=kept).delete()
        Match.objects.exclude(b__in=kept).delete()
        count = 0
        for block in self._rows(was):
            if not beat():
                raise Usage("Another process compares by now.", advice="Nothing is lost: it goes on from here.")
            rows = [one for found in block.values() for one in found]
            with transaction.atomic():
                for some in batches([self.held.ids[at] for at in block]):
                    Match.objects.filter(a__in=some).delete()
                insert(Match, rows)
            count += len(rows)
        return count

    def _rows(self, was: set[int]) -> Iterator[dict[int, list[Match]]]:
        """Rows of every dataset that is touched: changed itself, or with a changed one among its best, once or now."""
        first = list(range(len(self.held.ids))) if self.whole else sorted(self.changed)
        near: set[int] = set()
        for block in self._blocks(first):
            near.update(b for best in block.values() for b in best[0])
            yield {a: rows for a, (_, rows) in block.items()}
        if not self.whole:
            for block in self._blocks(sorted((near | was) - self.changed)):
                yield {a: rows for a, (_, rows) in block.items()}

    def _blocks(self, those: Sequence[int]) -> Iterator[dict[int, tuple[list[int], list[Match]]]]:
        for some, found in self.matcher.evidence(those):
            odds = self.matcher.pairs.log_odds(found)
            sure = scoring.score(odds)
            block: dict[int, tuple[list[int], list[Match]]] = {}
            for row, a in enumerate(some):
                best = self._best(a, odds[row])
                block[a] = best, [self._match(a, b, float(sure[row, b]), found, row) for b in best]
            yield block

    def _best(self, a: int, odds: Scores) -> list[int]:
        """The best of other cities, and the best of each of them, the best first."""
        cities = self.matcher.cities
        others = np.where(cities == cities[a], -np.inf, odds)
        count = min(len(others), BEST)
        chosen = set(np.argpartition(-others, count - 1)[:count].tolist())
        for mine in self.matcher.by_city():
            if cities[mine[0]] != cities[a]:
                few = min(len(mine), BEST_OF_CITY)
                chosen.update(mine[np.argpartition(-others[mine], few - 1)[:few]].tolist())
        return sorted((at for at in chosen if np.isfinite(others[at])), key=lambda at: -others[at])

    def _match(self, a: int, b: int, sure: float, found: Evidence, row: int) -> Match:
        band = self.matcher.pairs.band(sure)
        parts: list[Part] = []
        if band is not None:
            parts = self.matcher.explained(a, b, {name: float(values[row, b]) for name, values in found.items()})
        return Match(
            a_id=self.held.ids[a],
            b_id=self.held.ids[b],
            score=round(sure, 6),
            band=band or "",
            parts=_told(parts),
            method=self.method,
        )


def _told(parts: Iterable[Part]) -> list[list[Any]]:
    return [[one.what, round(one.points, 2), list(one.detail)] for one in parts]


# Placements


def _placements(matcher: Matcher, held: Held, method: str) -> Iterator[Placement]:
    """Of each subject the best of each city, and all that are likely."""
    subjects = list(register.current().subjects.values())
    if not (subjects and held.ids):
        return
    found = matcher.register(subjects)
    found["members"] = _members(matcher, [one.slug for one in subjects])
    odds = matcher.subjects.log_odds(found)
    rivals = matcher.strength(found).argmax(axis=0)
    for row, subject in enumerate(subjects):
        sure = scoring.score(odds[row])
        for at in _best_of_cities(matcher, sure):
            band = matcher.subjects.band(float(sure[at]))
            if band is None:
                continue
            evidence = {name: float(values[row, at]) for name, values in found.items()}
            rival = subjects[rivals[at]].label if rivals[at] != row else ""
            yield Placement(
                subject=subject.slug,
                dataset_id=held.ids[at],
                city=held.entries[at].city,
                score=round(float(sure[at]), 6),
                band=band,
                fits=grain.fits(held.natures[at], subject)[0],
                parts=_told(matcher.why(subject, at, evidence, rival)),
                method=method,
            )


def _best_of_cities(matcher: Matcher, sure: Scores) -> Iterator[int]:
    likely = matcher.subjects.bands[Band.LIKELY]
    for mine in matcher.by_city():
        best = mine[np.argsort(-sure[mine], kind="stable")][:MOST]
        yield from (int(at) for rank, at in enumerate(best) if rank < CANDIDATES or sure[at] >= likely)


def _members(matcher: Matcher, slugs: Sequence[str]) -> Scores:
    """How much each dataset is like those that persons confirmed for a subject in other cities, 0 to 1.

    So every decision makes the next suggestions better.
    """
    said = confirmed(matcher)
    found = np.zeros((len(slugs), len(matcher.keys)), np.float32)
    for row, slug in enumerate(slugs):
        if slug in said:
            found[row] = matcher.members(said[slug])
    return found


def confirmed(matcher: Matcher) -> dict[str, list[int]]:
    """Of each subject, merged ones read as those that live on, the places of the datasets that persons confirmed."""
    known = register.current()
    found: dict[str, list[int]] = {}
    for one in decisions.standing(Decision.Kind.PLACE):
        if one.verdict == Verdict.CONFIRMED and one.a in matcher.index:
            found.setdefault(known.resolve(one.subject), []).append(matcher.index[one.a])
    return found


def _write_placements(new: Sequence[Placement], *, whole: bool) -> int:
    """Write what differs from what is held."""
    if whole:
        Placement.objects.all().delete()
    held = {(one.subject, one.dataset_id): one for one in Placement.objects.all()}
    fresh = [one for one in new if _differs(one, held.pop((one.subject, one.dataset_id), None))]
    for some in batches([one.pk for one in held.values()]):
        Placement.objects.filter(pk__in=some).delete()
    for one in fresh:
        if one.pk:
            one.save()
    insert(Placement, [one for one in fresh if not one.pk])
    return len(fresh)


def _differs(new: Placement, old: Placement | None) -> bool:
    if old is None:
        return True
    new.pk = old.pk
    return abs(new.score - old.score) > _SAME or (new.band, new.fits, new.method) != (old.band, old.fits, old.method)
