"""Read, build, publish: the steps of a table wired together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils import timezone

from commonground.catalog import browse
from commonground.cities.outlines import outline
from commonground.errors import NotFound, Usage
from commonground.standards import files
from commonground.standards.crosswalk import Crosswalk
from commonground.standards.model import Standard
from commonground.tables import rights, store
from commonground.tables.build import rows
from commonground.tables.build.result import Built, built
from commonground.tables.gather import Gathered, Portals, gather
from commonground.tables.models import Build, Release
from commonground.words import City

Report = Callable[[str, str, int], None]
"""Told of progress: standard, city, further rows done."""


@dataclass(frozen=True)
class Order:
    """What to build: standards, of which cities, from where. `folder` holds plain files.

    With `changed` a city is left out whose rows are those that are published. `ours` says, before anything is
    published, whether nobody took over meanwhile.
    """

    standards: Sequence[str]
    cities: Mapping[str, City]
    portals: Portals
    folder: Path | None = None
    only: frozenset[str] = frozenset()
    accept: bool = False
    changed: bool = False
    ours: Callable[[], bool] = lambda: True


@dataclass
class Line:
    """What became of one city's rows in one standard."""

    standard: str
    city: str
    result: Built
    stopped: list[str] = field(default_factory=list)
    failed: Mapping[str, str] = field(default_factory=dict)
    ways: Mapping[str, str] = field(default_factory=dict)
    """Of rows of live portals: read as a whole, only what changed, or unchanged and not read again."""
    release: int | None = None


def build(order: Order, report: Report = lambda *_: None) -> list[Line]:
    """Build and publish every table of the order, one after the other."""
    return [line for name in order.standards for line in _table(order, files.standard(name), report)]


def _table(order: Order, standard: Standard, report: Report) -> Iterator[Line]:
    lines: list[Line] = []
    builds: list[Build] = []
    for crosswalk in files.crosswalks(standard.name):
        if crosswalk.city not in order.cities or (order.only and crosswalk.city not in order.only):
            continue
        found = gather(standard, crosswalk, order.portals, order.folder)
        if order.changed and _published(standard, crosswalk, found):
            lines.append(_as_it_was(standard, crosswalk, found))
            continue
        line, made = _city(order, standard, crosswalk, found, report)
        lines.append(line)
        builds += [made] if made else []
    if not lines:
        raise NotFound(
            f"No city has a crosswalk to {standard.name}.", advice="commonground standards crosswalks lists them."
        )
    if not order.ours():
        raise Usage(f"Another process builds {standard.name} by now.", advice="Nothing was published by this one.")
    release = store.publish(standard, builds, accept=order.accept)
    _told(lines, builds, release)
    yield from lines


def _published(standard: Standard, crosswalk: Crosswalk, found: Gathered) -> bool:
    """Whether what is published of a city is made of these very parts, by the same rules."""
    held = store.current(standard.name).get(crosswalk.city)
    if held is None or (held.version, held.crosswalk) != (standard.version, store.digest(crosswalk)):
        return False
    return {one.pk for one in found.parts} == set(held.parts.values_list("pk", flat=True))


def _as_it_was(standard: Standard, crosswalk: Crosswalk, found: Gathered) -> Line:
    held = store.current(standard.name)[crosswalk.city]
    return Line(standard.name, crosswalk.city, built(held.result), failed=found.failed, ways=found.ways)


def _city(
    order: Order, standard: Standard, crosswalk: Crosswalk, found: Gathered, report: Report
) -> tuple[Line, Build | None]:
    city = order.cities[crosswalk.city]
    if not found.parts:
        return Line(
            standard.name, city.slug, Built(standard.name, city.slug), failed=found.failed, ways=found.ways
        ), None
    folder = store.build_folder(standard.name, city.slug)
    entries = rights.of(found.parts, city)
    asked = rows.Order(
        standard,
        crosswalk,
        city.timezone,
        outline(city.slug, city.extent),
        found.raws,
        folder,
        timezone.now().date(),
        store.withdrawn(standard.name, city.slug),
        settings.ENGINE,
        rights.about(standard, city, entries),
    )
    with ExitStack() as unfinished:
        unfinished.callback(store.forget, folder)
        result = rows.build(asked, lambda done: report(standard.name, city.slug, done))
        for told in result.sources:
            if told["source"] in found.ways:
                told["reading"] = found.ways[told["source"]]
        made = store.record(asked, result, found.parts, entries)
        unfinished.pop_all()
    return Line(standard.name, city.slug, result, failed=found.failed, ways=found.ways), made


def _told(lines: Sequence[Line], builds: Sequence[Build], release: Release | None) -> None:
    """Note in each line whether it was published, and if not, why."""
    shown = {one.city for one in release.builds.all()} & {one.city for one in builds} if release else set()
    stops = {one.city: one.stop.reasons for one in builds if hasattr(one, "stop")}
    for line in lines:
        line.stopped = list(stops.get(line.city, []))
        if release and line.city in shown and not line.stopped:
            line.release = release.number


def form(line: Line) -> Mapping[str, Any]:
    """A line as the command prints it."""
    result = line.result
    return {
        "standard": line.standard,
        "city": line.city,
        "raw": result.raw,
        "read": result.read,
        "mapped": result.mapped,
        "withheld": sum(result.withheld.values()),
        "superseded": result.superseded,
        "withheld_by": dict(result.withheld),
        "remainder": {name: round(one.remainder, 6) for name, one in result.remainder.items()},
        "unmapped": result.unmapped,
        "findings": len(result.troubles) + len(line.stopped) + len(line.failed),
        "seconds": result.seconds,
        "release": line.release,
        "stopped": line.stopped,
        "failed": dict(line.failed),
        **({"reading": dict(line.ways)} if line.ways else {}),
    }


def known() -> Mapping[str, City]:
    """The member cities."""
    return browse.known_cities()
