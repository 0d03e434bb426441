"""Keep the search index in step with the database: it is derived, and follows by generation."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from itertools import islice
from pathlib import Path
from threading import Lock, Thread
from typing import Any, NamedTuple

import orjson
from django.conf import settings
from django.db import connection
from django.db.models import QuerySet, TextField
from django.db.models.functions import Cast

from commonground.catalog import browse, counter, forms, related
from commonground.catalog.models import Dataset
from commonground.catalog.search import Index
from commonground.errors import CommonGroundError, IndexBroken, Usage
from commonground.words import State

_BATCH = 500
_LOG = logging.getLogger("commonground.catalog")


def opened() -> Index:
    """The index of this home and database; opened on first use, reopened when another process changes it."""
    return _opened(settings.HOME / "search" / counter.mark())


@cache
def _opened(folder: Path) -> Index:
    return Index(folder)


_building = Lock()


def ready() -> Index:
    """The index to ask: made when there is none of this version, and told to follow when it lags behind.

    Raises `IndexBroken` while another process is making it.
    """
    mark, newest = counter.standing()
    index = _opened(settings.HOME / "search" / mark)
    held = index.generation
    if held is None:
        with _building:
            # Another thread may have built it while this one waited.
            if index.generation is None:
                try:
                    rebuild()
                except Usage as error:
                    raise IndexBroken(error.message, advice=error.advice) from error
    elif held != newest:
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
    index, newest = opened(), counter.generation()
    held = index.generation
    if held is None or held > newest:
        return rebuild()
    if held == newest:
        return 0
    touched = Dataset.objects.filter(generation__gt=held)
    gone = list(touched.filter(state=State.WITHDRAWN).values_list("key", flat=True))
    return index.apply(_documents(touched.exclude(state=State.WITHDRAWN)), gone, newest)


def rebuild() -> int:
    """Build the index anew, aside, and swap it in. Returns how many documents it holds."""
    newest = counter.generation()
    return opened().rebuild(_documents(browse.kept()), newest)


class _Needed(NamedTuple):
    """What the index needs of a dataset; `form` is JSON as text. Models would take as long as all the rest."""

    pk: int
    key: str
    city: str
    portal: str
    series: str
    same_as: str
    form: str | None


def _document(
    row: _Needed, names: Mapping[tuple[str, str], str], copies: Sequence[_Needed] = (), *, copy: bool = False
) -> dict[str, Any]:
    """What the index is given of one dataset, with the copies that it stands for; `copy` when it is such a one."""
    form = orjson.loads(row.form) if row.form else {}
    city, portal = names.get(("city", row.city), row.city), names.get(("portal", row.portal), "")
    told = {**form, "series": row.series, "city_name": city, "portal_name": portal}
    folded = [_document(one, names, copy=True) for one in copies]
    return {**told, **({"copy": True} if copy else {}), **({"copies": folded} if folded else {})}


def _names() -> dict[tuple[str, str], str]:
    """Names by what and slug: a city and its portal may have the same slug."""
    cities = browse.known_cities().values()
    return {("city", city.slug): city.name for city in cities} | {
        ("portal", portal.slug): portal.name for city in cities for portal in city.portals
    }


def _documents(rows: QuerySet[Dataset]) -> Iterator[dict[str, Any]]:
    names = _names()
    origins = dict(related.folded().values_list("pk", "same_as"))
    named = frozenset(origins.values())
    found = _needed(rows.order_by("pk"))
    while batch := list(islice(found, _BATCH)):
        keys = [row.key for row in batch if row.key in named]
        copies: dict[str, list[_Needed]] = {}
        for row in _needed(related.folded().filter(same_as__in=keys).order_by("key")) if keys else ():
            copies.setdefault(row.same_as, []).append(row)
        for row in batch:
            yield _document(row, names, copies.get(row.key, ()), copy=row.pk in origins)


def _needed(rows: QuerySet[Dataset]) -> Iterator[_Needed]:
    told = rows.annotate(written=Cast("revision__form", TextField()))
    columns = ("pk", "key", "city", "portal", "series", "same_as", "written")
    return map(_Needed._make, told.values_list(*columns).iterator(chunk_size=_BATCH))


def compare() -> dict[str, Any]:
    """Database against index: counts, generations, and the ids that one has and the other lacks or has otherwise."""
    indexed = opened().fingerprints() if opened().generation is not None else {}
    held = {one["id"]: forms.digest(one) for one in _documents(browse.kept())}
    differing = sorted(key for key in held.keys() | indexed.keys() if held.get(key) != indexed.get(key))
    return {"database": len(held), "indexed": len(indexed), "differing": differing, **state()}


def state() -> dict[str, Any]:
    """The generation of the index beside the database's."""
    held = opened().generation
    documents = opened().snapshot().searcher.num_docs if held is not None else 0
    return {"generation": held or 0, "newest": counter.generation(), "documents": documents}
