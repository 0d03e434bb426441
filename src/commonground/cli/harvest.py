"""`commonground harvest`: read the portals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from commonground.cli.home import ready
from commonground.cli.output import Json, as_json, as_table, say

if TYPE_CHECKING:
    from commonground.catalog.models import Harvest
    from commonground.catalog.tasks import Order
    from commonground.words import City

SHOWN = (
    "portal",
    "outcome",
    "declared",
    "seen",
    "held",
    "added",
    "changed",
    "unchanged",
    "missing",
    "findings",
    "seconds",
)


def harvest(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[CITY|PORTAL]...", help="Which ones; all when none is named.")
    ] = None,
    *,
    replay: Annotated[Path | None, typer.Option(help="Harvest this folder of recordings, on loopback only.")] = None,
    at: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="With --replay: of each portal the newest by then.")
    ] = None,
    record: Annotated[Path | None, typer.Option(help="Write what was harvested as recordings.")] = None,
    cities: Annotated[Path | None, typer.Option(help="Further folder with one TOML file a city.")] = None,
    json: Json = False,
) -> None:
    """Read the portals of all cities, or of those named, and keep what is new.

    Example: commonground harvest chicago --json
    """
    from commonground.errors import Usage

    if at and not replay:
        raise Usage("--at goes with --replay.", advice="Say commonground harvest --replay FOLDER --at 2022-07-23.")
    if replay and record:
        raise Usage("--record writes live harvests; it does not go with --replay.")
    ready()
    from django.conf import settings

    from commonground.catalog import index, tasks
    from commonground.cities import load

    known = load(*settings.CITIES, *([cities] if cities else []))
    with _order(known, names or [], replay, at) as order, progress(order) as report:
        harvests = tasks.harvest(order, report)
    if record:
        for one in harvests:
            paths = tasks.record(one, record)
            say(f"Recorded {', '.join(map(str, paths))}." if paths else f"Nothing of {one.portal} could be recorded.")
    _print(harvests, json=json)
    index.follow()
    _exit(harvests)


@contextmanager
def _order(
    known: Mapping[str, City], names: Sequence[str], replay: Path | None, at: datetime | None
) -> Iterator[Order]:
    from commonground.catalog import tasks

    portals = tasks.chosen_portals(names, known)
    if replay is None:
        with tasks.live_client() as client:
            yield tasks.Order(portals, client)
        return
    from commonground.protocols import recordings
    from commonground.protocols.http import Client
    from commonground.protocols.replay import staged

    found = recordings.find(_catalogs(replay))
    for city in sorted({one.city for one in found} - set(known)):
        say(f"Skipped recordings of {city}: no city of that name. Name its TOML with --cities FOLDER.")
    chosen = recordings.newest(found, at.date() if at else None)
    wanted = {portal.host for portal in portals}
    for portal in portals:
        if portal.host not in chosen:
            say(f"Skipped {portal.slug}: no recording of {portal.host}{f' by {at.date()}' if at else ''}.")
    with staged({host: one for host, one in chosen.items() if host in wanted}) as stage:
        held = [portal for portal in portals if portal.host in stage.routes]
        with Client(routes=stage.routes, sealed=True) as client:
            yield tasks.Order(held, client, "replay", stage.days)


def _catalogs(folder: Path) -> Path:
    """A replay folder may hold `portals/` beside other kinds of recordings."""
    return folder / "portals" if (folder / "portals").is_dir() else folder


@contextmanager
def progress(order: Order) -> Iterator[Any]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        bars = {portal.slug: progress.add_task(portal.slug, total=None) for portal in order.portals}

        def report(one: Harvest) -> None:
            bar = bars[one.portal]
            progress.update(bar, total=one.declared or one.seen or None, completed=one.seen)
            if one.finished and progress.disable:
                say(f"{one.portal}: {one.seen:,} seen, {one.added:,} added, {one.changed:,} changed.")

        yield report


def _print(harvests: Sequence[Harvest], *, json: bool) -> None:
    from commonground.catalog.browse import harvest_form

    forms = [harvest_form(one) for one in harvests]
    if json:
        as_json({"portals": forms})
        return
    as_table(SHOWN, [[form[name] for name in SHOWN] for form in forms])
    for form in forms:
        if form["error"]:
            say(f"{form['portal']}: {form['error']}")
        if form["withheld"]:
            say(
                f"{form['portal']}: withheld. {form['reason']} {form['would_go']:,} data sets stay as they are. "
                f"See them with commonground release {form['id']} --list."
            )


def _exit(harvests: Sequence[Harvest]) -> None:
    """Exit 10 when a portal could not be read to its end, 18 when a run is withheld; what was read is kept."""
    from commonground.errors import PortalError, Withheld

    if any(one.outcome in {"failed", "partial"} or one.error for one in harvests):
        raise typer.Exit(PortalError.exit_code)
    if any(one.withheld for one in harvests):
        raise typer.Exit(Withheld.exit_code)
