"""Findings read: which are asked for, how many of each sort there are, and how each is told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Final, NamedTuple

from django.conf import settings
from django.db.models import Case, Count, IntegerField, Max, Q, QuerySet, Value, When
from django.db.models.functions import TruncDate
from django.urls import reverse

from commonground.catalog.edition import remembered
from commonground.catalog.models import Dataset, Finding, Harvest, Link
from commonground.protocols.fields.contacts import without_mailboxes
from commonground.protocols.findings import rule
from commonground.protocols.registry import persons
from commonground.words import Finding as FindingWord
from commonground.words import Severity

Form = dict[str, Any]

OPEN, CLOSED, ALL = "open", "closed", "all"
STATES: Final = (OPEN, CLOSED, ALL)
COLUMNS: Final = (
    *("city", "portal", "id", "title", "severity", "fixer", "code", "state", "place", "sample", "message", "advice"),
    *("first_seen", "last_seen", "closed", "url"),
)
"""Of the table of findings."""
_BATCH: Final = 500
_FEW: Final = 5
"""So many findings of a sort and a day are told one by one; more are told together."""
_LOOKED_AT: Final = 1000
_WORST_FIRST = Case(
    *(When(severity=one, then=Value(place)) for place, one in enumerate(reversed(Severity))),
    output_field=IntegerField(),
)


class Sort(NamedTuple):
    """What findings are counted by."""

    city: str
    portal: str
    severity: str
    fixer: str
    code: str
    state: str


_SORT: Final = Sort._fields[:-1]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which findings are asked for; what is empty does not narrow. `dataset` is a permanent id."""

    city: str = ""
    portal: str = ""
    dataset: str = ""
    severity: str = ""
    fixer: str = ""
    code: str = ""
    state: str = OPEN

    def rows(self) -> QuerySet[Finding]:
        """The findings, in no order of meaning."""
        asked = {name: value for name in ("severity", "fixer", "code") if (value := getattr(self, name))}
        found = self._whose().filter(**asked)
        return found if self.state == ALL else found.filter(closed__isnull=self.state == OPEN)

    def _whose(self) -> QuerySet[Finding]:
        asked = {name: value for name in ("city", "portal") if (value := getattr(self, name))}
        if self.dataset:
            asked["portal"], _, asked["native_id"] = self.dataset.partition("/")
        return Finding.objects.filter(**asked)

    def counts(self) -> Counter[Sort]:
        """How many findings of a city, portal or dataset there are of each sort, whatever else is asked."""
        told = self._whose().order_by().values_list(*_SORT).annotate(count=Count("pk"), closed=Count("closed"))
        found: Counter[Sort] = Counter()
        for city, portal, severity, fixer, code, count, closed in told:
            sort = Sort(city, portal, severity, fixer, code, OPEN)
            found[sort] += count - closed
            found[sort._replace(state=CLOSED)] += closed
        return +found

    def fits(self, sort: Sort, but: str = "") -> bool:
        """Whether findings of a sort are asked for, one of the filters left aside."""
        asked = {name: getattr(self, name) for name in ("severity", "fixer", "code", "state") if name != but}
        return all(value in {"", ALL, getattr(sort, name)} for name, value in asked.items())

    def but(self, name: str, value: str = "") -> Wanted:
        """The same with another value of one filter, or without it."""
        return replace(self, **{name: value or _USUAL[name]})

    def pairs(self) -> list[tuple[str, str]]:
        """What is asked for, as an address says it."""
        return [(name, value) for name, usual in _USUAL.items() if (value := getattr(self, name)) != usual]


_USUAL: Final = {one.name: str(one.default) for one in fields(Wanted)}


def worst_first(rows: QuerySet[Finding]) -> QuerySet[Finding]:
    """Errors, warnings, notes; of each the newest first."""
    return rows.order_by(_WORST_FIRST, "-first_seen", "-pk")


def of(one: Dataset) -> QuerySet[Finding]:
    """Open findings of one dataset, the worst first."""
    return worst_first(Finding.objects.filter(portal=one.portal, native_id=one.native_id, closed=None))


def page(wanted: Wanted, start: int, size: int, portals: Collection[str] = ()) -> Form:
    """Some of what is asked for (only of these portals, where some are named), the worst first, and how many it is."""
    rows = wanted.rows().filter(portal__in=portals) if portals else wanted.rows()
    return {"total": rows.count(), "findings": list(forms(worst_first(rows)[start : start + size]))}


def table(wanted: Wanted) -> Iterator[Sequence[object]]:
    """Every finding that is asked for as a row of `COLUMNS`, the worst first, read while it is used."""
    rows = wanted.rows().order_by(_WORST_FIRST, "pk").iterator(chunk_size=_BATCH)
    return (tuple(form[name] for name in COLUMNS) for form in forms(rows))


@dataclass(frozen=True, slots=True)
class Lot:
    """Findings of one code and portal that opened, or closed, on one day; `at` is the newest time."""

    newest: Finding
    count: int
    at: datetime
    closed: bool


