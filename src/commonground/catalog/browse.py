"""Questions to the catalog, answered as plain forms: the same for pages, their twins, and the command line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.models import Count, Max, Q, QuerySet
from django.urls import reverse

from commonground.catalog.models import Dataset, Finding, Harvest, Revision
from commonground.catalog.search import Query, Results, ids
from commonground.catalog.search import search as ask
from commonground.cities import city, load
from commonground.errors import NotFound
from commonground.protocols.fields.contacts import without_mailboxes
from commonground.protocols.findings import rule
from commonground.protocols.registry import persons, shown
from commonground.words import City, Portal, State
from commonground.words import Finding as FindingWord

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
    """Datasets that the newest complete listing of their portal names."""
    return Dataset.objects.filter(state=State.PRESENT)


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
        found = rows.filter(portal=portal, native_id=native_id).first() if portal else None
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
        "updated": one.updated,
        "state": one.state,
        "missing_since": one.missing_since,
        "first_seen": one.first_seen,
        "last_changed": one.last_changed,
        "revision": one.revision.number,
        "url": f"{settings.SITE_URL}{path(one)}",
        "findings": [finding_form(finding) for finding in findings_of(one)],
    }


def findings_of(one: Dataset) -> QuerySet[Finding]:
    """Open findings of one dataset."""
    return Finding.objects.filter(portal=one.portal, native_id=one.native_id, closed=None)


def finding_form(one: Finding) -> Form:
    """A finding with its plain sentence and what to do."""
    law = rule(one.code)
    sample, detail = _shown(one)
    word = FindingWord(one.code, one.place, sample, one.native_id, detail)
    return {
        "code": one.code,
        "severity": one.severity,
        "fixer": one.fixer,
        "city": one.city,
        "portal": one.portal,
        "id": f"{one.portal}/{one.native_id}" if one.native_id else None,
        "place": one.place,
        "sample": sample,
        "message": law.say(word),
        "advice": law.advice,
        "detail": detail,
        "first_seen": one.first_seen,
    }


def _shown(one: Finding) -> tuple[str, str]:
    """Sample and detail of a finding, without private persons; the admin shows operators what was found."""
    if rule(one.code).withheld or persons().at(one.place):
        return "…" if one.sample else "", ""
    return without_mailboxes(one.sample), without_mailboxes(one.detail)


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
    return present().filter(portal=one.portal, series=one.series).exclude(pk=one.pk).order_by("-title")


def family(one: Dataset) -> tuple[list[Dataset], list[Dataset]]:
    """The dataset that this one is a view of, and at most 50 views of it."""
    up = present().filter(portal=one.portal, native_id=one.parent) if one.parent else Dataset.objects.none()
    down = present().filter(portal=one.portal, parent=one.native_id).exclude(pk=one.pk).order_by("title")
    return list(up), list(down[:50])


def harvest_form(one: Harvest) -> Form:
    """One run over one portal. Counts are of this run; `held` leaves out what is missing."""
    return {
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
        "held": one.held,
        "added": one.added,
        "changed": one.changed,
        "unchanged": one.unchanged,
        "missing": one.missing,
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


def last_complete() -> dict[str, datetime]:
    """When each portal was last read to its end."""
    rows = Harvest.objects.filter(outcome=Harvest.Outcome.COMPLETE).values("portal").annotate(at=Max("finished"))
    return {row["portal"]: row["at"] for row in rows}


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


def status_form() -> Form:
    """Per portal what it declares, what we hold, how the last run ended; and the index beside it."""
    from commonground.catalog import index

    runs, complete = newest_harvests(), last_complete()
    held = dict(present().values_list("portal").annotate(count=Count("pk")))
    known = known_portals()
    rows: list[Form] = [
        {
            **(portal_form(known[slug]) if slug in known else {}),
            **(harvest_form(runs[slug]) if slug in runs else {"outcome": "never"}),
            "portal": slug,
            "held": held.get(slug, 0),
            "last_complete": complete.get(slug),
        }
        # Portals of cities whose files are gone, or were named for one harvest only, are still held.
        for slug in dict.fromkeys([*known, *runs])
    ]
    return {"portals": rows, "index": index.state()}


def cities_form() -> Form:
    """All cities, their portals, and how many datasets we hold of each."""
    held = dict(present().values_list("city").annotate(count=Count("pk")))
    return {"cities": [city_form(city, held.get(slug, 0)) for slug, city in known_cities().items()]}


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


def findings_form(portals: Sequence[str], *, fixer: str | None = None, limit: int = 100) -> Form:
    """Open findings of some portals, by slug; of all when none is named."""
    found = Finding.objects.filter(closed=None)
    if portals:
        found = found.filter(portal__in=portals)
    if fixer:
        found = found.filter(fixer=fixer)
    return {"total": found.count(), "findings": [finding_form(one) for one in found[:limit]]}


def changes(where: Q | None = None, limit: int = 50) -> list[Revision]:
    """The newest revisions, of present datasets only."""
    rows = Revision.objects.filter(dataset__state=State.PRESENT).select_related("dataset").defer("packed")
    return list((rows.filter(where) if where else rows).order_by("-seen", "-id")[:limit])


def search(query: Query, *, facets: bool = True) -> tuple[Results, list[Dataset]]:
    """Ask the index; the hits' datasets come in the same order. One that just vanished is left out."""
    from commonground.catalog import index

    found = index.ready()
    results = ask(found, query, facets=facets)
    return results, _in_order([hit.id for hit in results.hits])


def everything(query: Query) -> Iterator[Dataset]:
    """All that a search finds, in its order, read while it is used."""
    from commonground.catalog import index

    found = ids(index.ready(), query)
    while batch := list(islice(found, _BATCH)):
        yield from _in_order(batch)


def _in_order(keys: Sequence[str]) -> list[Dataset]:
    rows = with_forms().in_bulk(keys, field_name="key")
    return [rows[key] for key in keys if key in rows]


def search_form(query: Query) -> Form:
    """Total, results with their scores, and facets: the search as JSON."""
    results, rows = search(query)
    scores = {hit.id: hit.score for hit in results.hits}
    return {
        "total": results.total,
        "limit": query.limit,
        "offset": query.offset,
        "corrected": results.corrected or None,
        "complete": results.complete,
        "results": [{**result_form(row), "score": round(scores[row.key], 4)} for row in rows],
        "facets": {
            name: [{"value": one.value, "label": one.label, "count": one.count} for one in counts]
            for name, counts in results.facets.items()
        },
    }


def result_form(one: Dataset) -> Form:
    """A dataset in a list: all its facts, without its findings."""
    form = one.revision.form if one.revision else {"id": one.key}
    return {**form, "updated": one.updated, "state": one.state, "url": f"{settings.SITE_URL}{path(one)}"}
