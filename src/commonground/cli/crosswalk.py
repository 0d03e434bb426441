"""`commonground crosswalk …`: draft how a city's dataset becomes rows of a standard, and try it on its rows."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from commonground.cli.home import ready
from commonground.cli.output import Json, as_json, as_table, say

if TYPE_CHECKING:
    from commonground.standards.crosswalk import Crosswalk
    from commonground.tables.drafting.begin import Begun
    from commonground.tables.drafting.trial import Shelf
    from commonground.words import City

_WIDE = 60

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def crosswalk() -> None:
    """Draft how a city's dataset becomes rows of a standard, and try it on its rows.

    Example: commonground crosswalk suggest seattle/76t5-zqzr --standard building_permits
    """


@app.command()
def suggest(
    dataset: Annotated[str, typer.Argument(help="PORTAL/NATIVE-ID.")],
    *,
    standard: Annotated[str, typer.Option(help="The standard, such as building_permits.")],
    output: Annotated[
        Path | None, typer.Option(help="Write the draft into this file, which must not be there.")
    ] = None,
    json: Json = False,
) -> None:
    """Draft a crosswalk from the names, the memory and the values of columns. Each line says how sure it is.

    Rows are looked at where they were read before (commonground build); without them formats and codes stay open.

    Example: commonground crosswalk suggest seattle/76t5-zqzr --standard building_permits --output seattle.toml
    """
    from commonground.errors import Usage
    from commonground.standards import files

    ready()
    from django.utils import timezone

    from commonground.tables.drafting.begin import begin

    if output and output.exists():
        raise Usage(f"{output} is there already.", advice="Name another file, or remove it.")
    found = begin(dataset, files.standard(standard), timezone.now().date())
    if output:
        output.write_text(found.text, encoding="utf-8")
    if json:
        as_json(found.form())
    elif output is None:
        print(found.text, end="")
    _next(found, output)


def _next(found: Begun, output: Path | None) -> None:
    """What is not done yet, and what to do then."""
    one = found.suggestion
    say(f"{sum(line.used for line in one.lines)} fields have a column.")
    if one.missing:
        say(f"{len(one.missing)} have none, and stay empty until you give them one: {', '.join(one.missing)}.")
    if found.tried is None:
        say(
            f"No rows of {one.material.dataset} were read yet: the columns are those that the catalog names, and rows"
            " may name them otherwise. Formats and codes are open."
        )
    if found.open:
        say("It does not load before this is put right:")
    for fault in found.open:
        say(f"line {fault.line}: {fault.message}" if fault.line else fault.message)
    where = output or "FILE"
    again = "" if found.tried else " --live (or --replay FOLDER)"
    say(f"Next: commonground crosswalk try {where}{again}")


@app.command(name="try")
def attempt(
    what: Annotated[str, typer.Argument(metavar="FILE|STANDARD/CITY", help="A TOML file, or a published crosswalk.")],
    *,
    rows: Annotated[int, typer.Option(min=0, max=1000, help="How many rows to show, raw beside mapped.")] = 20,
    replay: Annotated[
        Path | None, typer.Option(help="Read this folder of recordings (portals/ and rows/), on loopback only.")
    ] = None,
    live: Annotated[bool, typer.Option("--live", help="Read the city's portal as it is today.")] = False,
    json: Json = False,
) -> None:
    """Try a crosswalk on its city's rows: what is mapped, what is missing of each field, rows raw beside mapped.

    Reads the raw parts that a build would take of those at hand, or reads them anew with --replay or --live. Publishes
    nothing. Ends with 5 when the file is wrong: one line for each thing.

    Example: commonground crosswalk try building_permits/boston --rows 5 --replay recordings
    """
    from tempfile import TemporaryDirectory

    from commonground.standards import files

    ready()
    from django.utils import timezone

    from commonground.tables import tasks
    from commonground.tables.drafting.trial import Trial
    from commonground.tables.drafting.trial import attempt as tried

    found = _found(what)
    city = tasks.known()[found.city]
    shelf = _shelf(found, city, replay, live=live)
    with TemporaryDirectory(prefix="commonground-try-") as folder:
        agreed = files.standard(found.standard, found.version)
        form = tried(Trial(found, agreed, city, shelf, Path(folder), timezone.now().date(), rows))
    if json:
        as_json(form)
        return
    _print(form)


def _found(what: str) -> Crosswalk:
    """The crosswalk of a file or a published one. Raises `Misconfigured` with a line for each thing wrong."""
    from commonground.errors import Misconfigured, NotFound
    from commonground.standards import files
    from commonground.tables import tasks
    from commonground.tables.drafting.reading import read

    path = Path(what)
    if not path.is_file():
        standard, _, city = what.partition("/")
        if path.suffix == ".toml" or not city:
            raise NotFound(f"There is no file {what}.", advice="Name a TOML file, or STANDARD/CITY of a published one.")
        return files.crosswalk(standard, city)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise Misconfigured(f"{path}: cannot be read: {error}.", advice="Save it as UTF-8.") from error
    told = read(text, tasks.known())
    if told.crosswalk is None:
        lines = [f"{path}:{one.line}: {one.message}" if one.line else f"{path}: {one.message}" for one in told.faults]
        raise Misconfigured("\n".join(lines))
    return told.crosswalk


def _shelf(found: Crosswalk, city: City, replay: Path | None, *, live: bool) -> Shelf:
    """The raw parts that are at hand, after reading them where that is asked for. Raw parts are kept; no table is made."""
    from commonground.tables.drafting import store

    read = _gather(found, city, replay) if replay or live else {}
    return {**store.shelf(city, found), **read}


def _gather(found: Crosswalk, city: City, replay: Path | None) -> Shelf:
    """What is read now, by source; a source that cannot be read is told of."""
    from commonground.cli.build import _portals
    from commonground.standards import files
    from commonground.tables.gather import gather

    with _portals({city.slug: city}, replay, whole=False) as portals:
        told = gather(files.standard(found.standard), found, portals, replay / "rows" if replay else None)
    for source, why in told.failed.items():
        say(f"{source} was not read: {why}")
    return {source: list(some) for source, some in groupby(told.raws, key=lambda one: one.source)}


def _print(form: dict[str, Any]) -> None:
    from commonground.tables.showing.words import briefly

    say(f"{form['read']:,} rows read: {form['mapped']:,} mapped, {form['withheld']:,} withheld.")
    for why, count in form["withheld_by"].items():
        said = briefly(why)
        say(f"withheld, {why}{f' ({said})' if said else ''}: {count:,}")
    for one in (*form["problems"], *form["stopped"]):
        say(one)
    if form["withheld_by"].get("no_vintage"):
        say(
            "no_vintage: name in `when` columns that these rows have, or add a [[vintages]] for them;"
            " “commonground crosswalk suggest” drafts one from the rows at hand."
        )
    for place, row in enumerate(form["rows"], 1):
        say(f"\n{place}. {row['dataset']}, row {row['row']:,} of {row['part'] or 'its part'}")
        as_table(("field", "mapped", "raw", "trouble"), _cells(row))
    say("")
    heads = ("field", "given", "lost", "missing")
    lines = [(one["field"], one["given"], one["lost"], f"{one['share']:.1%}") for one in form["fields"]]
    as_table(heads, lines)
    for name, values in form["unmapped"].items():
        most = ", ".join(f"“{_short(value)}” {count:,}" for value, count in list(values.items())[:8])
        say(f"{name} has no code for: {most}")
    if form["unmade"]:
        say(f"Nothing makes: {', '.join(form['unmade'])}.")


def _cells(row: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    for one in row["fields"]:
        raw = "; ".join(f"{name}: {_short(cell)}" for name, cell in one["raw"].items() if cell is not None)
        value = "" if one["value"] is None else _short(str(one["value"]))
        yield one["field"], value, raw, one["trouble"]


def _short(text: str) -> str:
    text = " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
    return text if len(text) <= _WIDE else f"{text[: _WIDE - 1]}…"
