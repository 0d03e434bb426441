"""Findings as rows: what is found opens, what is not found again closes, what stays keeps its row."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Protocol, TypeVar

from django.db.models import Q
from django.utils import timezone

from commonground.catalog.characters import storable
from commonground.catalog.compare import Entry, storable_id
from commonground.catalog.models import Finding, Harvest
from commonground.catalog.rows import insert
from commonground.protocols.findings import rule
from commonground.words import Finding as FindingWord

Id = TypeVar("Id", int, str)
_AT_ONCE = 500
"""Ids in one statement; databases take no endless ones."""


def settle_records(harvest: Harvest, entries: Sequence[Entry]) -> None:
    """Findings of records just read: new ones open, those not found again close."""
    ids = [entry.dataset.native_id for entry in entries]
    found = [finding for entry in entries for finding in entry.findings]
    settle(harvest, Finding.Scope.RECORD, Q(native_id__in=ids), found)


class Whose(Protocol):
    """Whose findings are settled: a harvest, or any other look at a portal."""

    @property
    def portal(self) -> str:
        """The slug of the portal."""

    @property
    def city(self) -> str:
        """The slug of its city."""


def settle(
    whose: Whose, scope: str, where: Q, found: Iterable[FindingWord], *, closes: Collection[str] | None = None
) -> None:
    """Open what is new, close what is no longer so; a finding that stays keeps its row, with the newest detail.

    `closes` names the codes that may be closed, by default all.
    """
    now = timezone.now()
    held = {_key(one): one for one in Finding.objects.filter(where, portal=whose.portal, scope=scope, closed=None)}
    new = {_key(one): one for one in map(_storable, found)}
    closed = [one.pk for key, one in held.items() if key not in new and (closes is None or one.code in closes)]
    for some in batches(closed):
        Finding.objects.filter(pk__in=some).update(closed=now)
    insert(Finding, (_finding(whose, scope, one, now) for key, one in new.items() if key not in held))
    for key in new.keys() & held.keys():
        if held[key].detail != new[key].detail:
            Finding.objects.filter(pk=held[key].pk).update(detail=new[key].detail)


def _key(one: Finding | FindingWord) -> tuple[str, str, str, str]:
    return one.native_id, one.code, one.place, one.sample


def _storable(one: FindingWord) -> FindingWord:
    """The finding as it comes back from the database."""
    return replace(
        one,
        place=storable(one.place),
        sample=storable(one.sample),
        detail=storable(one.detail),
        native_id=storable_id(one.native_id),
    )


def _finding(whose: Whose, scope: str, one: FindingWord, now: datetime) -> Finding:
    law = rule(one.code)
    return Finding(
        scope=scope,
        portal=whose.portal,
        city=whose.city,
        native_id=one.native_id,
        code=one.code,
        severity=law.severity,
        fixer=law.fixer,
        place=one.place,
        sample=one.sample,
        detail=one.detail,
        first_seen=now,
    )


def batches(values: Sequence[Id]) -> Iterator[Sequence[Id]]:
    """The values in portions that one statement takes."""
    for begin in range(0, len(values), _AT_ONCE):
        yield values[begin : begin + _AT_ONCE]
