"""What the page of a dataset says of other cities: one line a city, by a handful of short questions.

That page is asked for most of all, so it does not wait for the whole matrix as `elsewhere` does.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from commonground.catalog import browse as catalog
from commonground.catalog import overview
from commonground.catalog.models import Dataset
from commonground.overlap import decisions, register
from commonground.overlap.decisions import Kind
from commonground.overlap.facets import WORTH_ASKING, Cell, Verdict
from commonground.overlap.models import Decision, Match, Placement
from commonground.words import State

Form = dict[str, Any]

_TAKEN: Final = (Verdict.CONFIRMED, Verdict.RELATED)


def at(row: Dataset) -> Form:
    """`subjects` that it is about, with verdict and band, the surest first; `lines`: of each other city the best
    dataset of the first subject, else one that is alike, with `state`. Both are empty where nothing was found.
    """
    subjects = _subjects(row)
    found = list(_of_subject(subjects[0]["slug"], row)) if subjects else []
    named = {line["city"] for line in found}
    alike = [line for line in _alike(row) if line["city"] not in named]
    return {"subjects": subjects, "lines": sorted(found + alike, key=lambda line: line["city_name"])}


def _subjects(row: Dataset) -> list[Form]:
    guesses = Placement.objects.filter(dataset=row, band__in=WORTH_ASKING).order_by("-score")
    bands = dict(guesses.values_list("subject", "band"))
    said = {one.subject: one.verdict for one in decisions.speaking(Kind.PLACE, dataset=row.key)}
    taken = [slug for slug, verdict in said.items() if verdict in _TAKEN]
    known = register.current() if bands or taken else None
    slugs = dict.fromkeys([*sorted(taken, key=lambda slug: said[slug]), *(slug for slug in bands if slug not in said)])
    return [
        {"slug": slug, "label": known.subjects[slug].label, "verdict": said.get(slug), "band": bands.get(slug)}
        for slug in slugs
        if known and slug in known.subjects
    ]


def _of_subject(slug: str, row: Dataset) -> Iterator[Form]:
    """Of each other city the best dataset about a subject: confirmed, else related, else the likeliest."""
    said = {one.a: one for one in decisions.speaking(Kind.PLACE, subject=slug) if one.a}
    guesses = Placement.objects.filter(subject=slug, band__in=WORTH_ASKING).exclude(city=row.city)
    scores = dict(guesses.order_by("-score").values_list("dataset__key", "score"))
    keys = [key for key in {*scores, *said} if key not in said or said[key].verdict in _TAKEN]
    there = catalog.lines(catalog.kept().filter(key__in=keys).exclude(city=row.city)).only(*_COLUMNS)
    best: dict[str, Dataset] = {}
    for one in sorted(there, key=lambda one: (_rank(said.get(one.key)), -scores.get(one.key, 0), one.key)):
        best.setdefault(one.city, one)
    for one in best.values():
        yield _line(one, _state(said.get(one.key)))


_COLUMNS: Final = ("key", "portal", "native_id", "city", "kind", "title", "updated", "columns")


def _rank(said: Decision | None) -> int:
    return _TAKEN.index(Verdict(said.verdict)) if said else len(_TAKEN)


def _state(said: Decision | None) -> Cell:
    if said is None:
        return Cell.MAYBE
    return Cell.YES if said.verdict == Verdict.CONFIRMED else Cell.PARTLY


def _alike(row: Dataset) -> Iterator[Form]:
    """Of each other city the dataset that is most like this one, where that is likely and nobody rejected it."""
    rows = (
        Match.objects.filter(a=row, band__in=WORTH_ASKING).exclude(b__state=State.WITHDRAWN).exclude(b__city=row.city)
    )
    found = list(rows.order_by("-score").select_related("b"))
    held = decisions.standing_of(decisions.match(row.key, one.b.key) for one in found)
    said = {one.matter: one for one in decisions.still(held.values())}
    seen: set[str] = set()
    for one in found:
        word = said.get(decisions.match(row.key, one.b.key).key)
        if one.b.city not in seen and (word is None or word.verdict in _TAKEN):
            seen.add(one.b.city)
            yield _line(one.b, _state(word))


def _line(one: Dataset, state: Cell) -> Form:
    return {**overview.line(one), "columns": one.columns, "state": state}
