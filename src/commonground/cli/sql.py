"""`commonground sql`: one question in SQL over the published tables."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from commonground.cli.home import ready
from commonground.cli.output import Json, as_json, as_table, say
from commonground.errors import Usage

if TYPE_CHECKING:
    from commonground.engine.query import Catalog, Form, Limits

MOST = 1_000_000


def sql(
    question: Annotated[str, typer.Argument(help="One SELECT; SHOW TABLES lists what can be asked.")],
    *,
    limit: Annotated[int, typer.Option(min=1, max=MOST, help="At most so many rows.")] = 10_000,
    csv: Annotated[bool, typer.Option("--csv", help="Print CSV.")] = False,
    output: Annotated[Path | None, typer.Option(help="Write to this file: .parquet, .csv, .json or .arrow.")] = None,
    json: Json = False,
) -> None:
    """Ask the published tables one question in SQL. Nothing but them can be read, and nothing be changed.

    Example: commonground sql "select city, count(*) from building_permits group by city" --json
    """
    ready()
    from dataclasses import replace

    from commonground.api import published
    from commonground.engine import query

    catalog = published.catalog()
    if csv or output:
        _export(question, catalog, replace(query.EXPORT, rows=limit), output)
        return
    answer = query.ask(catalog, question, limits=replace(query.EXPORT, rows=limit, bytes=query.ANSWER.bytes))
    rows = answer.rows()
    if json:
        told = {"columns": answer.columns, "rows": rows, "truncated": answer.truncated, "seconds": answer.seconds}
        as_json({**told, "tables": published.about(question, every=True)})
        return
    as_table([one["name"] for one in answer.columns], [tuple(row.values()) for row in rows])
    _tell(len(rows), truncated=answer.truncated, seconds=answer.seconds)
    for one in published.about(question, every=True):
        _beside(one)


def _beside(about: dict[str, Any]) -> None:
    """Which state of a table answered, on whose terms, and what could not be mapped of the fields that were asked."""
    say(f"{about['table']}, release {about['release']}: {about['page']}")
    licenses: dict[str, list[str]] = {}
    for one in about["license"]:
        licenses.setdefault(one["license"] or "the city names none", []).append(one["city"])
    for name, cities in licenses.items():
        say(f"License: {name} ({', '.join(dict.fromkeys(cities))})")
    for city, shares in about["remainder"].items():
        if lost := [f"{name} {share:.1%}" for name, share in shares.items() if share]:
            say(f"Could not be mapped, {city}: {', '.join(lost)}")


def _export(question: str, catalog: Catalog, limits: Limits, output: Path | None) -> None:
    """Write a whole file, or nothing."""
    from commonground.engine import query

    form = _form(output)
    if output is None:
        told = query.export(catalog, question, form, sys.stdout.buffer, limits=limits)
    else:
        # Beside it first, so that a refusal leaves an older file as it was.
        part = output.with_name(f".{output.name}.part")
        try:
            with part.open("wb") as sink:
                told = query.export(catalog, question, form, sink, limits=limits)
            part.replace(output)
        except OSError as error:
            raise Usage(
                f"{output} cannot be written: {error.strerror}.", advice="Name a file that you may write."
            ) from None
        finally:
            part.unlink(missing_ok=True)
    _tell(told.rows, truncated=told.truncated, seconds=told.seconds)


def _form(output: Path | None) -> Form:
    from commonground.engine.query import Form

    suffix = output.suffix.removeprefix(".").lower() if output else "csv"
    if suffix not in list(Form):
        raise Usage(f"{output} has a form that is not known.", advice=f"Let it end in .{', .'.join(Form)}.")
    return Form(suffix)


def _tell(rows: int, *, truncated: bool, seconds: float) -> None:
    more = " There are more: --limit says how many are shown." if truncated else ""
    say(f"{rows:,} row{'' if rows == 1 else 's'}, {seconds:.2f} s.{more}")
