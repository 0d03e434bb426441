"""Draws cells of real rows, for a person to write what the standard should say of each.

    python tests/standards/fidelity/draw.py crime_incidents --cells 220

prints, for each row drawn, the city, the file, the number of the row (1 is the first after the header), the fields asked
for, and the raw row. It knows nothing of crosswalks. The same seed draws the same cells. `--answers FILE` prints only the
rows that a file of answers lacks.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import io
import json
import os
import random
from collections.abc import Sequence
from functools import cache
from itertools import cycle, islice
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[3]
LIBRARY = REPOSITORY / "src/commonground/standards/library"
SUBJECTS = {
    "crime_incidents": ["crime"],
    "building_permits": ["permits"],
    "service_requests": ["311"],
    "street_assets": ["infra"],
    "capital_projects": ["infra"],
    "food_inspections": ["food"],
    "traffic_crashes": ["crash"],
    "business_licenses": ["biz"],
}
csv.field_size_limit(1 << 27)


def fields(standard: str) -> list[str]:
    """Names of the standard's fields, the city left out: it is the same in every row of a file."""
    newest = max((LIBRARY / standard).glob("*.json"), key=lambda path: tuple(map(int, path.stem.split("."))))
    return [one["name"] for one in json.loads(newest.read_text("utf-8"))["fields"] if one["name"] != "city"]


def files(rows: Path, standard: str, only: Sequence[str]) -> dict[str, list[str]]:
    """City to the paths of its files, below the folder of rows and without `.gz`."""
    found: dict[str, list[str]] = {}
    with (rows / "MANIFEST.csv").open(encoding="utf-8", newline="") as manifest:
        for line in csv.DictReader(manifest):
            path = line["file"].removeprefix("rows/").removesuffix(".gz")
            if (path in only) if only else (line["subject"] in SUBJECTS[standard]):
                found.setdefault(line["city"], []).append(path)
    return found


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value)


@cache
def read(path: Path) -> list[dict[str, str] | None]:
    """Every row of a file; None where a line has more or fewer values than the header."""
    text = gzip.decompress(path.read_bytes()).decode("utf-8-sig")
    if path.name.endswith((".geojson.gz", ".json.gz")):
        given = json.loads(text)
        if isinstance(given, dict):
            given = [{**one["properties"], "geometry": one.get("geometry")} for one in given["features"]]
        return [{name: _text(value) for name, value in one.items()} for one in given]
    lines = csv.reader(io.StringIO(text, newline=""))
    header = [name.strip() for name in next(lines)]
    return [dict(zip(header, line, strict=True)) if len(line) == len(header) else None for line in lines if line]


def draw(
    rows: Path, standard: str, cells: int, each: int, only: Sequence[str]
) -> dict[tuple[str, str, int], list[str]]:
    """City, file and row to the fields asked for: cities in turn, their files in turn, fields in turn, rows by chance."""
    chance = random.Random(f"{standard} 1")
    by_city = {city: cycle(paths) for city, paths in files(rows, standard, only).items()}
    names = fields(standard)
    turns = {}
    for city in by_city:
        shuffled = list(names)
        chance.shuffle(shuffled)
        turns[city] = cycle(shuffled)
    drawn: dict[tuple[str, str, int], list[str]] = {}
    asked = 0
    for city in cycle(by_city):
        path = next(by_city[city])
        every = read(rows / f"{path}.gz")
        number = chance.randrange(len(every)) + 1
        if every[number - 1] is None or (city, path, number) in drawn:
            continue
        drawn[city, path, number] = list(islice(turns[city], each))
        asked += each
        if asked >= cells:
            return drawn
    return drawn


def main() -> None:
    """Prints rows with the fields asked for, as lines of JSON."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("standard", choices=sorted(SUBJECTS))
    asked.add_argument("--cells", type=int, default=220, help="how many cells, at least")
    asked.add_argument("--each", type=int, default=4, help="how many cells a row")
    asked.add_argument("--file", action="append", default=[], help="only this file, as san_francisco/crime.csv")
    asked.add_argument("--answers", type=Path, help="a file of answers: rows that it has are not printed")
    asked.add_argument("--rows", type=Path, help="the folder of rows")
    given = asked.parse_args()
    recordings = REPOSITORY / os.environ.get("COMMONGROUND_RECORDINGS", "../shared/data")
    rows = given.rows or recordings / "rows"
    known: set[tuple[str, int, str]] = set()
    if given.answers and given.answers.exists():
        with given.answers.open(encoding="utf-8", newline="") as answers:
            known = {(one["file"], int(one["row"]), one["field"]) for one in csv.DictReader(answers)}
    drawn = draw(rows, given.standard, given.cells, given.each, given.file)
    for (city, path, number), names in sorted(drawn.items()):
        missing = [name for name in names if (path, number, name) not in known]
        if missing:
            raw = {name: value for name, value in (read(rows / f"{path}.gz")[number - 1] or {}).items() if value}
            print(json.dumps({"city": city, "file": path, "row": number, "fields": missing, "raw": raw}))  # noqa: T201


if __name__ == "__main__":
    main()
