"""Where the plans of a harvest meet the database: each plan is one transaction."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import TypeVar

from django.db import transaction
from django.db.models import F, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from commonground.catalog import series
from commonground.catalog.characters import storable
from commonground.catalog.compare import READING, Change, Entry, Held, PagePlan, storable_id
from commonground.catalog.harvest import DETAILS, Ending
from commonground.catalog.models import Counter, Dataset, Finding, Harvest, Revision, pack
from commonground.errors import WrongHome
from commonground.protocols.findings import rule
from commonground.words import Dataset as DatasetWord
from commonground.words import Finding as FindingWord
from commonground.words import Portal, State

CATALOG = "catalog"
OF_A_RUN = frozenset(
    {
        "portal-unreachable",
        "portal-failed",
        "reading-broke",
        "total-disagrees",
        "total-unusable",
        "page-repeats",
        "missing-in-doubt",
        "dialect-poorer",
    }
)
"""Findings that tell how one run went; the next run tells anew."""
Id = TypeVar("Id", int, str)
PATIENCE = timedelta(days=30)
"""So long we wait for a portal's better dialect to come back before we read it in a poorer one."""
_AT_ONCE = 500
"""Ids in one statement; databases take no endless ones."""


def check_home(source: str) -> None:
    """Live, replayed and demonstration catalogs never mix: raise `WrongHome` when the home holds another kind."""
    other = sources().exclude(source=source).values_list("source", flat=True).first()
    if other:
        raise WrongHome(
            f"This home holds a {other} harvest; a {source} harvest would mix with it.",
            advice="Set COMMONGROUND_HOME to another folder (and DATABASE_URL to another database).",
        )


def sources() -> QuerySet[Harvest]:
    """The harvests that brought this home what it holds; one that failed brought nothing."""
    return Harvest.objects.exclude(outcome=Harvest.Outcome.FAILED, seen=0)


def held(portal: Portal) -> dict[str, Held]:
    """What we hold of a portal, by native id. A dialect that was long not spoken is not named."""
    complete = Harvest.objects.filter(portal=portal.slug, outcome=Harvest.Outcome.COMPLETE)
    spoken = set(complete.filter(started__gt=timezone.now() - PATIENCE).values_list("dialect", flat=True).distinct())
    fields = ("native_id", "listed_hash", "form_hash", "state", "incomplete", "reading", "revision__dialect")
    rows = Dataset.objects.filter(portal=portal.slug).values_list(*fields)
    return {
        native_id: Held(listed, form, state, incomplete, reading, dialect if dialect in spoken else "")
        for native_id, listed, form, state, incomplete, reading, dialect in rows
    }


def begin(portal: Portal, source: str, recorded: date | None) -> Harvest:
    """A harvest that runs now. One that a crash left running is told to have failed."""
    for one in Harvest.objects.filter(portal=portal.slug, outcome=Harvest.Outcome.RUNNING):
        fail(one, "The run was cut off before its end.")
    return Harvest.objects.create(
        portal=portal.slug,
        city=portal.city,
        host=portal.host,
        protocol=portal.protocol,
        source=source,
        recorded=recorded,
        started=timezone.now(),
    )


def fail(harvest: Harvest, error: str) -> None:
    """Close a harvest that did not come to its end. What it brought stays; nothing is called missing."""
    harvest.finished, harvest.error = timezone.now(), storable(error)
    harvest.outcome = Harvest.Outcome.PARTIAL if harvest.seen else Harvest.Outcome.FAILED
    harvest.held = Dataset.objects.filter(portal=harvest.portal, state=State.PRESENT).count()
    # Only these: another field may hold what the database refused, and that is why we are here.
    harvest.save(update_fields=["finished", "error", "outcome", "held"])


def next_generation() -> int:
    """The next number, under a lock that lasts to the end of the transaction: numbers commit in order."""
    Counter.objects.get_or_create(name=CATALOG)
    Counter.objects.filter(name=CATALOG).update(value=F("value") + 1)
    return Counter.objects.get(name=CATALOG).value


def mark() -> str:
    """The name of this database, drawn once; what is derived from it is kept under this name."""
    return Counter.objects.get_or_create(name=CATALOG)[0].mark


