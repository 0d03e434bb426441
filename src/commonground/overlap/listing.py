"""Long answers for programs: the best matches of every dataset, and the best datasets of a city for any subject."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any, Final

from commonground.catalog import browse
from commonground.catalog.models import Dataset, Harvest
from commonground.overlap import decisions, register, store
from commonground.overlap.facets import Verdict
from commonground.overlap.matching import scoring
from commonground.overlap.matching.asking import Asked
from commonground.overlap.matching.matcher import Matcher
from commonground.overlap.models import Decision, Match

Form = dict[str, Any]
Row = tuple[int, int, float, str]
"""A match: the datasets by primary key, score and band."""
_NONE: Final[tuple[int | None, Iterable[Row]]] = (None, ())
_ORDER: Final = {Verdict.CONFIRMED: 0, "": 1, Verdict.RELATED: 2}
_NAMED: Final = ("pk", "key", "city", "portal", "native_id")


def names(*, keys: bool = False) -> dict[Any, Form]:
    """How programs know each dataset of the catalog, by primary key or by id."""
    portals = {slug: one.host for slug, one in browse.known_portals().items()}
    portals = dict(Harvest.objects.order_by("pk").values_list("portal", "host")) | portals
    return {
        (key if keys else pk): {"id": key, "host": portals.get(portal, ""), "native_id": native_id, "city": city}
        for pk, key, city, portal, native_id in browse.kept().values_list(*_NAMED).order_by("pk")
    }


def matches(top: int, city: str = "") -> Iterator[Form]:
    """Every dataset (of one city) with its best in other cities, those that persons rejected left out."""
    known, never = names(), _rejected()
    rows = Match.objects.order_by("a_id", "-score", "b_id").values_list("a", "b", "score", "band")
    groups = groupby(rows.iterator(chunk_size=5_000), key=lambda row: row[0])
    at, some = next(groups, _NONE)
    for pk, form in known.items():  # both in the order of primary keys, so that no more than one data set's are held
        while at is not None and at < pk:
            at, some = next(groups, _NONE)
        if city in {"", form["city"]}:
            yield {"dataset": form, "matches": _best(some if at == pk else (), known, never, top)}


def of(row: Dataset, top: int) -> list[Form]:
    """The best of one dataset in other cities, whatever the city."""
    rows = Match.objects.filter(a=row).order_by("-score", "b_id").values_list("a", "b", "score", "band")
    return _best(rows, names(), _rejected(), top)


def _best(rows: Iterable[Row], known: Mapping[int, Form], never: set[tuple[str, str]], top: int) -> list[Form]:
    found: list[Form] = []
    for a, b, score, band in rows:
        if len(found) < top and a in known and b in known and (known[a]["id"], known[b]["id"]) not in never:
            found.append({**known[b], "score": score, "band": band or None})
    return found


def _rejected() -> set[tuple[str, str]]:
    """Pairs of ids, both ways, of which a person said that they are not the same, and whose columns are as then."""
    never = [one for one in decisions.speaking(Decision.Kind.MATCH) if one.verdict == Verdict.REJECTED]
    return {pair for one in never for pair in ((one.a, one.b), (one.b, one.a))}


def candidates(matcher: Matcher, name: str, city: str, top: int) -> Form:
    """The datasets of a city (or of each, when it is empty) that are likeliest about a subject: one of the register by
    any of its names, or any other words. What persons confirmed comes first, what they rejected not at all.
    """
    known = register.current()
    subject = known.find(name)
    odds = Asked(matcher, known, store.confirmed(matcher)).subject_scores(name)
    said = _said(subject.slug) if subject else {}
    named, found = names(keys=True), list[Form]()
    for mine in matcher.by_city():
        if city in {"", matcher.cities[mine[0]]}:
            left = [at for at in mine.tolist() if said.get(matcher.keys[at]) != Verdict.REJECTED]
            best = sorted(left, key=lambda at: (_ORDER[said.get(matcher.keys[at], "")], -odds[at], matcher.keys[at]))
            found += [_candidate(matcher, at, float(odds[at])) for at in best[:top]]
    return {
        "name": name,
        "subject": subject.slug if subject else None,
        "label": subject.label if subject else name,
        "city": city or None,
        "method": matcher.subjects.name,
        "results": [{**named[one["id"]], **one, "verdict": said.get(one["id"]) or None} for one in found],
    }


def _said(subject: str) -> dict[str, str]:
    """What persons said of datasets and a subject, and still speaks."""
    return {one.a: one.verdict for one in decisions.speaking(Decision.Kind.PLACE, subject=subject)}


def _candidate(matcher: Matcher, at: int, odds: float) -> Form:
    score = float(scoring.score(odds))
    band = matcher.subjects.band(score)
    return {"id": matcher.keys[at], "title": matcher.entries[at].title, "score": round(score, 6), "band": band}
