"""A home with many made datasets: the recordings harvested as they are, then varied until there are enough.

Copies get other ids, other titles and words of a neighbor; their revisions and findings go with them. They are
written straight into SQLite by its own columns, because how fast a harvest writes is measured elsewhere.
"""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from parts.machine import COMMONGROUND, RECORDINGS, environment, run

Row = dict[str, Any]
_BATCH = 2_000
_TABLES = ("catalog_dataset", "catalog_revision", "catalog_finding")


def fill(home: Path, count: int) -> None:
    """Harvest the recordings into the home, then add varied copies until it holds `count` datasets."""
    run([COMMONGROUND, "harvest", "--replay", RECORDINGS, "--json"], environment(home))
    with sqlite3.connect(home / "commonground.sqlite3") as database:
        database.row_factory = sqlite3.Row
        database.execute("PRAGMA synchronous=OFF")
        datasets, revisions, findings = (_rows(database, table) for table in _TABLES)
        forms = {row["dataset_id"]: row for row in revisions}
        found = defaultdict[tuple[str, str], list[Row]](list)
        for row in findings:
            found[row["portal"], row["native_id"]].append(row)
        pairs = [(row, forms[row["id"]], found[row["portal"], row["native_id"]]) for row in datasets]
        copies = _copies(pairs, count, max(row["id"] for row in findings))
        while some := list(islice(copies, _BATCH)):
            for table, rows in zip(_TABLES, zip(*some, strict=True), strict=True):
                _insert(database, table, [row for group in rows for row in group])
    database.close()


def listed(home: Path) -> list[tuple[str, str]]:
    """Id and title of all datasets."""
    with sqlite3.connect(home / "commonground.sqlite3") as database:
        found = [(str(key), str(title)) for key, title in database.execute("SELECT key, title FROM catalog_dataset")]
    database.close()
    return found


def _rows(database: sqlite3.Connection, table: str) -> list[Row]:
    return [dict(row) for row in database.execute(f"SELECT * FROM {table} ORDER BY id")]


def _insert(database: sqlite3.Connection, table: str, rows: Sequence[Row]) -> None:
    if rows:
        names = list(rows[0])
        places = ", ".join(f":{name}" for name in names)
        database.executemany(f"INSERT INTO {table} ({', '.join(names)}) VALUES ({places})", rows)


def _copies(
    held: Sequence[tuple[Row, Row, list[Row]]], count: int, finding: int
) -> Iterator[tuple[list[Row], list[Row], list[Row]]]:
    """Dataset, revision and findings of each copy; `finding` is the highest id of these so far."""
    first = 1 + max(max(row["id"], revision["id"]) for row, revision, _ in held)
    for number in range(len(held), count):
        row, revision, findings = held[number % len(held)]
        other = json.loads(held[(number * 7919 + 13) % len(held)][1]["form"])
        turn, pk = number // len(held), first + number
        native = f"{row['native_id']}-{turn}"
        form = _varied(json.loads(revision["form"]), other, native, number)
        names = {name: f"{row[name]}-{turn}" if row[name] else "" for name in ("parent", "series")}
        copy = {**row, **names, "id": pk, "native_id": native, "key": form["id"], "title": form["title"]}
        told = [{**one, "id": finding + at, "native_id": native} for at, one in enumerate(findings, 1)]
        finding += len(told)
        yield [{**copy, "revision_id": pk}], [{**revision, "id": pk, "dataset_id": pk, "form": json.dumps(form)}], told


def _varied(form: Row, other: Row, native: str, number: int) -> Row:
    """As the ranking's own corpus is varied, so that both measure the same."""
    return {
        **form,
        "id": f"{form['portal']}/{native}",
        "native_id": native,
        "title": f"{form['title']} {other['title'].split(' ')[0]} {number % 97}",
        "description": f"{form['description']} {other['description'][:200]}",
        "keywords": [*form["keywords"], *other["keywords"][:3]],
        "publisher": f"{form['publisher']} {number % 5}",
    }
