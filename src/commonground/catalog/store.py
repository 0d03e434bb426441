"""Where the plans of a harvest meet the database: each plan is one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from commonground.catalog import series
from commonground.catalog.compare import READING, Change, Entry, Held, PagePlan, storable_id
from commonground.catalog.harvest import DETAILS, Ending
from commonground.catalog.models import Counter, Dataset, Finding, Harvest, Revision, pack
from commonground.errors import WrongHome
from commonground.protocols.findings import rule
from commonground.words import Dataset as DatasetWord
from commonground.words import Finding as FindingWord
from commonground.words import Portal, State

CATALOG = "catalog"


def check_home(source: str) -> None:
    """Live, replayed and demonstration catalogs never mix: raise `WrongHome` when the home holds another kind."""
    other = Harvest.objects.exclude(source=source).values_list("source", flat=True).first()
    if other:
        raise WrongHome(
            f"This home holds a {other} harvest; a {source} harvest would mix with it.",
            advice="Set COMMONGROUND_HOME to another folder (and DATABASE_URL to another database).",
        )


def held(portal: Portal) -> dict[str, Held]:
    """What we hold of a portal, by native id."""
    fields = ("native_id", "listed_hash", "form_hash", "state", "incomplete", "reading")
    rows = Dataset.objects.filter(portal=portal.slug).values_list(*fields)
    return {row[0]: Held(*row[1:]) for row in rows}


def begin(portal: Portal, source: str, recorded: date | None) -> Harvest:
    """A harvest that runs now. One that a crash left running is told to have failed."""
    Harvest.objects.filter(portal=portal.slug, outcome=Harvest.Outcome.RUNNING).update(
        outcome=Harvest.Outcome.FAILED, finished=timezone.now(), error="The run was cut off before its end."
    )
    return Harvest.objects.create(
        portal=portal.slug,
        city=portal.city,
        host=portal.host,
        protocol=portal.protocol,
        source=source,
        recorded=recorded,
        started=timezone.now(),
    )


def next_generation() -> int:
    """The next number, under a lock that lasts to the end of the transaction: numbers commit in order."""
    Counter.objects.get_or_create(name=CATALOG)
    Counter.objects.filter(name=CATALOG).update(value=F("value") + 1)
    return Counter.objects.get(name=CATALOG).value


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
        _settle_records(harvest, plan.entries, now)
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
        for name, value in _columns(entry).items():
            setattr(row, name, value)
        row.state, row.missing_since, row.generation = State.PRESENT, None, number
        if entry.change is Change.CHANGE:
            row.last_changed = now
            revised.append((row, entry))
        elif row.revision:
            Revision.objects.filter(pk=row.revision_id).update(form=entry.form, packed=pack(entry.raw))
    names = [*_columns(entries[0]), "state", "missing_since", "generation", "last_changed"]
    Dataset.objects.bulk_update(rows.values(), names, batch_size=100)
    _revise(revised, harvest, now, {row.pk: row.revision.number for row in rows.values() if row.revision})


def _revise(pairs: Sequence[tuple[Dataset, Entry]], harvest: Harvest, now: datetime, last: Mapping[int, int]) -> None:
    revisions = Revision.objects.bulk_create(
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
    for revision in revisions:
        revision.dataset.revision = revision
    Dataset.objects.bulk_update([revision.dataset for revision in revisions], ["revision"], batch_size=100)


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


def _settle_records(harvest: Harvest, entries: Sequence[Entry], now: datetime) -> None:
    """Findings of records just read: new ones open, those not found again close."""
    ids = [entry.dataset.native_id for entry in entries]
    found = [finding for entry in entries for finding in entry.findings]
    _settle(harvest, Finding.Scope.RECORD, Q(native_id__in=ids), found, now)


def _settle(harvest: Harvest, scope: str, where: Q, found: Iterable[FindingWord], now: datetime) -> None:
    open_ones = {
        (one.native_id, one.code, one.place, one.sample): one.pk
        for one in Finding.objects.filter(where, portal=harvest.portal, scope=scope, closed=None)
    }
    new = {(one.native_id, one.code, one.place, one.sample): one for one in found}
    Finding.objects.filter(pk__in=[pk for key, pk in open_ones.items() if key not in new]).update(closed=now)
    Finding.objects.bulk_create(
        [_finding(harvest, scope, one, now) for key, one in new.items() if key not in open_ones], batch_size=200
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
        place=storable(one.place),
        sample=storable(one.sample),
        detail=storable(one.detail),
        first_seen=now,
    )


def storable(text: str) -> str:
    """Text that every database takes: no NUL, no lone surrogate."""
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode("utf-8")


@transaction.atomic
def end(harvest: Harvest, ending: Ending) -> None:
    """Mark what is missing, settle the listing's findings, link series, and close the books."""
    now = timezone.now()
    harvest.dialect = ending.dialect
    harvest.declared, harvest.seen = ending.declared, ending.seen
    harvest.missing = len(ending.gone)
    present = Dataset.objects.filter(portal=harvest.portal, state=State.PRESENT)
    if ending.gone:
        present.filter(native_id__in=ending.gone).update(
            state=State.MISSING, missing_since=now, generation=next_generation()
        )
    _link_series(harvest.portal)
    # Where nothing was asked for details, what was found about their hosts stands as it was.
    where = Q() if ending.details_asked else ~Q(place=DETAILS)
    _settle(harvest, Finding.Scope.LISTING, where, ending.findings, now)
    harvest.held = present.count()
    harvest.findings = Finding.objects.filter(portal=harvest.portal, closed=None).count()
    harvest.finished, harvest.error = now, ending.error
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
    moved = list(Dataset.objects.filter(portal=portal, native_id__in=changes))
    for row in moved:
        row.series, row.generation = changes[row.native_id], number
    Dataset.objects.bulk_update(moved, ["series", "generation"], batch_size=200)
