"""Claim, keep and end runs. A claim is one conditional update, so two workers never hold one run."""

from __future__ import annotations

import os
import socket
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.utils import timezone

from commonground.work.models import Run

LEASE = timedelta(minutes=10)
LONGEST_PAUSE = timedelta(hours=6)


def owner() -> str:
    """Who we are: host and process."""
    return f"{socket.gethostname()}:{os.getpid()}"


def schedule(task: str, subject: str, *, every: timedelta | None = None, due: datetime | None = None) -> Run | None:
    """Make a run due; None when one of the same task and subject is waiting or under way."""
    seconds = int(every.total_seconds()) if every else None
    try:
        with transaction.atomic():
            return Run.objects.create(task=task, subject=subject, every=seconds, due=due or timezone.now())
    except IntegrityError:
        return None


def claim_next(tasks: list[str]) -> Run | None:
    """The oldest run that is due, now ours; reaps runs whose lease ran out. None when nothing is due."""
    now = timezone.now()
    free = Q(state=Run.State.DUE, due__lte=now) | Q(state=Run.State.RUNNING, leased_until__lt=now)
    for run in Run.objects.filter(free, task__in=tasks).order_by("due", "id")[:20]:
        if _take(run, now):
            return Run.objects.get(pk=run.pk)
    return None


def claim(task: str, subject: str) -> Run | None:
    """The run of this task and subject, made if there is none, now ours; None when another holds it."""
    schedule(task, subject)
    now = timezone.now()
    run = Run.objects.filter(task=task, subject=subject, state__in=[Run.State.DUE, Run.State.RUNNING]).first()
    return Run.objects.get(pk=run.pk) if run and _take(run, now) else None


def _take(run: Run, now: datetime) -> bool:
    free = Q(state=Run.State.DUE) | Q(state=Run.State.RUNNING, leased_until__lt=now)
    taken = Run.objects.filter(free, pk=run.pk).update(
        state=Run.State.RUNNING,
        owner=owner(),
        started=now,
        heartbeat=now,
        leased_until=now + LEASE,
        attempt=F("attempt") + 1,
        error="",
    )
    return taken == 1


def beat(run: Run) -> None:
    """Say that we are alive; the lease begins anew."""
    now = timezone.now()
    Run.objects.filter(pk=run.pk, owner=run.owner).update(heartbeat=now, leased_until=now + LEASE)


def finish(run: Run, *, error: str = "") -> None:
    """End a run. A regular one becomes due again: after its interval, or sooner if it failed."""
    now = timezone.now()
    state = Run.State.FAILED if error else Run.State.DONE
    with transaction.atomic():
        Run.objects.filter(pk=run.pk).update(state=state, finished=now, error=error[:2000], leased_until=None)
        if run.every:
            pause = timedelta(seconds=run.every)
            if error:
                pause = min(pause, LONGEST_PAUSE, timedelta(minutes=5) * 2 ** min(run.attempt, 6))
            attempt = run.attempt if error else 0
            Run.objects.create(
                task=run.task, subject=run.subject, every=run.every, due=now + pause, attempt=attempt
            )
