"""What the pages about cities and harvests show: browse's forms, put together for one page each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from django.db.models import Count
from django.utils import timezone

from commonground.catalog import browse, findings, related, removal
from commonground.catalog.edition import remembered
from commonground.catalog.models import Dataset, Finding, Harvest
from commonground.catalog.quality import CODES, CRITERIA, before, tells
from commonground.protocols.registry import capabilities
from commonground.words import City, Fixer, Portal, State

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
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


def portal_name(slug: str) -> str:
    """The portal's name; of a portal whose city's file was taken away, its slug."""
    found = browse.known_portals().get(slug)
    return found.name if found else slug


def portals(of: Iterable[Portal] | None = None) -> list[Form]:
    """Portals with their last harvest, what is held, and open findings. `held` is None before the first harvest."""
    known = _figures()
    rows = []
    members = browse.known_cities()
    for one in browse.known_portals().values() if of is None else of:
        run = known.runs.get(one.slug)
        rows.append(
            {
                **browse.portal_form(one),
                "city_name": members[one.city].name,
                "timezone": members[one.city].timezone,
                **_held(known.states.get(one.slug, {}), read=run is not None),
                "copies": known.copies.get(one.slug, 0) if run else None,
                "declared": run.declared if run else None,
                "findings": known.findings.get(one.slug, 0) if run else None,
                "findings_for_city": known.cities_fix.get(one.slug, 0) if run else None,
                "outcome": run.outcome if run else "never",
                "decision": run.decision if run else "",
                "withheld": known.withheld.get(one.slug),
                "source": run.source if run else None,
                "recorded": run.recorded if run else None,
                "read": known.complete.get(one.slug),
                "tried": run.started if run else None,
            }
        )
    return rows


class _Figures(NamedTuple):
    """Of each portal its newest run, when it was last read to its end, and counts of datasets and open findings.

    `withheld`: how many datasets would go, where a run waits for a person.
    """

    runs: Mapping[str, Harvest]
    complete: Mapping[str, datetime]
    states: Mapping[str, Mapping[str, int]]
    findings: Mapping[str, int]
    cities_fix: Mapping[str, int]
    copies: Mapping[str, int]
    withheld: Mapping[str, int]


@remembered
def _figures() -> _Figures:
    states: dict[str, dict[str, int]] = {}
    for slug, state, count in Dataset.objects.values_list("portal", "state").annotate(count=Count("pk")):
        states.setdefault(slug, {})[state] = count
    still = Finding.objects.filter(closed=None)
    found = dict(still.values_list("portal").annotate(count=Count("pk")))
    cities_fix = dict(still.filter(fixer=Fixer.CITY).values_list("portal").annotate(count=Count("pk")))
    copies = dict(related.folded().values_list("portal").annotate(count=Count("pk")))
    withheld = {one.portal: len(one.would_go) for one in removal.waiting().order_by("pk")}
    return _Figures(browse.newest_harvests(), findings.last_complete(), states, found, cities_fix, copies, withheld)


def _held(states: Mapping[str, int], *, read: bool) -> Form:
    """How many are listed, missing and withdrawn; None before the first harvest."""
    names = {"held": State.PRESENT, "missing": State.MISSING, "withdrawn": State.WITHDRAWN}
    return {name: states.get(state, 0) if read else None for name, state in names.items()}


def cities() -> list[Form]:
    """Cities with what is held of all their portals together, and when all of it was last read."""
    by_city: dict[str, list[Form]] = {}
    for row in portals():
        by_city.setdefault(row["city"], []).append(row)
    return [city_form(one, by_city[one.slug]) for one in browse.known_cities().values()]


def city_form(one: City, rows: list[Form]) -> Form:
    """A city with its portals; sums are None while no portal has been read. What two portals list counts once."""
    held = [row["held"] + row["missing"] - row["copies"] for row in rows if row["held"] is not None]
    found = [row["findings"] for row in rows if row["findings"] is not None]
    cities_fix = [row["findings_for_city"] for row in rows if row["findings_for_city"] is not None]
    reads = [row["read"] for row in rows if row["read"]]
    return {
        **browse.city_form(one, 0),
        "datasets": sum(held) if held else None,
        "findings": sum(found) if found else None,
        "findings_for_city": sum(cities_fix) if cities_fix else None,
        "read": max(reads, default=None),
        "recorded": max((row["recorded"] for row in rows if row["recorded"]), default=None),
        "portals_read": len(held),
        "portals": rows,
    }


@remembered
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


@remembered
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


def groups(slug: str, *, quality: bool = True) -> list[Form]:
    """Open findings of a portal by who must fix them, then by code, the most frequent first, with a few places each.

    Without `quality` those of the criteria are left out, which have a table of their own.
    """
    found = Finding.objects.filter(portal=slug, closed=None)
    found = found if quality else found.exclude(code__in=CODES)
    counts = found.values_list("fixer", "code", "severity").annotate(count=Count("pk")).order_by("-count", "code")
    groups: dict[str, Form] = {fixer: {"fixer": fixer.value, "total": 0, "codes": []} for fixer in Fixer}
    for fixer, code, severity, count in counts:
        shown = list(findings.forms(found.filter(code=code)[:SHOWN_A_CODE]))
        groups[fixer]["total"] += count
        groups[fixer]["codes"].append(
            {"code": code, "severity": severity, "count": count, "advice": shown[0]["advice"], "findings": shown}
        )
    return [group for group in groups.values() if group["total"]]


def quality(slug: str) -> list[Form]:
    """How many of a portal's datasets meet each criterion, of those that it is asked of. Empty before a harvest."""
    last = Harvest.objects.filter(portal=slug, outcome=Harvest.Outcome.COMPLETE).order_by("-pk").first()
    knows = capabilities(last.dialect) if last else None
    if knows is None:
        return []
    kept = browse.kept().filter(portal=slug)
    kinds = dict(kept.order_by().values_list("kind").annotate(count=Count("pk")))
    with_columns = dict(kept.filter(columns__gt=0).order_by().values_list("kind").annotate(count=Count("pk")))
    of_criteria = Finding.objects.filter(portal=slug, closed=None, code__in=CODES)
    unmet = dict(of_criteria.order_by().values_list("code").annotate(count=Count("pk")))
    rows = []
    for one in CRITERIA:
        asked = with_columns if one.of_columns else kinds
        of = sum(asked.get(kind, 0) for kind in one.kinds) - sum(unmet.get(code, 0) for code in before(one))
        if of > 0 and tells(knows, one.needs):
            failed = min(of, unmet.get(one.code, 0))
            rows.append({"code": one.code, "asks": one.asks, "met": of - failed, "unmet": failed, "of": of})
    return rows


def runs(slug: str = "", limit: int = 10) -> list[Harvest]:
    """The last runs over a portal, or over any, newest first."""
    return list((Harvest.objects.filter(portal=slug) if slug else Harvest.objects.all())[:limit])


def newest_change() -> datetime | None:
    """When we last stored a change of any dataset."""
    return Dataset.objects.order_by("-last_changed").values_list("last_changed", flat=True).first()
