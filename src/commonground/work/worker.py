"""The worker: claims what is due, runs it, and says how it ended. Any number may run side by side."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from functools import partial

from commonground.errors import CommonGroundError
from commonground.work import store
from commonground.work.models import Run
from commonground.work.registry import SCHEDULES, TASKS

PAUSE = 5.0
"""Seconds between two looks at the table when nothing is due."""
SCHEDULED = 3600.0
"""Seconds between two looks at what is to be done regularly: a new city's portals are found by this."""

_LOG = logging.getLogger(__name__)


def work(*, once: bool, say: Callable[[str], None]) -> list[dict[str, str]]:
    """Run what is due; for ever, unless `once`. Returns what was done."""
    done: list[dict[str, str]] = []
    scheduled = None
    while True:
        if scheduled is None or time.monotonic() - scheduled > SCHEDULED:
            for schedule in SCHEDULES:
                schedule()
            scheduled = time.monotonic()
        run = store.claim_next(list(TASKS))
        if run is not None:
            error = _do(run)
            say(f"{run.task} {run.subject}: {error or 'done'}")
            if once:
                done.append({"task": run.task, "subject": run.subject, "error": error})
        elif once:
            return done
        else:
            time.sleep(PAUSE)


def _do(run: Run) -> str:
    """Run one claimed run to its end; returns what went wrong."""
    error = ""
    try:
        TASKS[run.task](run.subject, partial(store.beat, run))
    except CommonGroundError as problem:
        error = str(problem)
    # Door: one run of the worker. A mistake of ours fails this run; the worker lives on.
    except Exception as problem:  # noqa: BLE001
        _LOG.exception("The run %s %s broke.", run.task, run.subject)
        error = f"A mistake in Common Ground: {type(problem).__name__}: {problem}"
    store.finish(run, error=error)
    return error
