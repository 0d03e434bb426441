"""What the pages about cities and harvests show: browse's forms, put together for one page each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from django.db.models import Count
from django.utils import timezone

from commonground.catalog import browse
from commonground.catalog.models import Dataset, Finding, Harvest
from commonground.words import City, Fixer, Portal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

Form = dict[str, Any]

LATELY: Final = 6
LATELY_A_CITY: Final = 2
LOOKED_AT: Final = 400
SHOWN_A_CODE: Final = 5


def city_name(slug: str) -> str:
    """The city's name; of a city whose file was taken away, its slug."""
    found = browse.known_cities().get(slug)
    return found.name if found else slug


def portals(of: Iterable[Portal] | None = None) -> list[Form]:
    """Portals with their last harvest, what is held, and open findings. `held` is None before the first harvest."""
    runs, complete = browse.newest_harvests(), browse.last_complete()
    held = dict(browse.present().values_list("portal").annotate(count=Count("pk")))
    found = dict(Finding.objects.filter(closed=None).values_list("portal").annotate(count=Count("pk")))
    to_fix = Finding.objects.filter(closed=None, fixer=Fixer.CITY)
    cities_fix = dict(to_fix.values_list("portal").annotate(count=Count("pk")))
    rows = []
    members = browse.known_cities()
    for one in browse.known_portals().values() if of is None else of:
        run = runs.get(one.slug)
        rows.append(
            {
                **browse.portal_form(one),
                "city_name": members[one.city].name,
                "timezone": members[one.city].timezone,
                "held": held.get(one.slug, 0) if run else None,
                "declared": run.declared if run else None,
                "findings": found.get(one.slug, 0) if run else None,
                "findings_for_city": cities_fix.get(one.slug, 0) if run else None,
                "outcome": run.outcome if run else "never",
                "source": run.source if run else None,
                "recorded": run.recorded if run else None,
                "read": complete.get(one.slug),
                "tried": run.started if run else None,
            }
        )
    return rows


def cities() -> list[Form]:
    """Cities with what is held of all their portals together, and when all of it was last read."""
    by_city: dict[str, list[Form]] = {}
    for row in portals():
        by_city.setdefault(row["city"], []).append(row)
    return [city_form(one, by_city[one.slug]) for one in browse.known_cities().values()]


def city_form(one: City, rows: list[Form]) -> Form:
    """A city with its portals; sums are None while no portal has been read."""
    held = [row["held"] for row in rows if row["held"] is not None]
    findings = [row["findings_for_city"] for row in rows if row["findings_for_city"] is not None]
    reads = [row["read"] for row in rows if row["read"]]
    return {
        **browse.city_form(one, 0),
        "datasets": sum(held) if held else None,
        "findings_for_city": sum(findings) if findings else None,
        "read": max(reads, default=None),
        "recorded": max((row["recorded"] for row in rows if row["recorded"]), default=None),
        "portals_read": len(held),
        "portals": rows,
    }


def lately() -> list[Form]:
    """What the cities themselves updated last: at most two a city, so that one busy city does not hide the others."""
    rows = browse.present().filter(updated__lte=timezone.now()).order_by("-updated", "key")[:LOOKED_AT]
    shown: list[Form] = []
    count: dict[str, int] = {}
    for row in rows.iterator(chunk_size=50):
        count[row.city] = count.get(row.city, 0) + 1
        if count[row.city] <= LATELY_A_CITY:
            shown.append(line(row))
        if len(shown) == LATELY:
            break
    return shown


def newest(slug: str, limit: int = 10) -> list[Form]:
    """What a city updated last."""
    rows = browse.present().filter(city=slug, updated__lte=timezone.now()).order_by("-updated", "key")[:limit]
    return [line(row) for row in rows]


def timezone_of(slug: str) -> str:
    """The city's own zone, in which all its times are told."""
    found = browse.known_cities().get(slug)
    return found.timezone if found else "UTC"


def line(row: Dataset) -> Form:
    """One line about a dataset in a list."""
    return {
        "id": row.key,
        "title": row.title,
        "city": row.city,
        "city_name": city_name(row.city),
        "kind": row.kind,
        "updated": row.updated,
        "timezone": timezone_of(row.city),
        "url": browse.path(row),
    }


def groups(slug: str) -> list[Form]:
    """Open findings of a portal by who must fix them, then by code, the most frequent first, with a few places each."""
    found = Finding.objects.filter(portal=slug, closed=None)
    counts = found.values_list("fixer", "code", "severity").annotate(count=Count("pk")).order_by("-count", "code")
    groups: dict[str, Form] = {fixer: {"fixer": fixer.value, "total": 0, "codes": []} for fixer in Fixer}
    for fixer, code, severity, count in counts:
        shown = [browse.finding_form(one) for one in found.filter(code=code)[:SHOWN_A_CODE]]
        groups[fixer]["total"] += count
        groups[fixer]["codes"].append(
            {"code": code, "severity": severity, "count": count, "advice": shown[0]["advice"], "findings": shown}
        )
    _name(slug, (one for group in groups.values() for code in group["codes"] for one in code["findings"]))
    return [group for group in groups.values() if group["total"]]


def _name(slug: str, findings: Iterable[Form]) -> None:
    """Put the title and page of each finding's dataset beside it."""
    listed = list(findings)
    keys = {one["id"] for one in listed if one["id"]}
    rows: Mapping[str, Dataset] = {row.key: row for row in Dataset.objects.filter(portal=slug, key__in=keys)}
    for one in listed:
        row = rows.get(one["id"] or "")
        one["title"], one["url"] = (row.title, browse.path(row)) if row else (one["id"], None)


def open_findings(slug: str) -> Iterator[Finding]:
    """All open findings of a portal, read while they are used."""
    return Finding.objects.filter(portal=slug, closed=None).iterator(chunk_size=500)


def runs(slug: str = "", limit: int = 10) -> list[Harvest]:
    """The last runs over a portal, or over any, newest first."""
    return list((Harvest.objects.filter(portal=slug) if slug else Harvest.objects.all())[:limit])


def newest_change() -> datetime | None:
    """When we last stored a change of any dataset."""
    return Dataset.objects.order_by("-last_changed").values_list("last_changed", flat=True).first()
