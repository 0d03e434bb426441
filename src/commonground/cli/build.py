"""`commonground build`: rows of the cities to tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from commonground.cli.home import ready
from commonground.cli.output import Json, as_json, as_table, say

if TYPE_CHECKING:
    from commonground.tables.gather import Portals
    from commonground.tables.tasks import Line, Report
    from commonground.words import City

SHOWN = ("standard", "city", "raw", "read", "mapped", "withheld", "superseded", "findings", "seconds", "release")

_WAYS = {"unchanged": "is unchanged, and was not read again", "changes": "was read where it changed"}


def build(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[STANDARD]...", help="Which tables; all when none is named.")
    ] = None,
    *,
    replay: Annotated[
        Path | None, typer.Option(help="Read this folder of recordings (portals/ and rows/), on loopback only.")
    ] = None,
    city: Annotated[list[str] | None, typer.Option(help="Only this city; may be repeated.")] = None,
    accept: Annotated[
        bool, typer.Option("--accept", help="Publish what new codes, lost rows or a grown remainder would stop.")
    ] = False,
    whole: Annotated[
        bool, typer.Option("--whole", help="Read all rows anew, not only those that changed since the last build.")
    ] = False,
    json: Json = False,
) -> None:
    """Read rows, make them rows of a standard, and publish the table.

    Prints for each city what was read, mapped and withheld, and what share of each field's values is missing.

    Example: commonground build building_permits --replay recordings --json
    """
    from commonground.errors import Usage
    from commonground.standards import files

    ready()
    from commonground.catalog.models import Harvest
    from commonground.catalog.store import check_home
    from commonground.tables import leasing, tasks

    check_home(Harvest.Source.REPLAY if replay else Harvest.Source.LIVE)
    wanted = list(dict.fromkeys(names or files.standards()))
    for name in wanted:
        files.standard(name)
    known = tasks.known()
    for one in city or []:
        if one not in known:
            raise Usage(f"There is no city “{one}”.", advice=f"Cities: {', '.join(sorted(known))}.")
    with leasing.turn(wanted) as ours, _portals(known, replay, whole=whole) as portals, _progress() as report:
        folder = replay / "rows" if replay else None
        order = tasks.Order(wanted, known, portals, folder, frozenset(city or []), accept, ours=ours)
        lines = tasks.build(order, report)
    _print(lines, json=json)
    _ended(lines)


def _ended(lines: Sequence[Line]) -> None:
    """Raise what the exit code tells: cities that were not published, or that nothing could be read at all."""
    from commonground.errors import BuildStopped, PortalError

    stopped = [line for line in lines if line.stopped]
    if stopped:
        told = "; ".join(f"{line.city}, {line.standard}: {', '.join(line.stopped)}" for line in stopped)
        raise BuildStopped(
            f"Not published: {told}.",
            advice="Correct the crosswalk, or say --accept where the city means it. The last good release stays.",
        )
    if all(line.failed and not line.result.raw for line in lines):
        raise PortalError(
            "No rows could be read.", advice="What is said above of each city tells why; what was published stays."
        )


@contextmanager
def _portals(known: Mapping[str, City], replay: Path | None, *, whole: bool) -> Iterator[Portals]:
    from commonground.catalog.tasks import live_client
    from commonground.tables.portals import Live, Replayed

    if replay is None:
        with live_client() as client:
            yield Live(client, known, whole)
        return
    from commonground.protocols import recordings
    from commonground.protocols.replay import staged
    from commonground.protocols.rows import recorded

    catalogs = replay / "portals" if (replay / "portals").is_dir() else replay
    with staged(recordings.newest(recordings.find(catalogs)), rows=recorded.find(replay)) as stage:
        for one in stage.findings:
            say(f"{one.place}/{one.native_id}: {one.code} ({one.sample})")
        yield Replayed(stage, known)


@contextmanager
def _progress() -> Iterator[Report]:
    from rich.console import Console
    from rich.progress import Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), TextColumn("{task.completed:,.0f} rows"), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        bars: dict[tuple[str, str], Any] = {}

        def report(standard: str, city: str, done: int) -> None:
            if (standard, city) not in bars:
                bars[standard, city] = progress.add_task(f"{standard} {city}", total=None)
                if progress.disable:
                    say(f"{standard}: {city} …")
            progress.advance(bars[standard, city], done)

        yield report


def _print(lines: Sequence[Line], *, json: bool) -> None:
    from commonground.tables.tasks import form

    forms = [form(line) for line in lines]
    if json:
        as_json({"tables": forms})
        return
    heads = (*SHOWN, "missing", "why not")
    as_table(
        heads,
        [[*(one[name] for name in SHOWN), _missing(line), _why(one)] for line, one in zip(lines, forms, strict=True)],
    )
    for one in forms:
        worst = sorted(one["remainder"].items(), key=lambda item: -item[1])[:3]
        lost = ", ".join(f"{name} {share:.1%}" for name, share in worst if share >= 0.0005)  # noqa: PLR2004 - 0.1 %, rounded
        if lost:
            say(f"{one['standard']}, {one['city']}: missing {lost}")
        for source, way in one.get("reading", {}).items():
            if way != "whole":
                say(f"{one['standard']}, {one['city']}: {source} {_WAYS[way]}")
        for source, why in one["failed"].items():
            say(f"{one['standard']}, {one['city']}: {source} was not read: {why}")


def _missing(line: Line) -> str:
    """The share of all values that a city gives and that are lost; empty where it gives none."""
    given = sum(one.given for one in line.result.remainder.values())
    lost = sum(one.lost for one in line.result.remainder.values())
    return f"{lost / given:.2%}" if given else ""


def _why(one: Mapping[str, Any]) -> str:
    """Why none of its rows, or not all of its sources, are in the table now."""
    if one["stopped"]:
        return "; ".join(one["stopped"])
    if one["failed"]:
        return "; ".join(f"{source} was not read" for source in one["failed"])
    if not one["raw"]:
        return "its sources have no rows"
    return "" if one["mapped"] else "no row is mapped"
