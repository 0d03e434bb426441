"""One dataset and the other cities: which subjects it is about, who has the same, who lacks it, and why we say so."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

from commonground.catalog import browse as catalog
from commonground.catalog import overview
from commonground.catalog.models import Dataset
from commonground.overlap import browse, decisions, evidence, queue
from commonground.overlap.evidence import Table
from commonground.overlap.facets import WORTH_ASKING, Cell, Verdict
from commonground.overlap.matrix import Found, Line, Square
from commonground.overlap.models import Decision, Guess, Match
from commonground.words import State

Form = dict[str, Any]

TOP: Final = 5
"""So many of one city, if nobody asks for more."""
_HAS: Final = frozenset({Cell.YES, Cell.MAYBE, Cell.PARTLY})


def of(key: str, top: int = TOP) -> Form:
    """What is known of a dataset and other cities. `top` bounds the matches of each city. Raises `NotFound`.

    `same_in`, `missing_in` and `unknown_in` are slugs of the other cities.
    """
    row = catalog.dataset(key)
    table = evidence.table()
    subjects = list(_subjects(row, table))
    matches = _matches(row, top)
    here = {city: _says(city, subjects, matches.get(city, [])) for city in table.readings if city != row.city}
    return {
        "id": row.key,
        "title": row.title,
        "city": row.city,
        "state": row.state,
        "nature": queue.nature(row),
        "same_in": [city for city, state in here.items() if state in _HAS],
        "missing_in": [city for city, state in here.items() if state is Cell.NO],
        "unknown_in": [city for city, state in here.items() if state is Cell.UNKNOWN],
        "subjects": subjects,
        "matches": [
            {"city": city, "city_name": overview.city_name(city), "datasets": found} for city, found in matches.items()
        ],
    }


def _subjects(row: Dataset, table: Table) -> Iterator[Form]:
    """The subjects that it is about or may be about: those that persons confirmed first, then the likeliest."""
    found = [
        (line, square, one)
        for line in table.lines.values()
        for square in line.squares
        if square.city == row.city
        for one in (*square.datasets, *square.candidates)
        if _is(one, row)
    ]
    keys = [one.scored or row.key for _, _, one in found]
    asked = [decisions.place(line.subject.slug, key) for (line, _, _), key in zip(found, keys, strict=True)]
    said = decisions.standing_of(asked)
    for place in sorted(range(len(found)), key=lambda at: _rank(found[at][2])):
        line, square, one = found[place]
        yield _subject(line, square, one, table) | {
            "dataset": keys[place],
            "decision": _decision(said.get(asked[place])),
            "parts": evidence.parts(line.subject.slug, [keys[place]]).get(keys[place], []),
        }


def _is(one: Found, row: Dataset) -> bool:
    """Whether this is the dataset, its origin, or the series that it is a slice of."""
    series = bool(row.series) and (one.head.portal, one.head.series) == (row.portal, row.series)
    return series or not {row.key, row.same_as}.isdisjoint(one.keys)


def _rank(one: Found) -> tuple[bool, float]:
    return one.verdict is None, -(one.score or 0.0)


def _subject(line: Line, square: Square, one: Found, table: Table) -> Form:
    cells = browse.line_form(line, table)
    others = [cell for cell in cells["cells"] if cell["city"] != square.city]
    names = {cell["city"]: overview.city_name(cell["city"]) for cell in others}
    return {
        **{name: cells[name] for name in ("slug", "label", "definition", "row", "grain", "url")},
        "verdict": one.verdict,
        "relation": one.relation,
        "score": one.score,
        "band": one.band,
        "fits": one.fits,
        "cells": [{**cell, "city_name": names[cell["city"]]} for cell in others],
    }


def _matches(row: Dataset, top: int) -> dict[str, list[Form]]:
    """The likeliest of each other city, the best city first; those that a person rejected last."""
    rows = (
        Match.objects.filter(a=row).exclude(b__state=State.WITHDRAWN).select_related("b").order_by("-score", "b__key")
    )
    by_city: dict[str, list[Match]] = {}
    for one in rows:
        by_city.setdefault(one.b.city, []).append(one)
    shown = {city: found[:top] for city, found in by_city.items() if city != row.city}
    every = [one for found in shown.values() for one in found]
    said = decisions.standing_of(decisions.match(row.key, one.b.key) for one in every)
    now = decisions.schemas({row.key, *(one.b.key for one in every)}) if said else {}
    speaks = {matter: one for matter, one in said.items() if decisions.stands(one, now)}
    grains = _grains([one.b_id for one in every])
    return {
        city: sorted(
            (_match(one, grains, said.get(decisions.match(row.key, one.b.key)), speaks.values()) for one in found),
            key=lambda form: form["verdict"] == Verdict.REJECTED,
        )
        for city, found in shown.items()
    }


def _match(one: Match, grains: Mapping[int, str], said: Decision | None, speaks: Collection[Decision]) -> Form:
    return {
        **overview.line(one.b),
        "columns": one.b.columns,
        "grain": grains.get(one.b_id, "unknown"),
        "score": one.score,
        "band": one.band,
        "verdict": said.verdict if said in speaks and said else None,
        "relation": said.relation or None if said in speaks and said else None,
        "decision": _decision(said),
        "parts": evidence.told(one.parts),
    }


def _grains(ids: Collection[int]) -> dict[int, str]:
    rows = Guess.objects.filter(dataset__in=ids).values_list("dataset", "dataset__key", "grain")
    found = {pk: (key, grain) for pk, key, grain in rows}
    matters = {decisions.grain(key): pk for pk, (key, _) in found.items()}
    said = {matters[matter]: one.nature["grain"] for matter, one in decisions.standing_of(matters).items()}
    return {pk: grain for pk, (_, grain) in found.items()} | said


def _decision(one: Decision | None) -> Form | None:
    return {"id": one.pk, "verdict": one.verdict, "by": one.by, "at": one.at, "why": one.why} if one else None


def _says(city: str, subjects: Collection[Form], matches: Collection[Form]) -> Cell:
    """Whether another city has the same: by the subjects that this one is about, else by what it is like."""
    if any(one["verdict"] == Verdict.CONFIRMED for one in matches):
        return Cell.YES
    ours = [one for one in subjects if one["verdict"] == Verdict.CONFIRMED or _open(one)]
    states = {cell["state"] for one in ours for cell in one["cells"] if cell["city"] == city}
    for state in (Cell.YES, Cell.MAYBE, Cell.PARTLY):
        if state in states:
            return state
    if any(one["verdict"] is None and one["band"] in WORTH_ASKING for one in matches):
        return Cell.MAYBE
    if any(one["verdict"] == Verdict.RELATED for one in matches):
        return Cell.PARTLY
    return Cell.NO if Cell.NO in states else Cell.UNKNOWN


def _open(one: Form) -> bool:
    return one["verdict"] is None and one["band"] in WORTH_ASKING
