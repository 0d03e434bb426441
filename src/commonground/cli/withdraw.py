"""`commonground withdraw`: take a row back everywhere."""

from __future__ import annotations

from typing import Annotated

import typer

from commonground.cli.home import ready
from commonground.cli.output import Json, as_json, say


def withdraw(
    standard: Annotated[str, typer.Argument(help="The table, such as building_permits.")],
    city: Annotated[str, typer.Argument(help="The city's slug.")],
    key: Annotated[str, typer.Argument(help="The row's key without the city; fields are joined by a slash.")],
    *,
    by: Annotated[str, typer.Option(help="The office that says so; kept with the withdrawal.")],
    why: Annotated[str, typer.Option(help="Why; kept, and not shown with the row.")] = "",
    ahead: Annotated[
        bool, typer.Option("--ahead", help="Also where no build has such a row yet: should one come, it is hidden.")
    ] = False,
    json: Json = False,
) -> None:
    """Hide a row that a city takes back: in the newest release, in all older ones, and in every build to come.

    Example: commonground withdraw service_requests chicago SR21-00000001 --by "Chicago 311" --why "names a resident"
    """
    from commonground.errors import NotFound
    from commonground.standards import files

    wanted = files.standard(standard)
    ready()
    from commonground.tables import store, tasks

    known = tasks.known()
    if city not in known:
        raise NotFound(f"There is no city “{city}”.", advice=f"Cities: {', '.join(sorted(known))}.")
    if not ahead and not store.holds(wanted, city, key):
        raise NotFound(
            f"No build of {standard} has a row of {city} with the key “{key}”; nothing was hidden.",
            advice=f"Take the key from the row's page, /tables/{standard}/rows/{city}/KEY, or say --ahead.",
        )
    builds = store.withdraw(wanted, city, key, by=by, why=why)
    if json:
        as_json({"standard": standard, "city": city, "key": key, "builds": builds})
        return
    say(f"Withdrawn: {standard}, {city}, {key}. It was in {builds} build{'s' * (builds != 1)}.")
    if not builds:
        say("No build has such a row now; should one come, it will be hidden.")
