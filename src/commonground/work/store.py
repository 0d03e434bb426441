"""Claim, keep and end runs. A claim is one conditional update, so two workers never hold one run."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from commonground.work import owners
from commonground.work.models import Run

_LOG = logging.getLogger(__name__)
LEASE = timedelta(minutes=10)
LONGEST_PAUSE = timedelta(hours=6)


def owner() -> str:
    """Who we are: one process of this home."""
    return owners.name(settings.HOME / "owners")


def schedule(task: str, subject: str, *, every: timedelta | None = None, due: datetime | None = None) -> Run | None:
    """Make a run due; None when one of the same task and subject is waiting or under way."""
    seconds = int(every.total_seconds()) if every else None
    if every:  # a clock that was set back would else put off the next run by as much
        now = timezone.now()
        _open(task, subject).filter(state=Run.State.DUE, every=seconds, due__gt=now + every).update(due=now)
    if _open(task, subject).exists():
        return None
    try:
        with transaction.atomic():
            return Run.objects.create(task=task, subject=subject, every=seconds, due=due or timezone.now())
    except IntegrityError:
        return None


def claim_next(tasks: list[str]) -> Run | None:
    """The oldest run that is due, now ours; reaps runs whose owner died. None when nothing is due."""
    while True:
        now = timezone.now()
        due = Run.objects.filter(Q(state=Run.State.DUE, due__lte=now) | _abandoned(now), task__in=tasks)
        waiting = list(due.order_by("due", "id")[:20])
        for run in waiting:
            if _take(run, now):
                return Run.objects.get(pk=run.pk)
        if not waiting:
            return None


def claim(task: str, subject: str) -> Run | None:
    """The run of this task and subject, made if there is none, now ours; None when another holds it."""
    schedule(task, subject)
    run = _open(task, subject).first()
    return Run.objects.get(pk=run.pk) if run and _take(run, timezone.now()) else None


def _open(task: str, subject: str) -> QuerySet[Run]:
    return Run.objects.filter(task=task, subject=subject, state__in=[Run.State.DUE, Run.State.RUNNING])


def _abandoned(now: datetime) -> Q:
    """Runs whose lease ran out, or whose owner is known to have died."""
    running = Run.objects.filter(state=Run.State.RUNNING)
    names = set(running.values_list("owner", flat=True))
    dead = [name for name in names if owners.dead(settings.HOME / "owners", name)]
    return Q(state=Run.State.RUNNING) & (Q(leased_until__lt=now) | Q(owner__in=dead))


def _take(run: Run, now: datetime) -> bool:
    """One conditional update: `attempt` counts the claims, so each claim is told from all others.

    A run that another process had is reaped: the row says why.
    """
    free = Q(state=Run.State.DUE) | _abandoned(now)
    taken = Run.objects.filter(free, pk=run.pk, attempt=run.attempt).update(
        state=Run.State.RUNNING,
        owner=owner(),
        started=now,
        heartbeat=now,
        leased_until=now + LEASE,
        attempt=F("attempt") + 1,
        error="",
        reaped=_why(run),
    )
    if taken and run.state == Run.State.RUNNING:
        _LOG.warning("Took over the run %s %s. %s", run.task, run.subject, _why(run))
    return taken == 1


def _why(run: Run) -> str:
    """Why a run may be taken from the process that has it; empty for one that nobody has."""
    if run.state != Run.State.RUNNING:
        return ""
    if run.heartbeat is None:  # a row that another version wrote
        return f"Attempt {run.attempt} gave no sign of life."
    seen = f"Attempt {run.attempt} gave its last sign of life at {run.heartbeat:%Y-%m-%d %H:%M:%S} UTC"
    dead = owners.dead(settings.HOME / "owners", run.owner)
    return f"{seen}; its process has died." if dead else f"{seen}; its lease ran out."


def _ours(run: Run) -> QuerySet[Run]:
    return Run.objects.filter(pk=run.pk, state=Run.State.RUNNING, owner=run.owner, attempt=run.attempt)


def beat(run: Run) -> bool:
    """Say that we are alive; the lease begins anew. False when the run was taken from us."""
    now = timezone.now()
    return _ours(run).update(heartbeat=now, leased_until=now + LEASE) == 1


def finish(run: Run, *, error: str = "") -> bool:
    """End a run. A regular one becomes due again: after its interval, or sooner if it failed.

    False, and nothing is written, when the run was taken from us: it is another's to end.
    """
    now = timezone.now()
    state = Run.State.FAILED if error else Run.State.DONE
    with transaction.atomic():
        if not _ours(run).update(state=state, finished=now, error=error[:2000], leased_until=None):
            return False
        if run.every:
            pause = timedelta(seconds=run.every)
            if error:
                pause = min(pause, LONGEST_PAUSE, timedelta(minutes=5) * 2 ** min(run.attempt, 6))
            attempt = run.attempt if error else 0
            Run.objects.create(task=run.task, subject=run.subject, every=run.every, due=now + pause, attempt=attempt)
    return True


def release(run: Run) -> None:
    """Give a claimed run back untouched; one that was only made for the claim goes away."""
    if run.every:
        put_back(run)
    else:
        _ours(run).delete()


def put_back(run: Run) -> None:
    """Let others do what was begun and not ended; that it was begun does not count."""
    _ours(run).update(state=Run.State.DUE, owner="", leased_until=None, attempt=F("attempt") - 1)
