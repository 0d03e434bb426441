"""`commonground search`, `show`, `cities`: read what was gathered."""

from __future__ import annotations

from typing import Annotated

import typer

from commonground.cli.home import ready
from commonground.cli.output import Json, as_json, as_table, say


def search(
    words: Annotated[list[str] | None, typer.Argument(help="What to look for; may be empty with a filter.")] = None,
    *,
    city: Annotated[list[str] | None, typer.Option(help="Only this city (slug); may be given again.")] = None,
    kind: Annotated[list[str] | None, typer.Option(help="Only this kind: table, map_layer, file …")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many results.")] = 10,
    offset: Annotated[int, typer.Option(min=0, help="How many to skip.")] = 0,
    order: Annotated[str, typer.Option(help="relevance, updated or title.")] = "relevance",
    json: Json = False,
) -> None:
    """Search the data sets of all cities.

    Example: commonground search "building permits" --city chicago --json
    """
    ready()
    from commonground.catalog import browse
    from commonground.catalog.search import Query
    from commonground.errors import Usage

    pairs = [("q", " ".join(words or [])), ("order", order), ("limit", str(limit)), ("offset", str(offset))]
    pairs += [("city", browse.city_slug(one)) for one in city or []]
    pairs += [("kind", one) for one in kind or []]
    query, notes = Query.read(pairs)
    for note in notes:
        raise Usage(f"“{note.value}” is no {note.name}.", advice="commonground search --help names what can be given.")
    form = browse.search_form(query)
    if json:
        as_json(form)
        return
    say(f"{form['total']:,} data set{'' if form['total'] == 1 else 's'}.")
    as_table(("city", "title", "id"), [(one["city"], one["title"], one["id"]) for one in form["results"]])


def show(
    id: Annotated[str, typer.Argument(help="PORTAL/NATIVE-ID, or HOST/NATIVE-ID.")],  # noqa: A002 - shown in --help
    *,
    raw: Annotated[bool, typer.Option("--raw", help="The record as the portal gave it.")] = False,
    json: Json = False,
) -> None:
    """Show one data set.

    Example: commonground show data.cityofchicago.org/ydr8-5enu --json
    """
    ready()
    from commonground.catalog import browse, related

    dataset = browse.dataset(id)
    # A record that was given under the old id stays under it.
    if not raw and (there := related.place(dataset)):
        say(f"{dataset.key} moved to {there.key}.")
        dataset = there
    if raw:
        as_json(browse.raw(dataset))
        return
    form = browse.dataset_form(dataset)
    if json:
        as_json(form)
        return
    shown = ("id", "title", "city", "kind", "publisher", "state", "first_seen", "last_changed", "landing_page")
    as_table(("fact", "value"), [(name, form[name]) for name in shown])
    as_table(("column", "field", "type"), [(one["name"], one["field"], one["type"]) for one in form["columns"]])
    for one in form["findings"]:
        say(f"{one['severity']}: {one['message']} ({one['fixer']} to fix)")


def cities(*, json: Json = False) -> None:
    """List the cities, their portals and protocols.

    Example: commonground cities --json
    """
    ready()
    from commonground.catalog import browse

    form = browse.cities_form()
    if json:
        as_json(form)
        return
    rows = [
        (city["slug"], city["name"], portal["slug"], portal["protocol"], portal["host"])
        for city in form["cities"]
        for portal in city["portals"]
    ]
    as_table(("city", "name", "portal", "protocol", "host"), rows)
