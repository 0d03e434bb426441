"""The worker: claims what is due, runs it, and says how it ended. Any number may run side by side."""

from __future__ import annotations

import logging
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from threading import current_thread, main_thread

from django.db import InterfaceError, OperationalError, close_old_connections, connection

from commonground.errors import CommonGroundError
from commonground.work import store
from commonground.work.models import Run
from commonground.work.registry import AFTER, SCHEDULES, TASKS

PAUSE = 5.0
"""Seconds between two looks at the table when nothing is due."""
SCHEDULED = 3600.0
"""Seconds between two looks at what is to be done regularly: a new city's portals are found by this."""

_LOG = logging.getLogger(__name__)


def work(*, once: bool, say: Callable[[str], None] = lambda _: None) -> list[dict[str, str]]:
    """Run what is due; until it is stopped, unless `once`. Returns what was done, where it was once."""
    done: list[dict[str, str]] = []
    scheduled = -SCHEDULED
    with _until_stopped():
        while True:
            try:
                if time.monotonic() - scheduled > SCHEDULED:
                    _schedule()
                    scheduled = time.monotonic()
                run = store.claim_next(list(TASKS))
                error = _do(run) if run else ""
                for look in AFTER.get(run.task, ()) if run and not error else ():
                    look()
            except (OperationalError, InterfaceError) as problem:
                if once:
                    raise
                _LOG.warning("The database does not answer, and is asked again in %.0f s: %s", PAUSE, problem)
                connection.close()
                run = None
            if run is not None:
                say(f"{run.task} {run.subject}: {error or 'done'}")
                if once:
                    done.append({"task": run.task, "subject": run.subject, "error": error})
            elif once:
                break
            else:
                time.sleep(PAUSE)
                close_old_connections()  # one that lay idle may have been cut
    return done


def _schedule() -> None:
    for schedule in SCHEDULES:
        schedule()


@contextmanager
def _until_stopped() -> Iterator[None]:
    """A service is stopped by SIGTERM, which here does what Ctrl-C does (a harvest ends at its next page), in peace."""
    if current_thread() is not main_thread():
        yield
        return
    asked = False

    def stop(*_: object) -> None:
        nonlocal asked
        asked = True
        signal.raise_signal(signal.SIGINT)

    usual = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    except KeyboardInterrupt:
        if not asked:
            raise
        _LOG.info("The worker was stopped.")
    finally:
        signal.signal(signal.SIGTERM, usual)


def _do(run: Run) -> str:
    """Run one claimed run to its end; returns what went wrong."""
    error, began = "", time.monotonic()
    facts = {"run": run.pk, "task": run.task, "subject": run.subject, "attempt": run.attempt}
    _LOG.info("%s %s: begun", run.task, run.subject, extra=facts)
    try:
        TASKS[run.task](run.subject, partial(store.beat, run))
    except KeyboardInterrupt:
        store.put_back(run)
        raise
    except CommonGroundError as problem:
        error = str(problem)
    except (OperationalError, InterfaceError) as problem:
        error = f"The database refused: {problem}"
    # Door: one run of the worker. A mistake of ours fails this run; the worker lives on.
    except Exception as problem:  # noqa: BLE001
        _LOG.exception("The run %s %s broke.", run.task, run.subject, extra=facts)
        error = f"A mistake in Common Ground: {type(problem).__name__}: {problem}"
    store.finish(run, error=error)
    level = logging.WARNING if error else logging.INFO
    seconds = round(time.monotonic() - began, 1)
    _LOG.log(level, "%s %s: %s", run.task, run.subject, error or "done", extra={**facts, "seconds": seconds})
    return error
