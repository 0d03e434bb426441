"""`commonground moves`: which data sets live on under another id, and who says so."""

from __future__ import annotations

import getpass
from enum import StrEnum
from typing import Annotated, Any

import typer

from commonground.cli.home import ready
from commonground.cli.output import Json, as_json, as_table, say


class Decision(StrEnum):
    """What a person says of a proposal."""

    CONFIRM = "confirm"
    REJECT = "reject"


def moves(
    decision: Annotated[Decision | None, typer.Argument(help="Decide about a move; without it, list them.")] = None,
    old: Annotated[str, typer.Argument(help="Id of the data set that vanished.")] = "",
    new: Annotated[str, typer.Argument(help="Id of the data set that it lives on as.")] = "",
    *,
    city: Annotated[str, typer.Option(help="Only of this city (slug or name).")] = "",
    by: Annotated[str, typer.Option(help="Who decides; by default the user of this computer.")] = "",
    json: Json = False,
) -> None:
    """List data sets that vanished and seem to live on elsewhere; confirm or reject a move, once and for ever.

    A confirmed move leads the old addresses to the new ones. A rejected one is not proposed again.

    Example: commonground moves confirm seattle/9kas-rb8d seattle-gis/5b5c745e0f1f48e7a53acec63a0022ab_0 --by "Open Data Team"
    """
    from commonground.errors import Usage

    if decision and not new:
        raise Usage(f"commonground moves {decision} needs two ids.", advice=f"commonground moves {decision} OLD NEW.")
    ready()
    if decision:
        _decide(decision, old, new, by or getpass.getuser(), json=json)
    else:
        _list(city, json=json)


def _decide(decision: Decision, old: str, new: str, by: str, *, json: bool) -> None:
    from commonground.catalog import identity, index

    move = identity.confirm(old, new, by) if decision is Decision.CONFIRM else identity.reject(old, new, by)
    index.follow()
    if json:
        as_json({**identity.form(move), "decided_by": move.decided_by})
    elif decision is Decision.CONFIRM:
        say(f"{move.old.key} lives on as {move.new.key}; its addresses lead there from now on.")
    else:
        say(f"{move.old.key} does not live on as {move.new.key}; that is not proposed again.")


def _list(city: str, *, json: bool) -> None:
    from commonground.catalog import browse, identity

    rows = identity.listed()
    if city:
        rows = rows.filter(old__city=browse.city_slug(city))
    forms = [{**identity.form(one), "decided_by": one.decided_by} for one in rows]
    if json:
        as_json({"total": len(forms), "moves": forms})
        return
    heads = ("state", "score", "old", "new", "why")
    as_table(heads, [(one["state"], one["score"], one["old"], one["new"], _why(one)) for one in forms])
    if any(one["state"] == "proposed" for one in forms):
        say("Decide with commonground moves confirm OLD NEW, or reject.")


def _why(form: dict[str, Any]) -> str:
    return ", ".join(f"{one['what']} {one['points']:.2f}" for one in form["reasons"])