def generation() -> int:
    """The newest generation."""
    return Counter.objects.filter(name=CATALOG).values_list("value", flat=True).first() or 0


@transaction.atomic
def apply(harvest: Harvest, plan: PagePlan) -> None:
    """Write one page's plan. A page without change writes nothing but the harvest's own counts."""
    now = timezone.now()
    if plan.entries or plan.returned:
        number = next_generation()
        _add([entry for entry in plan.entries if entry.change is Change.ADD], harvest, now, number)
        _update([entry for entry in plan.entries if entry.change is not Change.ADD], harvest, now, number)
        Dataset.objects.filter(portal=harvest.portal, native_id__in=plan.returned).update(
            state=State.PRESENT, missing_since=None, generation=number
        )
        _settle_records(harvest, plan.entries)
    harvest.seen += plan.seen
    harvest.added += plan.added
    harvest.changed += plan.changed
    harvest.unchanged += plan.unchanged
    harvest.declared = plan.declared if plan.declared is not None else harvest.declared
    harvest.save(update_fields=["seen", "added", "changed", "unchanged", "declared"])


def _add(entries: Sequence[Entry], harvest: Harvest, now: datetime, number: int) -> None:
    rows = [
        Dataset(
            key=entry.dataset.id,
            portal=harvest.portal,
            city=harvest.city,
            native_id=entry.dataset.native_id,
            first_seen=now,
            last_changed=now,
            generation=number,
            **_columns(entry),
        )
        for entry in entries
    ]
    Dataset.objects.bulk_create(rows, batch_size=100)
    _revise(list(zip(rows, entries, strict=True)), harvest, now, {})


def _update(entries: Sequence[Entry], harvest: Harvest, now: datetime, number: int) -> None:
    if not entries:
        return
    rows = {
        row.native_id: row
        for row in Dataset.objects.filter(
            portal=harvest.portal, native_id__in=[entry.dataset.native_id for entry in entries]
        ).select_related("revision")
    }
    revised = []
    for entry in entries:
        row = rows[entry.dataset.native_id]
        was_incomplete = row.incomplete
        for name, value in _columns(entry).items():
            setattr(row, name, value)
        row.state, row.missing_since, row.generation = State.PRESENT, None, number
        if entry.change is Change.CHANGE:
            row.last_changed = now
            revised.append((row, entry))
        elif row.revision:
            # The city changed nothing: its words stay as they came, unless some of them were still to come.
            words = {"packed": pack(entry.raw)} if was_incomplete else {}
            Revision.objects.filter(pk=row.revision.pk).update(form=entry.form, **words)
    names = [*_columns(entries[0]), "state", "missing_since", "generation", "last_changed"]
    Dataset.objects.bulk_update(rows.values(), names, batch_size=100)
    _revise(revised, harvest, now, {row.pk: row.revision.number for row in rows.values() if row.revision})


def _revise(pairs: Sequence[tuple[Dataset, Entry]], harvest: Harvest, now: datetime, last: Mapping[int, int]) -> None:
    Revision.objects.bulk_create(
        [
            Revision(
                dataset=row,
                number=last.get(row.pk, 0) + 1,
                seen=now,
                harvest=harvest,
                dialect=harvest.dialect,
                packed=pack(entry.raw),
                form=entry.form,
            )
            for row, entry in pairs
        ],
        batch_size=100,
    )
    newest = Revision.objects.filter(dataset=OuterRef("pk")).order_by("-number").values("pk")[:1]
    for some in _batches([row.pk for row, _ in pairs]):
        Dataset.objects.filter(pk__in=some).update(revision=Subquery(newest))


def _columns(entry: Entry) -> dict[str, object]:
    dataset = entry.dataset
    return {
        "title": dataset.title,
        "kind": dataset.kind,
        "parent": storable_id(dataset.parents[0]) if dataset.parents else "",
        "updated": newest_update(dataset),
        "listed_hash": entry.listed_hash,
        "form_hash": entry.form_hash,
        "incomplete": entry.incomplete,
        "reading": READING,
    }


