"""Whose turn it is to build a table: two builds of one standard never overlap, on the command line or by the worker."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from threading import Event, Thread
from typing import Final

from django.conf import settings
from django.db import DatabaseError, connection

from commonground.errors import CommonGroundError, Usage
from commonground.tables.models import BUILD
from commonground.tables.sweeping import sweep
from commonground.work import owners
from commonground.work import store as work
from commonground.work.models import Run

BEAT: Final = 60.0
"""Seconds between two signs of life; a lease lasts ten minutes, and a portal may take longer for one file."""
_LOG = logging.getLogger(__name__)


@contextmanager
def turn(standards: Sequence[str]) -> Iterator[Callable[[], bool]]:
    """Our turn for all of these tables, or for none. Yields what tells whether it still is.

    Raises `Usage`, naming who builds one of them.
    """
    sweep()
    runs: list[Run] = []
    try:
        for name in standards:
            run = work.claim(BUILD, name)
            if run is None:
                raise Usage(
                    f"{name} is being built by {_holder(name)}.",
                    advice="Wait for it to end; a build that died elsewhere is free again after ten minutes.",
                )
            runs.append(run)
        with beating([work_beat(one) for one in runs]):
            try:
                yield lambda: all(work.beat(one) for one in runs)
            except CommonGroundError as error:
                for run in runs:
                    work.finish(run, error=str(error))
                raise
        for run in runs:
            work.finish(run)
    finally:
        for run in runs:
            work.release(run)  # changes nothing once the run has ended


def work_beat(run: Run) -> Callable[[], bool]:
    """What says that a run is alive."""
    return lambda: work.beat(run)


@contextmanager
def beating(beats: Sequence[Callable[[], bool]]) -> Iterator[None]:
    """Give signs of life in a thread, until the block ends."""
    over = Event()

    def beat() -> None:
        while not over.wait(BEAT):
            try:
                for one in beats:
                    one()
            except DatabaseError as error:  # another try comes long before the lease runs out
                _LOG.warning("The database did not take our sign of life for a build: %s", error)
            finally:
                connection.close()

    thread = Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _holder(name: str) -> str:
    """Who builds a table, and since when."""
    run = Run.objects.filter(task=BUILD, subject=name, state=Run.State.RUNNING).first()
    if run is None or run.started is None:
        return "another process"
    who = owners.who(settings.HOME / "owners", run.owner) or "a process of another home"
    return f"{who}, since {run.started:%Y-%m-%d %H:%M:%S} UTC"
