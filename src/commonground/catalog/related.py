"""What belongs to a dataset: its copies on other portals, its origin, and where it lives on after a move."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from django.db.models import Count, Exists, OuterRef, QuerySet

from commonground.catalog.models import Dataset, Move
from commonground.words import State

FARTHEST = 50
"""Moves in a row that are followed."""


def _kept() -> QuerySet[Dataset]:
    return Dataset.objects.exclude(state=State.WITHDRAWN)


def folded() -> QuerySet[Dataset]:
    """Copies whose origin is in the catalog as well: a search shows the origin for both."""
    return _kept().filter(same_as__gt="").filter(Exists(_kept().filter(key=OuterRef("same_as"))))


def copies(keys: Collection[str]) -> dict[str, list[Dataset]]:
    """Of each id the datasets on other portals that repeat it."""
    found: dict[str, list[Dataset]] = {}
    for row in _kept().filter(same_as__in=[key for key in keys if key]).order_by("key"):
        found.setdefault(row.same_as, []).append(row)
    return found


def origin(one: Dataset) -> Dataset | None:
    """The dataset that this one repeats, where we hold it."""
    return _kept().filter(key=one.same_as).first() if one.same_as else None


def form(one: Dataset) -> dict[str, str | list[str]]:
    """Ids: its origin (`same_as`, empty when it is none's copy), its copies, and what it was before it moved."""
    return {
        "same_as": one.same_as,
        "copies": [row.key for row in copies([one.key]).get(one.key, ())],
        "formerly": [row.key for row in formerly(one)],
    }


def place(one: Dataset) -> Dataset | None:
    """Where a dataset lives on, by the moves that persons confirmed; None while its own portal lists it."""
    if one.state == State.PRESENT:
        return None
    at, seen = one, {one.pk}
    while len(seen) < FARTHEST and (move := _confirmed().filter(old=at).first()) and move.new_id not in seen:
        at = move.new
        seen.add(at.pk)
        if at.state == State.PRESENT:
            break
    return at if at != one else None


def formerly(one: Dataset) -> list[Dataset]:
    """The datasets that live on as this one, the newest move first, with those that moved there before."""
    found: list[Dataset] = []
    ask = [one.pk]
    while ask and len(found) < FARTHEST:
        moves = Move.objects.filter(state=Move.State.CONFIRMED, new__in=ask).order_by("-decided")
        ask = list(moves.exclude(old__in=[row.pk for row in found]).values_list("old_id", flat=True))
        rows = Dataset.objects.in_bulk(ask) if ask else {}
        found += [rows[pk] for pk in ask]
    return found


def slices(rows: Iterable[Dataset]) -> dict[tuple[str, str], int]:
    """Of the series of these datasets, by portal and key, how many slices they have."""
    named = {row.series for row in rows if row.series}
    if not named:
        return {}
    counted = _kept().filter(series__in=named).values("portal", "series").annotate(count=Count("pk"))
    return {(one["portal"], one["series"]): one["count"] for one in counted.order_by()}


def _confirmed() -> QuerySet[Move]:
    return Move.objects.filter(state=Move.State.CONFIRMED).select_related("old", "new")
