"""What changed, as feeds: the same entries for a dataset, a city, a search and all cities together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from commonground.catalog import browse, history, overview
from commonground.catalog.history import Change
from commonground.catalog.models import Harvest
from commonground.catalog.spoken import word
from commonground.pages.feeds import Entry, Feed

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

FEED_LENGTH = 50


def feed(title: str, where: Q | None = None, among: Collection[str] | None = None) -> Feed:
    """The newest changes of all datasets, of some, or of those ids: revisions, and who came, went and came back."""
    changes = history.latest(where, FEED_LENGTH, among)
    return Feed(title, [entry(one) for one in changes], updated=changes[0].seen if changes else None)


def runs_feed(title: str, runs: Sequence[Harvest]) -> Feed:
    """Runs that have ended, the newest first."""
    entries = [_run_entry(run, max(run.finished, run.decided or run.finished)) for run in runs if run.finished]
    return Feed(title, entries, updated=max((entry.updated for entry in entries), default=None))


def _run_entry(run: Harvest, updated: datetime) -> Entry:
    counts = {name: f"{getattr(run, name):,}" for name in ("seen", "added", "changed", "missing")}
    said = _("%(seen)s records seen, %(added)s added, %(changed)s changed, %(missing)s missing.") % counts
    withheld = run.outcome == Harvest.Outcome.WITHHELD
    outcome = word(run.decision, "decision") if withheld else word(run.outcome, "outcome")
    return Entry(
        title=f"{outcome}: {run.host}",
        url=f"{reverse('harvest', args=[run.portal])}#run-{run.pk}",
        updated=updated,
        summary=f"{said} {run.reason or run.error}".strip(),
        author=overview.city_name(run.city),
        published=run.started,
        categories=(run.city, run.outcome),
    )


def entry(change: Change) -> Entry:
    """What happened, in words. Its id is for ever, whatever page tells more."""
    row = change.row
    said = change.said(history.zone_of(row))
    about = change.detail if change.kind == "added" else ""
    return Entry(
        title=f"{word(change.kind, 'change')}: {row.title}",
        url=history.path(row, change.number),
        updated=change.seen,
        summary=f"{said} {about}".strip(),
        author=overview.city_name(row.city),
        published=change.seen,
        categories=(row.city, row.kind, change.kind),
        id=f"{browse.path(row)}#{change.anchor}",
    )