@remembered
def lots(wanted: Wanted, limit: int) -> list[Lot]:
    """What opened and what closed, the newest first: a few of a day each by itself, many as one."""
    rows = wanted.but("state", ALL).rows()
    closed = _lots(rows.filter(closed__isnull=False), "closed", limit)
    opened = _lots(rows, "first_seen", limit) if wanted.state != CLOSED else []
    return sorted([*closed, *opened], key=lambda lot: (lot.at, lot.newest.pk), reverse=True)[:limit]


def _lots(rows: QuerySet[Finding], when: str, limit: int) -> list[Lot]:
    edge = rows.order_by(f"-{when}").values_list(when, flat=True)[_LOOKED_AT : _LOOKED_AT + 1].first()
    if edge:  # whole days, as far back as a feed can reach
        rows = rows.filter(**{f"{when}__gte": edge.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)})
    days = rows.order_by().annotate(day=TruncDate(when)).values_list("portal", "code", "day")
    found = list(days.annotate(count=Count("pk"), newest=Max("pk"), at=Max(when)).order_by("-at")[:limit])
    few, many = Q(pk__in=()), dict[int, tuple[int, datetime]]()
    for portal, code, day, count, newest, at in found:
        if count > _FEW:
            many[newest] = count, at
        else:
            few |= Q(portal=portal, code=code, **{f"{when}__date": day})
    closed = when == "closed"
    told = [Lot(one, *many[one.pk], closed) for one in rows.filter(pk__in=many)]
    return told + [Lot(one, 1, getattr(one, when), closed) for one in rows.filter(few).order_by(f"-{when}")[:limit]]


def forms(rows: Iterable[Finding]) -> Iterator[Form]:
    """Findings as they are told: with their sentence, what to do, their dataset, and when they were last seen."""
    read, rest = last_complete(), iter(rows)
    while some := list(islice(rest, _BATCH)):
        around = _around(some, read)
        yield from (_form(one, around) for one in some)


def form(one: Finding) -> Form:
    """One finding as it is told."""
    return next(forms([one]))


@remembered
def last_complete() -> Mapping[str, datetime]:
    """When each portal was last read to its end."""
    runs = Harvest.objects.filter(outcome=Harvest.Outcome.COMPLETE, finished__isnull=False)
    return dict(runs.order_by().values_list("portal").annotate(at=Max("finished")))


class _Around(NamedTuple):
    """What is known around some findings: when their portals were read, their datasets, when links were asked."""

    read: Mapping[str, datetime]
    datasets: Mapping[str, tuple[str, datetime | None]]
    asked: Mapping[tuple[str, str], datetime]


def _around(some: Sequence[Finding], read: Mapping[str, datetime]) -> _Around:
    keys = {f"{one.portal}/{one.native_id}" for one in some if one.native_id}
    rows = Dataset.objects.filter(key__in=keys).values_list("key", "title", "missing_since")
    links = [one.sample for one in some if one.scope == Finding.Scope.LINK]
    told = Link.objects.filter(portal__in={one.portal for one in some}, checked__isnull=False).order_by()
    asked: dict[tuple[str, str], datetime] = {}
    for name in ("host", "url") if links else ():  # a host may have very many addresses
        newest = told.filter(**{f"{name}__in": links}).values_list("portal", name).annotate(at=Max("checked"))
        asked |= {(portal, named): at for portal, named, at in newest}
    return _Around(read, {key: (title, missing) for key, title, missing in rows}, asked)


def _form(one: Finding, around: _Around) -> Form:
    law = rule(one.code)
    sample, detail = _shown(one)
    key = f"{one.portal}/{one.native_id}" if one.native_id else None
    title, _missing = around.datasets.get(key or "", (None, None))
    return {
        "code": one.code,
        "severity": one.severity,
        "fixer": one.fixer,
        "city": one.city,
        "portal": one.portal,
        "id": key,
        "title": title,
        "place": one.place,
        "sample": sample,
        "message": law.say(FindingWord(one.code, one.place, sample, one.native_id, detail)),
        "advice": law.advice,
        "detail": detail,
        "state": CLOSED if one.closed else OPEN,
        "first_seen": one.first_seen,
        "last_seen": _last_seen(one, around),
        "closed": one.closed,
        "url": f"{settings.SITE_URL}{address(one)}",
    }


def _last_seen(one: Finding, around: _Around) -> datetime:
    """Its closing; of an open one, when what it is about was last looked at. Nothing of this is ever written."""
    if one.closed:
        return one.closed
    if one.scope == Finding.Scope.LINK:
        looked = around.asked.get((one.portal, one.sample))
    else:
        looked = around.read.get(one.portal)
        _title, missing = around.datasets.get(f"{one.portal}/{one.native_id}", (None, None))
        looked = min(looked, missing) if looked and missing else looked
    return max(one.first_seen, looked) if looked else one.first_seen


def _shown(one: Finding) -> tuple[str, str]:
    """Sample and detail of a finding, without private persons; the admin shows operators what was found."""
    if rule(one.code).withheld or persons().at(one.place):
        return "…" if one.sample else "", ""
    return without_mailboxes(one.sample), without_mailboxes(one.detail)


def address(one: Finding) -> str:
    """The page that a finding is about: its dataset's, or its portal's."""
    if one.native_id:
        return reverse("dataset", kwargs={"portal": one.portal, "native_id": one.native_id})
    return reverse("harvest", args=[one.portal])
