"""`commonground release`: decide about harvests that are withheld."""

from __future__ import annotations

import getpass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from commonground.cli.home import ready
from commonground.cli.output import Json, as_json, as_table, say

if TYPE_CHECKING:
    from commonground.catalog.models import Harvest


def release(
    name: Annotated[
        str, typer.Argument(metavar="[HARVEST|PORTAL]", help="The harvest's number, or its portal; none lists all.")
    ] = "",
    *,
    listing: Annotated[bool, typer.Option("--list", help="Only show what would go.")] = False,
    discard: Annotated[bool, typer.Option("--discard", help="Do not believe it: nothing changes.")] = False,
    by: Annotated[str, typer.Option(help="Who decides; by default the user of this computer.")] = "",
    json: Json = False,
) -> None:
    """Believe a withheld harvest: what it did not list is missing from now on. --discard calls nothing missing.

    Example: commonground release washington-dc --list
    """
    from commonground.errors import Usage

    if listing and discard:
        raise Usage("--list only shows, --discard decides.", advice="Give one of them.")
    ready()
    from commonground.catalog import identity, index, removal

    if not name:
        _waiting(json=json)
        return
    run = removal.withheld(name)
    if listing:
        _list(run, json=json)
        return
    who = by or getpass.getuser()
    if discard:
        removal.discard(run, who)
        said = "Discarded; nothing is called missing. What the listing added or changed stays."
    else:
        count = removal.release(run, who)
        said = f"Released; {count:,} data sets are missing from now on, and are withdrawn when their grace is over."
        identity.follow(run.portal)
        index.follow()
    if json:
        as_json(_form(run))
    else:
        say(f"Harvest {run.pk} of {run.portal}: {said}")


def _form(run: Harvest) -> dict[str, Any]:
    from commonground.catalog.browse import harvest_form

    return harvest_form(run)


def _waiting(*, json: bool) -> None:
    from commonground.catalog import removal

    runs = list(removal.waiting())
    if json:
        as_json({"waiting": [_form(one) for one in runs]})
        return
    if not runs:
        say("No harvest is withheld.")
        return
    as_table(
        ("harvest", "portal", "would go", "why"), [(one.pk, one.portal, len(one.would_go), one.reason) for one in runs]
    )


def _list(run: Harvest, *, json: bool) -> None:
    from commonground.catalog import removal

    rows = removal.would_go(run)
    if json:
        as_json({**_form(run), "datasets": [{"id": row.key, "title": row.title} for row in rows]})
        return
    say(f"Harvest {run.pk} of {run.portal}: {run.reason}")
    as_table(("id", "title"), [(row.key, row.title) for row in rows])
    say("Believe it with commonground release, or keep all with --discard.")
