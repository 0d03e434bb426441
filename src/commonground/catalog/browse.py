"""Questions to the catalog, answered as plain forms: the same for pages, their twins, and the command line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.models import Count, Max, Q, QuerySet
from django.urls import reverse

from commonground.catalog import findings, related
from commonground.catalog.models import Dataset, Harvest, Revision
from commonground.catalog.search import Query, Results, ids
from commonground.catalog.search import search as ask
from commonground.cities import city, load
from commonground.errors import NotFound
from commonground.protocols.registry import shown
from commonground.words import City, Portal, State

Form = dict[str, Any]

_BATCH = 500


def known_cities() -> dict[str, City]:
    """The packaged cities and those of the folders in COMMONGROUND_CITIES, by slug."""
    return _cities(tuple(settings.CITIES))


@cache
def _cities(folders: tuple[Path, ...]) -> dict[str, City]:
    """Read once a process: pages ask for the cities many times each."""
    return load(*folders)


def known_portals() -> dict[str, Portal]:
    """All portals by slug."""
    return {portal.slug: portal for city in known_cities().values() for portal in city.portals}


def city_slug(word: str) -> str:
    """The slug of a city by slug, name or short name; one that was harvested and has no file any more is known too.

    Raises `NotFound`.
    """
    if Dataset.objects.filter(city=word).exists():
        return word
    return city(word, known_cities()).slug


def present() -> QuerySet[Dataset]:
    """Datasets that their portal lists, as far as its newest complete listing tells."""
    return Dataset.objects.filter(state=State.PRESENT)


def kept() -> QuerySet[Dataset]:
    """Datasets in the catalog: present, or missing for less than the grace."""
    return Dataset.objects.exclude(state=State.WITHDRAWN)


def lines(rows: QuerySet[Dataset] | None = None) -> QuerySet[Dataset]:
    """Datasets with no more than what a list says of them in one line each; all of them, or these."""
    listed = Dataset.objects.all() if rows is None else rows
    return listed.only("key", "portal", "native_id", "city", "kind", "title", "updated", "series", "state", "same_as")


def with_forms() -> QuerySet[Dataset]:
    """Datasets with their newest revisions, but without the raw records, which few readers want."""
    return Dataset.objects.select_related("revision").defer("revision__packed")


def dataset(key: str) -> Dataset:
    """The dataset with that id, `PORTAL/NATIVE-ID` or `HOST/NATIVE-ID`. Raises `NotFound` with a way on."""
    head, _, native_id = key.partition("/")
    rows = with_forms()
    found = rows.filter(key=key).first()
    if found is None and native_id:
        portal = _portal_at(head.lower())
        found = rows.filter(key=f"{portal}/{native_id}").first() if portal else None
    if found is None:
        raise NotFound(
            f"No data set “{key}”.", advice="Ids look like chicago/ydr8-5enu; commonground search finds them."
        )
    return found


def _portal_at(host: str) -> str | None:
    """The portal of a host: one that we know, else one that was harvested once."""
    for one in known_portals().values():
        if one.host == host:
            return one.slug
    return Harvest.objects.filter(host=host).values_list("portal", flat=True).first()


def path(one: Dataset) -> str:
    """The address of a dataset's page on this site."""
    return reverse("dataset", kwargs={"portal": one.portal, "native_id": one.native_id})


def dataset_form(one: Dataset) -> Form:
    """All that we say of a dataset."""
    if one.revision is None:
        raise NotFound(f"“{one.key}” has no revision.", advice="Harvest its portal again.")
    return {
        **one.revision.form,
        "series": one.series,
        **related.form(one),
        "updated": one.updated,
        "state": one.state,
        "missing_since": one.missing_since,
        "first_seen": one.first_seen,
        "last_changed": one.last_changed,
        "revision": one.revision.number,
        "url": f"{settings.SITE_URL}{path(one)}",
        "findings": list(findings.forms(findings.of(one))),
    }


def revision(one: Dataset, number: int | None = None) -> Revision:
    """A revision by number, the newest by default."""
    found = one.revision if number is None else one.revisions.filter(number=number).first()
    if found is None:
        raise NotFound(f"“{one.key}” has no revision {number}.", advice="Leave the number out for the newest.")
    return found


def raw(one: Dataset, number: int | None = None) -> Form:
    """The record as the portal gave it, without the private persons in it; those are kept, but not shown again."""
    found = revision(one, number)
    return shown(found.dialect, found.raw)


def siblings(one: Dataset) -> QuerySet[Dataset]:
    """The other slices of the same series, newest title first."""
    if not one.series:
        return Dataset.objects.none()
    return lines(kept()).filter(portal=one.portal, series=one.series).exclude(pk=one.pk).order_by("-title")


def family(one: Dataset) -> tuple[list[Dataset], list[Dataset]]:
    """The dataset that this one is a view of, and at most 50 views of it."""
    up = lines(kept()).filter(key=f"{one.portal}/{one.parent}") if one.parent else Dataset.objects.none()
    down = lines(kept()).filter(portal=one.portal, parent=one.native_id).exclude(pk=one.pk).order_by("title")
    return list(up), list(down[:50])


