"""`commonground status`: what portals declare, what we hold, what differs and why; the index; the work."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from commonground.cli.home import ready
from commonground.cli.output import Json, as_json, as_table, say

SHOWN = 20
Form = dict[str, Any]


def status(
    *,
    compare: Annotated[
        bool, typer.Option("--compare", help="Compare index and database one by one; reads all of both.")
    ] = False,
    check: Annotated[
        bool,
        typer.Option(
            "--check", help="Exit with 18 if a harvest is withheld, 10 if one is late, 20 if the index is wrong."
        ),
    ] = False,
    json: Json = False,
) -> None:
    """Say what each portal declares, what we saw and hold, what differs and why, and how old the last reading is.

    Example: commonground status --check
    """
    ready()
    from commonground.catalog import reconcile

    form = reconcile.status(compare=compare)
    if json:
        as_json(form)
    else:
        _show(form)
    if check:
        _check(form)


def _show(form: Form) -> None:
    counts = ("declared", "seen", "held", "missing", "withdrawn", "findings")
    rows = [
        (one["portal"], _ended(one), *map(one.get, counts), _read(one), "; ".join(map(_difference, one["differences"])))
        for one in form["portals"]
    ]
    as_table(("portal", "outcome", *counts, "read to the end", "what differs"), rows)
    for one in form["portals"]:
        if one["withheld"]:
            say(f"Withheld: harvest {one['withheld']['harvest']} of {one['portal']}. {one['withheld']['reason']}")
        if one["under_way"]:
            say(f"Under way: {one['portal']}, last sign of life {_ago(one['under_way']['sign_of_life'])}.")
    for one in form["taken_over"]:
        say(f"Taken over: {one['portal']}, {_ago(one['at'])}. {one['why']}")
    say(_index(form["index"]))


def _ended(one: Form) -> str:
    """How the newest run ended, and what a person said of it."""
    decision = one["last_run"]["decision"] if one["outcome"] == "withheld" else ""
    return f"{one['outcome']}, {decision}" if decision else str(one["outcome"])


def _read(one: Form) -> str:
    at = one["last_complete"]
    told = f"{at:%Y-%m-%d %H:%M} UTC, {_ago(at)}" if at else "never"
    return f"{told}, late" if one["late"] else told


def _ago(moment: Any) -> str:  # noqa: ANN401 - a time or none
    from commonground.catalog.spoken import ago

    return ago(moment) if moment else "never"


def _difference(one: Form) -> str:
    from commonground.catalog.spoken import word

    said = word(one["why"], "difference")
    if not one["count"]:
        return said
    return f"{one['change']:+,} {said}" if one["change"] else f"{one['count']:,} {said}"


def _index(index: Form) -> str:
    if index["state"] == "broken":
        return "Search index: it cannot be opened; commonground index says why."
    counts = f"{index['documents']:,} documents for {index['database']:,} data sets"
    said = f"Search index: {index['state']}, {counts}, generation {index['generation']:,} of {index['newest']:,}."
    if "differing" not in index:
        return said
    differing = index["differing"]
    few = f": {', '.join(differing[:SHOWN])}" if differing else ""
    return f"{said} Compared one by one, {len(differing):,} differ{few}."


def _check(form: Form) -> None:
    """Raise the worst of what a person must look at, with all of it in its message."""
    from commonground.errors import IndexBroken, PortalError, Withheld

    portals, index = form["portals"], form["index"]
    under_way = any(one["outcome"] == "running" for one in portals)
    waiting = [one["portal"] for one in portals if one["withheld"]]
    late = [one["portal"] for one in portals if one["late"]]
    wrong = index["state"] in {"differs", "broken"} or (index["state"] == "behind" and not under_way)
    told = [
        *([f"Withheld: {', '.join(waiting)}."] if waiting else []),
        *([f"Not read to the end for two days: {', '.join(late)}."] if late else []),
        *([_index(index)] if wrong else []),
    ]
    said = " ".join(told)
    if waiting:
        raise Withheld(said, advice="commonground release lists what waits for a person.")
    if late:
        raise PortalError(said, advice="commonground harvest PORTAL says why; commonground work harvests every day.")
    if wrong:
        raise IndexBroken(said, advice="commonground index --rebuild makes it anew.")
