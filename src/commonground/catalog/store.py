"""Where the plans of a harvest meet the database: each plan is one transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from commonground.catalog import freshness, removal, resuming, series
from commonground.catalog.characters import storable
from commonground.catalog.compare import READING, Change, Entry, Held, PagePlan, holding, storable_id
from commonground.catalog.counter import next_generation
from commonground.catalog.differences import reused
from commonground.catalog.grace import Grace
from commonground.catalog.harvest import DETAILS, Begun, Ending
from commonground.catalog.models import Checkpoint, Dataset, Event, Finding, Harvest, Revision, pack
from commonground.catalog.rows import insert
from commonground.catalog.settle import batches, settle, settle_records
from commonground.catalog.staleness import settle_freshness
from commonground.errors import WrongHome
from commonground.words import Dataset as DatasetWord
from commonground.words import Portal, State

OF_A_RUN = frozenset(
    {
        "portal-unreachable",
        "portal-failed",
        "reading-broke",
        "total-disagrees",
        "total-unusable",
        "page-repeats",
        "missing-in-doubt",
        "removal-withheld",
        "dialect-poorer",
    }
)
"""Findings that tell how one run went; the next run tells anew."""
PATIENCE = timedelta(days=30)
"""So long we wait for a portal's better dialect to come back before we read it in a poorer one."""


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
    rows = Dataset.objects.filter(portal=portal.slug).values_list(*fields, "missing_in__decision")
    return {
        native_id: Held(
            listed,
            form,
            state,
            incomplete,
            reading,
            dialect if dialect in spoken else "",
            said == Harvest.Decision.RELEASED,
        )
        for native_id, listed, form, state, incomplete, reading, dialect, said in rows
    }


def begin(portal: Portal, source: str, recorded: date | None) -> tuple[Harvest, Begun | None]:
    """A harvest that runs now: a new one, or one that was cut off or stopped, with what it had written by then.

    Whoever calls this holds the run of the portal, so one that is still called running has lost its process.
    """
    last = Harvest.objects.filter(portal=portal.slug).order_by("-pk").first()
    begun = resuming.begun(last) if last and (last.source, last.recorded) == (source, recorded) else None
    for one in Harvest.objects.filter(portal=portal.slug, outcome=Harvest.Outcome.RUNNING):
        if one != last or not begun:
            fail(one, "The process died before the end.")
    if last and begun:
        last.resumed += 1
        last.outcome, last.finished, last.error = Harvest.Outcome.RUNNING, None, ""
        last.save(update_fields=["resumed", "outcome", "finished", "error"])
        return last, begun
    Checkpoint.objects.filter(harvest__portal=portal.slug).delete()
    return Harvest.objects.create(
        portal=portal.slug,
        city=portal.city,
        host=portal.host,
        protocol=portal.protocol,
        source=source,
        recorded=recorded,
        started=timezone.now(),
    ), None


def fail(harvest: Harvest, error: str, *, stopped: bool = False) -> None:
    """Close a harvest that did not come to its end. What it brought stays; nothing is called missing.

    One that a person `stopped` can be gone on with.
    """
    harvest.finished, harvest.error = timezone.now(), storable(error)
    harvest.outcome = Harvest.Outcome.PARTIAL if harvest.seen else Harvest.Outcome.FAILED
    harvest.held = Dataset.objects.filter(portal=harvest.portal, state=State.PRESENT).count()
    # Only these: another field may hold what the database refused, and that is why we are here.
    harvest.save(update_fields=["finished", "error", "outcome", "held"])
    if not stopped:
        resuming.forget(harvest)