def harvest_form(one: Harvest) -> Form:
    """One run over one portal. Counts are of this run; `held` leaves out what is missing."""
    return {
        "id": one.pk,
        "portal": one.portal,
        "host": one.host,
        "city": one.city,
        "protocol": one.protocol,
        "dialect": one.dialect,
        "source": one.source,
        "recorded": one.recorded,
        "outcome": one.outcome,
        "declared": one.declared,
        "seen": one.seen,
        "left_out": one.left_out,
        "held": one.held,
        "added": one.added,
        "changed": one.changed,
        "unchanged": one.unchanged,
        "missing": one.missing,
        "withdrawn": one.withdrawn,
        "returned": one.returned,
        "withheld": one.withheld,
        "reason": one.reason,
        "would_go": len(one.would_go),
        "decision": one.decision,
        "resumed": one.resumed,
        "findings": one.findings,
        "seconds": round(one.seconds, 2),
        "started": one.started,
        "finished": one.finished,
        "error": one.error,
    }


def newest_harvests() -> dict[str, Harvest]:
    """The newest run of each portal that has one, by portal slug."""
    newest = Harvest.objects.values("portal").annotate(newest=Max("id")).values("newest")
    return {one.portal: one for one in Harvest.objects.filter(pk__in=newest)}


def portal_form(portal: Portal) -> Form:
    """The facts of a portal."""
    return {
        "slug": portal.slug,
        "city": portal.city,
        "name": portal.name,
        "host": portal.host,
        "protocol": portal.protocol,
        "url": portal.url,
    }


def cities_form() -> Form:
    """All cities, their portals, and how many datasets we hold of each, those on two portals once."""
    held = dict(kept().values_list("city").annotate(count=Count("pk")))
    copies = dict(related.folded().values_list("city").annotate(count=Count("pk")))
    known = known_cities().items()
    return {"cities": [city_form(city, held.get(slug, 0) - copies.get(slug, 0)) for slug, city in known]}


def city_form(city: City, held: int) -> Form:
    """The facts of a city."""
    endpoint = city.endpoint
    return {
        "slug": city.slug,
        "name": city.name,
        "short": city.short,
        "state": city.state,
        "timezone": city.timezone,
        "fips": city.fips,
        "latitude": city.latitude,
        "longitude": city.longitude,
        "population": {
            "count": city.population.count,
            "year": city.population.year,
            "source": city.population.source,
        },
        "website": city.website,
        "endpoint_311": {"url": endpoint.url, "status": endpoint.status, "note": endpoint.note} if endpoint else None,
        "datasets": held,
        "portals": [portal_form(portal) for portal in city.portals],
    }


def changes(where: Q | None = None, limit: int = 50) -> list[Revision]:
    """The newest revisions of what is in the catalog."""
    rows = Revision.objects.exclude(dataset__state=State.WITHDRAWN).select_related("dataset").defer("packed")
    return list((rows.filter(where) if where else rows).order_by("-seen", "-id")[:limit])


def search(query: Query, *, facets: bool = True, forms: bool = True) -> tuple[Results, list[Dataset]]:
    """Ask the index; the hits' datasets come in the same order. One that just vanished is left out.

    With `forms` they bring their newest revisions, which lie far apart on a disk.
    """
    from commonground.catalog import index

    found = index.ready()
    results = ask(found, query, facets=facets)
    return results, _in_order([hit.id for hit in results.hits], with_forms() if forms else lines())


def everything(query: Query) -> Iterator[Dataset]:
    """All that a search finds, in its order, read while it is used."""
    from commonground.catalog import index

    found = ids(index.ready(), query)
    while batch := list(islice(found, _BATCH)):
        yield from _in_order(batch, with_forms())


def _in_order(keys: Sequence[str], among: QuerySet[Dataset]) -> list[Dataset]:
    rows = among.in_bulk(keys, field_name="key")
    return [rows[key] for key in keys if key in rows]


def search_form(query: Query) -> Form:
    """Total, results with their scores, and facets: the search as JSON."""
    results, rows = search(query)
    scores = {hit.id: hit.score for hit in results.hits}
    copies = related.copies(scores)
    return {
        "total": results.total,
        "limit": query.limit,
        "offset": query.offset,
        "corrected": results.corrected or None,
        "complete": results.complete,
        "folded": results.folded,
        "results": [
            {
                **result_form(row),
                "copies": [one.key for one in copies.get(row.key, ())],
                "score": round(scores[row.key], 4),
            }
            for row in rows
        ],
        "facets": {
            name: [{"value": one.value, "label": one.label, "count": one.count} for one in counts]
            for name, counts in results.facets.items()
        },
    }


def result_form(one: Dataset) -> Form:
    """A dataset in a list: all its facts, without its findings."""
    form = one.revision.form if one.revision else {"id": one.key}
    told = {"same_as": one.same_as, "updated": one.updated, "state": one.state}
    return {**form, **told, "url": f"{settings.SITE_URL}{path(one)}"}
