"""`commonground standards …`: the agreed tables, their versions, and the crosswalks of cities to them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from commonground.cli.output import Json, as_json, as_table, say

if TYPE_CHECKING:
    from commonground.standards.crosswalk import Crosswalk
    from commonground.standards.model import Field, Standard
    from commonground.words import City

Name = Annotated[str, typer.Argument(help="The standard, such as building_permits.")]
Folder = Annotated[
    Path | None, typer.Option(help="A folder of further files: library/NAME/VERSION.json, crosswalks/NAME/CITY.toml.")
]

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def standards() -> None:
    """The agreed tables, their versions, and the crosswalks of cities to them.

    Example: commonground standards show building_permits --json
    """


@app.command(name="list")
def listed(*, folder: Folder = None, json: Json = False) -> None:
    """List the standards: what one row is, the newest version, and the cities that have a crosswalk.

    Example: commonground standards list --json
    """
    from commonground.standards import files

    forms: list[dict[str, Any]] = [
        {
            "name": one.name,
            "title": one.title,
            "subject": one.subject,
            "grain": one.grain,
            "version": one.version,
            "versions": list(files.versions(one.name, folder)),
            "review_by": one.review_by,
            "fields": len(one.fields),
            "cities": files.mapped(one.name, folder),
        }
        for one in files.standards(folder).values()
    ]
    if json:
        as_json({"standards": forms})
        return
    heads = ("name", "version", "grain", "fields")
    as_table((*heads, "cities"), [(*map(one.get, heads), ", ".join(one["cities"])) for one in forms])


@app.command()
def show(
    name: Name,
    *,
    version: Annotated[str, typer.Option(help="A version; by default the newest.")] = "",
    folder: Folder = None,
    json: Json = False,
) -> None:
    """Show one standard: its fields and codes. With --json it is a Frictionless Table Schema.

    Example: commonground standards show crime_incidents --version 1.0.0 --json
    """
    from commonground.standards import datapackage, files

    found = files.standard(name, version or None, folder)
    if json:
        as_json(datapackage.table_schema(found))
        return
    _show(found)


def _show(found: Standard) -> None:
    say(f"{found.title}, version {found.version}: one row is {found.grain}. {found.description}")
    say(
        f"Unique by {', '.join(found.key)}. Counted by {found.time or 'nothing'}, told apart by {found.kind or 'nothing'}."
    )
    heads = ("field", "type", "unit or codelist", "required", "description")
    as_table(heads, [_row(one) for one in found.fields])
    for one in found.codelists.values():
        say(f"\n{one.name}: {one.title} ({one.source})")
        as_table(("code", "label", "group"), [(code.code, code.label, code.group) for code in one.codes])


def _row(one: Field) -> tuple[str, ...]:
    return one.name, one.type, one.codelist or one.unit, "yes" if one.required else "", one.description


@app.command()
def diff(
    name: Name,
    old: Annotated[str, typer.Argument(help="A version, such as 1.0.0.")],
    new: Annotated[str, typer.Argument(help="A later one.")],
    *,
    folder: Folder = None,
    json: Json = False,
) -> None:
    """Say what differs between two versions, which rows change, and whether the later number fits.

    Example: commonground standards diff building_permits 1.0.0 1.0.0 --json
    """
    from commonground.standards import differences, files

    before, after = (files.standard(name, one, folder) for one in (old, new))
    form = differences.comparison(before, after)
    if json:
        as_json(form)
        return
    if not form["changes"]:
        say("Nothing differs.")
        return
    as_table(("weight", "what", "rows"), [(one["bump"], one["says"], one["rows"]) for one in form["changes"]])
    if form["misnumbered"]:
        say(form["misnumbered"])


@app.command()
def crosswalks(
    *,
    standard: Annotated[str, typer.Option(help="Only those to this standard.")] = "",
    folder: Folder = None,
    json: Json = False,
) -> None:
    """List the crosswalks, each checked against its standard: sources, vintages, fields that nothing makes.

    Example: commonground standards crosswalks --standard crime_incidents --json
    """
    from commonground.standards import files

    found = files.crosswalks(standard or None, folder, _members())
    forms = [_crosswalk(one, folder) for one in found]
    if json:
        as_json({"crosswalks": forms})
        return
    heads = ("standard", "city", "version", "revision")
    rows = [
        (*map(one.get, heads), len(one["sources"]), len(one["vintages"]), ", ".join(one["unmade"])) for one in forms
    ]
    as_table((*heads, "sources", "vintages", "nothing makes"), rows)


def _members() -> Mapping[str, City]:
    """The packaged cities, and those of the folders of this installation."""
    from commonground.cities import load
    from commonground.site.environment import listed

    return load(*map(Path, listed("COMMONGROUND_CITIES")))


def _crosswalk(one: Crosswalk, folder: Path | None) -> dict[str, Any]:
    from commonground.standards import files, fitting

    agreed = files.standard(one.standard, one.version, folder)
    made = fitting.made(one)
    return {
        "standard": one.standard,
        "city": one.city,
        "version": one.version,
        "newest": one.version == files.versions(one.standard, folder)[-1],
        "revision": one.revision,
        "note": one.note,
        "sources": [source.name for source in one.sources],
        "vintages": [vintage.name for vintage in one.vintages],
        "made": [field.name for field in agreed.fields if field.name in made],
        "unmade": [field.name for field in agreed.fields if field.name not in made],
    }