@transaction.atomic
def apply(harvest: Harvest, plan: PagePlan) -> None:
    """Write one page's plan. A page without change writes nothing but the harvest's own rows."""
    now = timezone.now()
    if plan.entries or plan.returned:
        number, harvest.touched = next_generation(), True
        _add([entry for entry in plan.entries if entry.change is Change.ADD], harvest, now, number)
        _update([entry for entry in plan.entries if entry.change is not Change.ADD], harvest, now, number)
        removal.bring_back(harvest, plan.returned, number, now)
        settle_records(harvest, plan.entries)
    harvest.seen += plan.seen
    harvest.added += plan.added
    harvest.changed += plan.changed
    harvest.unchanged += plan.unchanged
    harvest.returned += len(plan.returned)
    harvest.left_out = dict(Counter(harvest.left_out) + plan.left_out)
    harvest.declared = plan.declared if plan.declared is not None else harvest.declared
    counts = ("seen", "added", "changed", "unchanged", "returned", "left_out", "declared")
    harvest.save(update_fields=["dialect", *counts])
    resuming.keep(harvest, plan.listed)


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
        for row in Dataset.objects.filter(key__in=[entry.dataset.id for entry in entries])
        .select_related("revision")
        .defer("revision__packed")
    }
    revised = []
    for told in entries:
        row = rows[told.dataset.native_id]
        entry = holding(told, row.revision.form) if told.incomplete and row.revision else told
        was_incomplete, title = row.incomplete, row.title
        for name, value in _columns(entry).items():
            setattr(row, name, value)
        row.generation = number
        if entry.change is Change.CHANGE:
            if row.revision and reused(row.revision.normal, entry.dataset):
                removal.note(harvest, Event.Kind.REPLACED, [row.native_id], now, title)
            row.last_changed = now
            revised.append((row, entry))
        elif row.revision:
            # The city changed nothing: its words stay as they came, unless some of them were still to come.
            words = {"packed": pack(entry.raw)} if was_incomplete else {}
            Revision.objects.filter(pk=row.revision.pk).update(form=entry.form, **words)
    names = [*_columns(entries[0]), "generation", "last_changed"]
    Dataset.objects.bulk_update(rows.values(), names, batch_size=100)
    _revise(revised, harvest, now, {row.pk: row.revision.number for row in rows.values() if row.revision})


def _revise(pairs: Sequence[tuple[Dataset, Entry]], harvest: Harvest, now: datetime, last: Mapping[int, int]) -> None:
    insert(
        Revision,
        (
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
        ),
    )
    newest = Revision.objects.filter(dataset=OuterRef("pk")).order_by("-number").values("pk")[:1]
    for some in batches([row.pk for row, _ in pairs]):
        Dataset.objects.filter(pk__in=some).update(revision=Subquery(newest))


def _columns(entry: Entry) -> dict[str, object]:
    dataset = entry.dataset
    return {
        "title": dataset.title,
        "kind": dataset.kind,
        "parent": storable_id(dataset.parents[0]) if dataset.parents else "",
        "updated": newest_update(dataset),
        "due": freshness.due(dataset),
        "columns": None if dataset.columns is None else len(dataset.columns),
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


@transaction.atomic
def end(harvest: Harvest, ending: Ending, grace: Grace) -> None:
    """Call missing or withdrawn what is, settle the listing's findings, link series, and close the books."""
    now = timezone.now()
    harvest.dialect = ending.dialect
    harvest.declared, harvest.seen = ending.declared, ending.seen
    if ending.complete or ending.reason:
        # Before all else, as a release does: in another order the two would wait for each other.
        removal.supersede(harvest, now)
    if ending.complete:
        harvest.missing = removal.miss(harvest, ending.gone, now) if ending.gone else 0
        harvest.withdrawn = removal.withdraw(harvest, frozenset(ending.still), grace, now)
    if ending.reason:
        harvest.reason, harvest.would_go = storable(ending.reason), list(ending.gone)
    if harvest.touched or harvest.resumed or _after_a_broken_one(harvest):
        _link_series(harvest.portal)
    # Where nothing was asked for details, what was found about their hosts stands as it was.
    where = Q() if ending.details_asked else ~Q(place=DETAILS)
    # What a broken listing does not show again is not mended; only what is told of the run itself.
    closes = None if ending.complete and not ending.unmodified else OF_A_RUN
    settle(harvest, Finding.Scope.LISTING, where, ending.findings, closes=closes)
    if ending.complete:
        settle_freshness(harvest)
    harvest.held = Dataset.objects.filter(portal=harvest.portal, state=State.PRESENT).count()
    harvest.findings = Finding.objects.filter(portal=harvest.portal, closed=None).count()
    harvest.finished, harvest.error = now, storable(ending.error)
    harvest.outcome = _outcome(ending)
    harvest.save()
    resuming.forget(harvest)


def _after_a_broken_one(harvest: Harvest) -> bool:
    """Whether the run before this one may have died between its last page and its end."""
    before = Harvest.objects.filter(portal=harvest.portal, pk__lt=harvest.pk).order_by("-pk").first()
    return before is not None and before.outcome != Harvest.Outcome.COMPLETE


def _outcome(ending: Ending) -> str:
    if ending.complete:
        return Harvest.Outcome.COMPLETE
    if ending.reason:
        return Harvest.Outcome.WITHHELD
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
        for some in batches(ids):
            Dataset.named(portal, some).update(series=key, generation=number)
