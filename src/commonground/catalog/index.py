"""Keep the search index in step with the database: it is derived, and follows by generation."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from django.conf import settings
from django.db.models import QuerySet

from commonground.catalog import browse, forms, store
from commonground.catalog.models import Dataset
from commonground.catalog.search import Index
from commonground.words import State

_BATCH = 500


@cache
def opened() -> Index:
    """The index of this home; opened on first use and reopened when another process changes it."""
    return Index(settings.HOME / "search")


def opened_or_built() -> Index:
    """The index, made from the database when this home has none of this version yet."""
    index = opened()
    if index.generation is None:
        rebuild()
    return index


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
