"""Keep the search index in step with the database: it is derived, and follows by generation."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from threading import Lock, Thread
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import QuerySet

from commonground.catalog import browse, forms, store
from commonground.catalog.models import Dataset
from commonground.catalog.search import Index
from commonground.errors import CommonGroundError, IndexBroken, Usage
from commonground.words import State

_BATCH = 500
_LOG = logging.getLogger("commonground.catalog")


def opened() -> Index:
    """The index of this home and database; opened on first use, reopened when another process changes it."""
    return _opened(settings.HOME / "search" / store.mark())


@cache
def _opened(folder: Path) -> Index:
    return Index(folder)


_building = Lock()


def ready() -> Index:
    """The index to ask: made when there is none of this version, and told to follow when it lags behind.

    Raises `IndexBroken` while another process is making it.
    """
    index = opened()
    if index.generation is None:
        with _building:
            # Another thread may have built it while this one waited.
            if index.generation is None:
                try:
                    rebuild()
                except Usage as error:
                    raise IndexBroken(error.message, advice=error.advice) from error
    elif index.generation != store.generation():
        behind(follow)
    return index


class Behind:
    """Work that a page starts and does not wait for: one at a time in a process, with a pause in between."""

    def __init__(self, pause: float = 5.0) -> None:
        self.pause = pause
        self._lock = Lock()
        self._next = 0.0

    def __call__(self, work: Callable[[], object]) -> bool:
        """Start the work in a thread of its own, unless some is under way or has just ended."""
        if time.monotonic() < self._next or not self._lock.acquire(blocking=False):
            return False
        Thread(target=self._do, args=(work,), daemon=True).start()
        return True

    def _do(self, work: Callable[[], object]) -> None:
        try:
            work()
        except CommonGroundError as error:
            # The page was served from the older state; the next one tries again.
            _LOG.warning("%s", error)
        finally:
            connection.close()
            self._next = time.monotonic() + self.pause
            self._lock.release()


behind = Behind()


def follow() -> int:
    """Bring the index to the newest generation: changed documents only, or a rebuild when there is none to change.

    Returns how many documents were written.
    """
    index, newest = opened(), store.generation()
    held = index.generation
    if held is None or held > newest:
        return rebuild()
    if held == newest:
        return 0
    touched = Dataset.objects.filter(generation__gt=held)
    gone = list(touched.exclude(state=State.PRESENT).values_list("key", flat=True))
    return index.apply(_documents(touched.filter(state=State.PRESENT)), gone, newest)


def rebuild() -> int:
    """Build the index anew, aside, and swap it in. Returns how many documents it holds."""
    newest = store.generation()
    return opened().rebuild(_documents(browse.present()), newest)


def document(row: Dataset, names: dict[tuple[str, str], str]) -> dict[str, Any]:
    """What the index is given of one dataset."""
    form = row.revision.form if row.revision else {}
    city, portal = names.get(("city", row.city), row.city), names.get(("portal", row.portal), "")
    return {**form, "series": row.series, "city_name": city, "portal_name": portal}


def _names() -> dict[tuple[str, str], str]:
    """Names by what and slug: a city and its portal may have the same slug."""
    cities = browse.known_cities().values()
    return {("city", city.slug): city.name for city in cities} | {
        ("portal", portal.slug): portal.name for city in cities for portal in city.portals
    }


def _documents(rows: QuerySet[Dataset]) -> Iterator[dict[str, Any]]:
    names = _names()
    for row in rows.select_related("revision").order_by("pk").iterator(chunk_size=_BATCH):
        yield document(row, names)


def compare() -> dict[str, Any]:
    """Database against index: counts, generations, and the ids that one has and the other lacks or has otherwise."""
    indexed = opened().fingerprints() if opened().generation is not None else {}
    held = {one["id"]: forms.digest(one) for one in _documents(browse.present())}
    differing = sorted(key for key in held.keys() | indexed.keys() if held.get(key) != indexed.get(key))
    return {"database": len(held), "indexed": len(indexed), "differing": differing, **state()}


def state() -> dict[str, Any]:
    """The generation of the index beside the database's."""
    held = opened().generation
    documents = opened().snapshot().searcher.num_docs if held is not None else 0
    return {"generation": held or 0, "newest": store.generation(), "documents": documents}
