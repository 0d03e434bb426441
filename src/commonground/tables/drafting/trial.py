"""A crosswalk tried on raw parts: what is mapped, what is missing, and rows raw beside mapped. Nothing is published. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

from commonground.cities.outlines import outline
from commonground.engine.session import literal, private
from commonground.standards import fitting
from commonground.standards.crosswalk import Crosswalk, Source, Vintage
from commonground.standards.model import CITY, PLACE, Standard
from commonground.tables.build import rows
from commonground.tables.build.cleaning import quoted
from commonground.tables.build.result import Built, Joined, Raw
from commonground.tables.build.rules import WORD
from commonground.tables.drafting.sample import Sampled, sampled
from commonground.words import City

Form = dict[str, Any]
Shelf = Mapping[str, Sequence[Raw]]
"""By the name of a source: the raw parts that may be read, the oldest first."""
_LONGEST: Final = 300
_SAMPLES: Final = 5
_MOST_VALUES: Final = 50
_MANY_COLUMNS: Final = 20


@dataclass(frozen=True)
class Trial:
    """What to try: `shown` rows beside each other, of at most `most` rows read (0: of all). `folder` is for our files."""

    crosswalk: Crosswalk
    standard: Standard
    city: City
    shelf: Shelf
    folder: Path
    today: date
    shown: int = 20
    most: int = 0


def attempt(trial: Trial) -> Form:
    """Build the rows aside, and tell what came of them:

    `read`, `mapped`, `withheld_by`, `fields` [{field, given, lost, share}], `unmade` (fields that nothing makes),
    `unmapped` {field: {value: count}}, `troubles` [{field, code, count, values}], `problems` (sentences: columns and
    rows that are not there), `rows` [{dataset, part, row, fields [{field, raw {column: cell}, value, trouble}]}].
    """
    parts, problems = _gathered(trial)
    picked = sampled(parts, trial.most, trial.folder) if trial.most else [Sampled(one, one) for one in parts]
    result = Built(trial.standard.name, trial.city.slug)
    if picked:
        order = rows.Order(
            trial.standard,
            trial.crosswalk,
            trial.city.timezone,
            outline(trial.city.slug, trial.city.extent),
            [one.raw for one in picked],
            trial.folder / "built",
            trial.today,
        )
        result = rows.build(order)
    form = _counts(trial, result)
    form["problems"] = problems + [one for each in parts for one in _absent(trial, each)]
    form["sampled"] = [
        {"source": one.whole.source, "label": one.whole.label, "rows": one.whole.rows, "read": one.raw.rows}
        for one in picked
    ]
    form["rows"] = list(_beside(trial, result, picked)) if picked and trial.shown else []
    return form


def _gathered(trial: Trial) -> tuple[list[Raw], list[str]]:
    """The parts of its sources with what is joined to them, numbered in their order; and what is not at hand."""
    found: list[Raw] = []
    problems: list[str] = []
    for source in trial.crosswalk.sources:
        parts = trial.shelf.get(source.name, ())
        if not parts:
            problems.append(
                f"No rows of {source.name} are at hand. “commonground build {trial.standard.name}” reads those of a"
                " published crosswalk, “commonground crosswalk try” those of a file."
            )
        joins, missing = _joins(source, trial.shelf)
        problems += missing
        found += [replace(one, joins=joins) for one in parts]
    return [replace(one, order=place) for place, one in enumerate(found, 1)], problems


def _joins(source: Source, shelf: Shelf) -> tuple[tuple[Joined, ...], list[str]]:
    joins, missing = [], []
    for one in source.join:
        parts = shelf.get(one.file, ())
        if not parts:
            missing.append(f"No rows of {one.file}, which is joined to {source.name}, are at hand.")
        elif lacking := [name for name in (one.on, *one.columns) if name not in parts[-1].names]:
            missing.append(f"{one.file} has no column “{lacking[0]}”.")
        else:
            joins.append(Joined(parts[-1].path, one.on, one.columns))
    return tuple(joins), missing


def _absent(trial: Trial, part: Raw) -> Iterator[str]:
    """Columns that its vintage reads and a part does not have."""
    vintage = trial.crosswalk.vintage(set(part.columns))
    source = next(one for one in trial.crosswalk.sources if one.name == part.source)
    for one in fitting.against(trial.crosswalk, vintage, part.columns, source)[:_MANY_COLUMNS]:
        yield f"{one.message} ({part.label})" if part.label else one.message


def _counts(trial: Trial, result: Built) -> Form:
    made = fitting.made(trial.crosswalk)
    fields = [
        {"field": name, "given": one.given, "lost": one.lost, "share": round(one.remainder, 6)}
        for name in trial.standard.named
        if (one := result.remainder.get(name))
    ]
    return {
        "standard": trial.standard.name,
        "version": trial.standard.version,
        "city": trial.city.slug,
        "revision": trial.crosswalk.revision,
        "raw": result.raw,
        "read": result.read,
        "mapped": result.mapped,
        "withheld": sum(result.withheld.values()),
        "withheld_by": dict(result.withheld),
        "fields": fields,
        "unmade": [one for one in trial.standard.named if one not in made],
        "unmapped": {name: dict(list(some.items())[:_MOST_VALUES]) for name, some in result.unmapped.items()},
        "troubles": [
            {"field": one.field, "code": one.code, "count": one.count, "values": _values(one.samples)}
            for one in result.troubles
        ],
        "stopped": result.stopped,
        "seconds": result.seconds,
    }


def _values(samples: Sequence[tuple[int, int, str]]) -> list[str]:
    return list(dict.fromkeys(value for *_, value in samples))[:_SAMPLES]


def _beside(trial: Trial, result: Built, picked: Sequence[Sampled]) -> Iterator[Form]:
    """Rows of the result, drawn without a rule that they could follow (the same each time), each with its raw cells."""
    if not result.mapped:
        return
    path = literal(str(trial.folder / "built" / "rows.parquet"))
    by_part = {one.raw.id: one for one in picked}
    with private("600MB") as session:
        mapped = session.sql(
            f"FROM (FROM read_parquet({path}) ORDER BY hash(_order) LIMIT {trial.shown}) ORDER BY _order"
        ).to_arrow_table()
        for one in mapped.to_pylist():
            part = by_part[one["_part"]]
            vintage = trial.crosswalk.vintage(set(part.raw.columns))
            cells = _cells(session, part.raw, one["_row"])
            yield {
                "dataset": one["_dataset"],
                "part": part.whole.label,
                "row": part.row(one["_row"]),
                "fields": list(_fields(trial, result, one, vintage, cells)) if vintage else [],
            }


def _cells(session: Any, part: Raw, row: int) -> Form:  # noqa: ANN401 - a DuckDB connection
    found = session.sql(f"SELECT * FROM read_parquet({literal(str(part.path))}) WHERE _row = {row}").to_arrow_table()
    cells: Form = found.to_pylist()[0]
    for one in part.joins:
        if (key := cells.get(one.on)) is None:
            continue
        columns = ", ".join(map(quoted, one.columns))
        asked = f"SELECT {columns} FROM read_parquet({literal(str(one.path))}) WHERE {quoted(one.on)} = ? ORDER BY _row"
        joined = session.execute(f"{asked} LIMIT 1", [key]).fetchall()
        cells |= dict(zip(one.columns, joined[0], strict=True)) if joined else {}
    return cells


def _fields(trial: Trial, result: Built, row: Form, vintage: Vintage, cells: Form) -> Iterator[Form]:
    broken = {
        field: code
        for place, (field, code) in enumerate(result.issues)
        if (row[f"_issues{place // WORD}"] or 0) >> place % WORD & 1
    }
    numbers = row["_n"] or 0
    placed = list(dict.fromkeys(column for one in vintage.place for column in one.columns()))
    for name in trial.standard.named:
        if name == CITY:
            continue
        if name in PLACE:
            columns = placed
        elif expression := vintage.fields.get(name):
            columns = list(dict.fromkeys(expression.numbered(numbers or 1).columns()))
        else:
            continue
        raw = {one: _cut(cells[one]) for one in columns if one in cells}
        yield {"field": name, "raw": raw, "value": _plain(row[name]), "trouble": broken.get(name, "")}


def _cut(cell: object) -> str | None:
    return None if cell is None else str(cell)[:_LONGEST]


def _plain(value: object) -> object:
    """A value as JSON has it."""
    if isinstance(value, date | datetime):
        return value.isoformat()
    return value[:_LONGEST] if isinstance(value, str) else value
