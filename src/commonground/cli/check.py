"""`commonground check`: a city's own file against a standard, before it is published."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

import typer

from commonground.cli.output import Json, as_json, as_table, say

if TYPE_CHECKING:
    from commonground.standards.check import Report

_SHOWN = 40
"""Characters of a value in the list."""


def check(
    file: Annotated[str, typer.Argument(help="A file or an address (https://…): CSV, GeoJSON, JSON, Excel, Parquet.")],
    *,
    standard: Annotated[str, typer.Option(help="The standard, such as building_permits.")],
    version: Annotated[str, typer.Option(help="A version of it; by default the newest.")] = "",
    city: Annotated[str, typer.Option(help="The city, by which places and times are checked too.")] = "",
    sheet: Annotated[str, typer.Option(help="A sheet of the workbook, or a file of the archive.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many faults to show of a column and rule.")] = 10,
    csv: Annotated[bool, typer.Option("--csv", help="Print the faults as CSV on stdout.")] = False,
    json: Json = False,
) -> None:
    """Check a file against a standard: what breaks it, in which row and column, and how to put it right.

    Ends with 0 when nothing breaks the standard (warnings may be left), with 9 when something does. Needs no home and
    no database, so it is one line in a city's own checks.

    Example: commonground check permits.csv --standard building_permits --city boston --json
    """
    from commonground.cities import cities
    from commonground.cities import city as city_of
    from commonground.errors import OffStandard
    from commonground.overlap.columns import personal
    from commonground.standards import files
    from commonground.standards.check import check_file

    wanted = files.standard(standard, version or None)
    where = city_of(city, cities()) if city else None
    with _at_hand(file) as path:
        report = check_file(path, wanted, city=where, samples=limit, name=sheet or None, named=personal.among)
    if json:
        as_json(report.as_form())
    elif csv:
        _as_csv(report)
    else:
        _as_text(report)
    if not report.ok:
        message = f"{report.file} breaks {report.standard}: {report.errors:,} errors in {report.rows:,} rows."
        raise OffStandard(message, advice="Put right what is listed, and check again.")


@contextmanager
def _at_hand(file: str) -> Iterator[Path]:
    """The file; fetched first where it is an address. Private addresses are refused."""
    if "://" not in file:
        yield Path(file)
        return
    from commonground.protocols.http import Client
    from commonground.protocols.rows.files import fetched
    from commonground.site.environment import flag, setting

    name = PurePosixPath(urlsplit(file).path).name or "rows"
    with (
        Client(allow_private=flag("COMMONGROUND_ALLOW_PRIVATE"), contact=setting("COMMONGROUND_CONTACT")) as client,
        fetched(client, file, name) as path,
    ):
        yield path


def _as_csv(report: Report) -> None:
    from commonground.standards.check.report import HEADS

    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(HEADS)
    writer.writerows(report.as_rows())


def _as_text(report: Report) -> None:
    say(f"{report.rows:,} rows against {report.standard}: {report.errors:,} errors, {report.warnings:,} warnings.")
    heads = ("severity", "column", "rule", "count", "row", "line", "value", "what", "who", "how")
    lines = [
        (
            *(one.severity, one.column, one.rule, one.count, first.row or "", first.line or ""),
            *(first.value[:_SHOWN], first.message, first.who, first.how),
        )
        for one in report.groups
        for first in one.samples[:1]
    ]
    if lines:
        as_table(heads, lines)
