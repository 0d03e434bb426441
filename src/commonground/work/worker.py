"""The worker: claims what is due, runs it, and says how it ended. Any number may run side by side."""

from __future__ import annotations

import time
from collections.abc import Callable

from commonground.errors import CommonGroundError
from commonground.work import store
from commonground.work.registry import SCHEDULES, TASKS

PAUSE = 5.0
"""Seconds between two looks at the table when nothing is due."""


def work(*, once: bool, say: Callable[[str], None]) -> list[dict[str, str]]:
    """Run what is due; for ever, unless `once`. Returns what was done."""
    for schedule in SCHEDULES:
        schedule()
    done: list[dict[str, str]] = []
    while True:
        run = store.claim_next(list(TASKS))
        if run is None:
            if once:
                return done
            time.sleep(PAUSE)
            continue
        error = ""
        try:
            TASKS[run.task](run.subject, lambda run=run: store.beat(run))  # type: ignore[misc]
        except CommonGroundError as problem:
            error = str(problem)
        store.finish(run, error=error)
        say(f"{run.task} {run.subject}: {error or 'done'}")
        if once:
            done.append({"task": run.task, "subject": run.subject, "error": error})