def newest_update(dataset: DatasetWord) -> datetime | None:
    """When the data last changed, as far as told: the data's own time, else the record's, else first issue."""
    for moment in (dataset.data_updated, dataset.modified, dataset.issued):
        if moment and moment.at:
            return moment.at
    return None


def _settle_records(harvest: Harvest, entries: Sequence[Entry]) -> None:
    """Findings of records just read: new ones open, those not found again close."""
    ids = [entry.dataset.native_id for entry in entries]
    found = [finding for entry in entries for finding in entry.findings]
    _settle(harvest, Finding.Scope.RECORD, Q(native_id__in=ids), found)


def _settle(
    harvest: Harvest, scope: str, where: Q, found: Iterable[FindingWord], *, closes: Collection[str] | None = None
) -> None:
    """Open what is new, close what is no longer so; a finding that stays keeps its row, with the newest detail.

    `closes` names the codes that may be closed, by default all.
    """
    now = timezone.now()
    held = {_key(one): one for one in Finding.objects.filter(where, portal=harvest.portal, scope=scope, closed=None)}
    new = {_key(one): one for one in map(_storable, found)}
    closed = [one.pk for key, one in held.items() if key not in new and (closes is None or one.code in closes)]
    for some in _batches(closed):
        Finding.objects.filter(pk__in=some).update(closed=now)
    Finding.objects.bulk_create(
        [_finding(harvest, scope, one, now) for key, one in new.items() if key not in held], batch_size=200
    )
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


def _finding(harvest: Harvest, scope: str, one: FindingWord, now: datetime) -> Finding:
    law = rule(one.code)
    return Finding(
        scope=scope,
        portal=harvest.portal,
        city=harvest.city,
        native_id=one.native_id,
        code=one.code,
        severity=law.severity,
        fixer=law.fixer,
        place=one.place,
        sample=one.sample,
        detail=one.detail,
        first_seen=now,
    )


@transaction.atomic
def end(harvest: Harvest, ending: Ending) -> None:
    """Mark what is missing, settle the listing's findings, link series, and close the books."""
    now = timezone.now()
    harvest.dialect = ending.dialect
    harvest.declared, harvest.seen = ending.declared, ending.seen
    harvest.missing = len(ending.gone)
    present = Dataset.objects.filter(portal=harvest.portal, state=State.PRESENT)
    if ending.gone:
        number = next_generation()
        for some in _batches(ending.gone):
            present.filter(native_id__in=some).update(state=State.MISSING, missing_since=now, generation=number)
    _link_series(harvest.portal)
    # Where nothing was asked for details, what was found about their hosts stands as it was.
    where = Q() if ending.details_asked else ~Q(place=DETAILS)
    # What a broken listing does not show again is not mended; only what is told of the run itself.
    _settle(harvest, Finding.Scope.LISTING, where, ending.findings, closes=None if ending.complete else OF_A_RUN)
    harvest.held = present.count()
    harvest.findings = Finding.objects.filter(portal=harvest.portal, closed=None).count()
    harvest.finished, harvest.error = now, storable(ending.error)
    harvest.outcome = _outcome(ending)
    harvest.save()


def _outcome(ending: Ending) -> str:
    if ending.complete:
        return Harvest.Outcome.COMPLETE
    return Harvest.Outcome.PARTIAL if ending.seen else Harvest.Outcome.FAILED


def _link_series(portal: str) -> None:
    rows = Dataset.objects.filter(portal=portal).values_list("native_id", "title", "series")
    titles = {native_id: title for native_id, title, _ in rows}
    changes = dict(series.changed({native_id: key for native_id, _, key in rows}, titles))
    if not changes:
        return
    number = next_generation()
    members: dict[str, list[str]] = {}
    for native_id, key in changes.items():
        members.setdefault(key, []).append(native_id)
    for key, ids in members.items():
        for some in _batches(ids):
            Dataset.objects.filter(portal=portal, native_id__in=some).update(series=key, generation=number)


def _batches(values: Sequence[Id]) -> Iterator[Sequence[Id]]:
    for begin in range(0, len(values), _AT_ONCE):
        yield values[begin : begin + _AT_ONCE]
