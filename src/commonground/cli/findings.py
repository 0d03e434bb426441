"""`commonground findings`, `links`: what is wrong with records, and which of their addresses are dead."""

from __future__ import annotations

from enum import StrEnum
from functools import partial
from typing import Annotated

import typer

from commonground.cli.home import ready
from commonground.cli.output import Json, as_json, as_table, say
from commonground.words import Fixer, Severity

Names = Annotated[list[str] | None, typer.Argument(metavar="[CITY|PORTAL]...", help="Whose; all when none.")]


class Which(StrEnum):
    """Which findings: those to fix, those that were fixed, or both."""

    OPEN = "open"
    CLOSED = "closed"
    ALL = "all"


def findings(
    names: Names = None,
    *,
    dataset: Annotated[str, typer.Option(help="Only of this data set: PORTAL/NATIVE-ID or HOST/NATIVE-ID.")] = "",
    fixer: Annotated[Fixer | None, typer.Option(help="Only what these must fix.")] = None,
    severity: Annotated[Severity | None, typer.Option(help="Only these.")] = None,
    code: Annotated[str, typer.Option(help="Only this kind of finding, such as no-license.")] = "",
    state: Annotated[Which, typer.Option(help="To fix, fixed, or both.")] = Which.OPEN,
    limit: Annotated[int, typer.Option(min=1, help="How many.")] = 100,
    json: Json = False,
) -> None:
    """List what is wrong with records, where, and who must fix it, the worst first.

    Example: commonground findings chicago --fixer city --code no-license
    """
    ready()
    from commonground.catalog import browse, tasks
    from commonground.catalog import findings as told
    from commonground.errors import Usage
    from commonground.protocols.findings import rules

    if code and code not in rules():
        raise Usage(f"No kind of finding “{code}”.", advice="docs/reference/findings.md names them all.")
    portals = [one.slug for one in tasks.chosen_portals(names, browse.known_cities())] if names else []
    key = browse.dataset(dataset).key if dataset else ""
    wanted = told.Wanted("", "", key, severity or "", fixer or "", code, state)
    form = told.page(wanted, 0, limit, portals)
    if json:
        as_json(form)
        return
    kinds = {Which.OPEN: "open", Which.CLOSED: "fixed", Which.ALL: "open and fixed"}
    say(f"{form['total']:,} {kinds[state]} finding{'' if form['total'] == 1 else 's'}.")
    rows = [
        (one["severity"], one["fixer"], one["id"] or one["portal"], one["code"], one["message"])
        for one in form["findings"]
    ]
    as_table(("severity", "to fix", "where", "code", "what"), rows)


def links(
    names: Names = None,
    *,
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many addresses of each portal.")] = None,
    json: Json = False,
) -> None:
    """Ask the addresses in records that are due whether they answer; `commonground work` does so by itself.

    An address is dead, and a finding, after two checks at least a day apart that found nothing there. Nothing is
    asked where the home holds recordings or the demonstration.

    Example: commonground links chicago --limit 100
    """
    ready()
    from commonground.catalog import browse, tasks
    from commonground.catalog import links as task
    from commonground.errors import Usage
    from commonground.work import store as work

    done = []
    with task.client() as client:
        for portal in tasks.chosen_portals(names or [], browse.known_cities()):
            run = work.claim(task.LINKS, portal.slug)
            if run is None:
                raise Usage(f"The addresses of {portal.slug} are being checked by another process.")
            error = "It was stopped."
            try:
                done.append(task.check(portal, client, beat=partial(work.beat, run), limit=limit))
                error = ""
            finally:
                work.finish(run, error=error)
            say(f"{portal.slug}: {done[-1].asked.total():,} asked.")
    forms = [one.form() for one in done]
    if json:
        as_json({"portals": forms})
        return
    heads = (
        "portal",
        "named",
        "asked",
        "alive",
        "gone",
        "silent",
        "unsure",
        "unrecorded",
        "left",
        "dead",
        "dead_hosts",
    )
    as_table(heads, [[form[name] for name in heads] for form in forms])
