"""Ask for a document only when it has changed: what portals said of it lies in the database, not in a cache."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from commonground.catalog.compare import READING
from commonground.catalog.harvest import Ending
from commonground.catalog.models import Dataset, Harvest, Validator
from commonground.protocols.http import Client, Validators
from commonground.words import Portal

BELIEVED = timedelta(days=7)
"""So long we take a portal's word that nothing changed; then the whole is read again, as its word may be stuck."""


def remind(client: Client, portal: Portal) -> None:
    """Let the client ask whether the documents of a portal are as they were, where that would be enough to know.

    It is not where the last run did not believe the listing, where we read records otherwise by now, or where a person
    released an older run while the last one read: what is missing since then may be listed all the same.
    """
    last = Harvest.objects.filter(portal=portal.slug).exclude(outcome=Harvest.Outcome.RUNNING).order_by("-pk").first()
    if last is None or last.outcome != Harvest.Outcome.COMPLETE:
        return
    rows = Dataset.objects.filter(portal=portal.slug)
    released = rows.filter(missing_since__gt=last.started).exclude(missing_in=last)
    if rows.filter(incomplete=True).exists() or rows.exclude(reading=READING).exists() or released.exists():
        return
    for one in Validator.objects.filter(portal=portal.slug, read__gt=timezone.now() - BELIEVED):
        client.remember(one.url, Validators(one.etag, one.last_modified))


@transaction.atomic
def keep(client: Client, portal: Portal, harvest: Harvest, ending: Ending) -> None:
    """After a run: keep what the portal said of its documents, if they were read to the end and believed.

    What another document said once is forgotten: that it is as it was says nothing of what is held by now.
    """
    mine = Validator.objects.filter(portal=portal.slug)
    if ending.unmodified:
        return
    told = client.told if harvest.outcome == Harvest.Outcome.COMPLETE else {}
    told = {url: one for url, one in told.items() if url.startswith(portal.url)}
    mine.exclude(url__in=told).delete()
    for url, one in told.items():
        values = {"etag": one.etag, "last_modified": one.last_modified, "read": timezone.now()}
        mine.update_or_create(portal=portal.slug, url=url, defaults=values)
