"""Compare when there is something new: before a command of overlap answers, and as the worker's own work."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Final

from django.conf import settings

from commonground.errors import Usage
from commonground.overlap import store
from commonground.overlap.matching import embedder
from commonground.overlap.matching.embedder import Embedder
from commonground.overlap.matching.remembering import Remembering
from commonground.overlap.store import Compared
from commonground.work import store as work

OVERLAP: Final = "overlap"
ALL: Final = "all"
EVERY: Final = timedelta(minutes=5)


def model() -> Embedder | None:
    """The model that the settings ask for, with what it said of each text kept in the home; else None."""
    if not settings.EMBEDDER:
        return None
    found = embedder.load()
    return Remembering(found, settings.HOME / "overlap") if found else None


def compare(*, whole: bool = False) -> Compared:
    """Bring the guesses to the newest generation, here and now. Raises `Usage` while another process does it."""
    run = work.claim(OVERLAP, ALL)
    if run is None:
        raise Usage("Another process is comparing.", advice="Wait for it to end.")
    try:
        found = store.follow(model(), whole=whole, beat=partial(work.beat, run))
        work.finish(run)
        return found
    finally:
        work.release(run)  # changes nothing once the run has ended


def run_overlap(_subject: str, beat: Callable[[], bool]) -> None:
    """The worker's task. Its run is already ours. Where nothing is new, nothing is read."""
    if lags():
        store.follow(model(), beat=beat)


def lags() -> bool:
    """Whether the guesses are behind."""
    return store.lags(model())


def schedule() -> None:
    """Due whenever the guesses are behind."""
    if lags():
        work.schedule(OVERLAP, ALL, every=EVERY)
