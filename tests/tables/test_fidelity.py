"""Every value that a person read from a raw cell is what the table has. How they were written: tests/standards/fidelity."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.tables.made import Made, of_files

FIDELITY = Path(__file__).resolve().parent.parent / "standards" / "fidelity"
CORE = ("crime_incidents", "building_permits", "service_requests")
LEAST = 200

pytestmark = [pytest.mark.recordings, pytest.mark.slow]


def expected(standard: str) -> dict[str, list[dict[str, str]]]:
    """The cells by city."""
    found: dict[str, list[dict[str, str]]] = {}
    with (FIDELITY / f"{standard}.csv").open(encoding="utf-8", newline="") as file:
        for line in csv.DictReader(file):
            found.setdefault(line["city"], []).append(line)
    return found


def written(value: Any, field: str) -> str:
    """A value as the files write it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float):
        return f"{round(value, 6 if field in {'latitude', 'longitude'} else 9):.9f}".rstrip("0").rstrip(".")
    return str(value)


def wrong(made: Made, cells: list[dict[str, str]]) -> Iterator[str]:
    rows = {(one["_part"], one["_row"]): one for one in [*made.withheld(), *made.rows()]}
    for cell in cells:
        number = made.files.index(cell["file"]) + 1
        row = rows.get((number, int(cell["row"])))
        place = f"{cell['file']} row {cell['row']} {cell['field']}"
        if row is None:
            yield f"{place}: no such row"
        elif (found := written(row[cell["field"]], cell["field"])) != _plain(cell["expected"], cell["field"]):
            yield f"{place}: {found!r} and not {cell['expected']!r}"


def _plain(text: str, field: str) -> str:
    if field in {"latitude", "longitude"} and text:
        return f"{float(text):.6f}".rstrip("0").rstrip(".")
    return text


@pytest.mark.parametrize("standard", sorted(one.stem for one in FIDELITY.glob("*.csv")))
def test_the_table_says_what_a_person_read(standard: str, recordings: Path, tmp_path: Path) -> None:
    found, count = [], 0
    for city, cells in expected(standard).items():
        names = sorted({one["file"] for one in cells})
        made = of_files(tmp_path / city, standard, city, recordings, names)
        found += list(wrong(made, cells))
        count += len(cells)
    assert not found, f"{len(found)} of {count}:\n" + "\n".join(found[:40])
    assert standard not in CORE or count >= LEAST
