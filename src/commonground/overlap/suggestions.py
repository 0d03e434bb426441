"""Suggestions for new subjects, from the guesses that are kept."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.urls import reverse

from commonground.catalog import browse
from commonground.catalog.edition import remembered
from commonground.catalog.models import Dataset
from commonground.catalog.settle import batches
from commonground.overlap.facets import Band
from commonground.overlap.matching import scoring
from commonground.overlap.matching.proposals import Candidate, Proposal, propose
from commonground.overlap.models import Match, Placement

Form = dict[str, Any]


@remembered
def suggested() -> list[Proposal]:
    """Datasets of several cities that are alike and that no subject of the register fits."""
    return propose(_candidates(), scoring.method("pairs", meaning=False).bands[Band.LIKELY], _slices())


def _candidates() -> Iterator[Candidate]:
    placed = Placement.objects.exclude(band=Band.WEAK).values("dataset")
    rows = browse.kept().filter(same_as="").exclude(pk__in=placed).values_list("pk", "key", "city", "title")
    known = {pk: Candidate(key, city, title, {}) for pk, key, city, title in rows}
    best: dict[int, dict[str, tuple[str, float]]] = {pk: {} for pk in known}
    matches = Match.objects.exclude(band="").order_by("a_id", "-score").values_list("a", "b", "score")
    for a, b, score in matches.iterator():
        if a in known and b in known:
            best[a].setdefault(known[b].city, (known[b].key, score))
    for pk, one in known.items():
        if best[pk]:
            yield Candidate(one.key, one.city, one.title, best[pk])


def _slices() -> dict[str, str]:
    rows = browse.kept().exclude(series="").values_list("key", "portal", "series")
    return {key: f"{portal}/{series}" for key, portal, series in rows}


def forms() -> list[Form]:
    """The suggestions as plain forms, those of most cities first."""
    found = suggested()
    keys = {key for one in found for key in one.members}
    rows = {
        row.key: row for some in batches(sorted(keys)) for row in browse.lines(Dataset.objects.filter(key__in=some))
    }
    return [
        {
            "name": one.name,
            "score": round(one.score, 4),
            "cities": len({rows[key].city for key in one.members if key in rows}),
            "datasets": [_dataset(rows[key]) for key in one.members if key in rows],
        }
        for one in found
    ]


def _dataset(row: Dataset) -> Form:
    return {
        "id": row.key,
        "city": row.city,
        "title": row.title,
        "series": row.series,
        "url": browse.path(row),
        "overlap": reverse("elsewhere", kwargs={"portal": row.portal, "native_id": row.native_id}),
    }
