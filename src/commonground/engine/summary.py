"""What the rows of a file look like, column by column: read twice, whatever their number, and kept nowhere."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import duckdb

from commonground.engine import delimited
from commonground.engine.session import SECONDS, literal, reading
from commonground.engine.values import ISO_DATE, PLAIN_NUMBER, US_DATE, ValueKind, kind, shape
from commonground.errors import FileRefused

SAMPLED: Final = 2_000
"""Rows, drawn at random (the same each time), of which shapes, kinds and frequent values are told."""
SAMPLES: Final = 5
_SHAPES: Final = 5
_TOP: Final = 20
_LONGEST: Final = 100
_AT_A_TIME: Final = 400
"""Columns in one question: planning more of them together takes longer than reading the file again."""
_MOST_LEFT_OUT: Final = 0.1
_NOTHING: Final = "(?i)(?:#?N/?A|NAN|<?NULL>?)?"
_WRONG: Final[Mapping[str, str]] = {
    "MISSING COLUMNS": "it has too few values",
    "TOO MANY COLUMNS": "it has too many values",
    "UNQUOTED VALUE": "a quotation mark has no end",
    "INVALID ENCODING": "it is not written in UTF-8",
    "LINE SIZE OVER MAXIMUM": "it is too long",
}
_CSV: Final = (".csv", ".tsv", ".txt", ".csv.gz", ".tsv.gz", ".txt.gz")
_PARQUET: Final = ".parquet"


@dataclass(frozen=True, slots=True)
class ColumnSummary:
    """One column. Shares are 0 to 1; `nulls` counts empty texts and words such as NA too; all else leaves them out.

    `distinct` is an estimate (some percent off). `least` and `greatest` are numbers for numbers, ISO days for dates,
    texts for all else. `top`, `samples` and `shapes` come from the sample of rows, the most frequent first.
    """

    name: str
    kind: ValueKind
    nulls: float
    distinct: int
    unique: float
    least: str
    greatest: str
    top: tuple[tuple[str, float], ...]
    samples: tuple[str, ...]
    shapes: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class TableSummary:
    """A file. `left_out` are rows with too many or too few values, the first of them at line `first_left_out`."""

    rows: int
    columns: tuple[ColumnSummary, ...]
    left_out: int = 0
    first_left_out: int = 0


@dataclass(frozen=True, slots=True)
class _Source:
    """The rows in SQL; `columns` are their expressions there, each a text."""

    path: Path
    relation: str
    names: tuple[str, ...]
    columns: tuple[str, ...]


def summarize(path: Path, *, seconds: float = SECONDS) -> TableSummary:
    """Summarize a CSV file (`.csv`, `.tsv`, `.txt`, or those as `.gz`) or a Parquet file.

    Every value is read as text. Rows that do not fit the header are left out and counted; more than one in ten of
    them, and the file is refused. Raises `FileRefused`, which names the file, the row where one is to blame, and the
    next step.
    """
    path = path.absolute()
    name = path.name.lower()
    if not path.is_file():
        raise FileRefused(f"There is no file {path}.", advice="Give the path of a CSV or Parquet file.")
    if not name.endswith((*_CSV, _PARQUET)):
        message = f"{path.name} is neither CSV nor Parquet."
        raise FileRefused(message, advice=f"Give a file whose name ends in {', '.join(_CSV[:3])}, .csv.gz or .parquet.")
    try:
        head = None if name.endswith(_PARQUET) else delimited.head(path)
    except OSError as error:
        raise FileRefused(f"{path} cannot be read: {error.strerror}.", advice="Check who may read it.") from None
    with reading(path, seconds=seconds) as session:
        source = _parquet(session, path) if head is None else _csv(path, head)
        rows, columns = 0, []
        for start in range(0, len(source.names), _AT_A_TIME):
            rows, found = _summaries(session, source, range(start, min(start + _AT_A_TIME, len(source.names))))
            columns += found
        left_out, first = _left_out(session, source, rows) if head else (0, 0)
        return TableSummary(rows, tuple(columns), left_out, first)


def _csv(path: Path, head: delimited.Head) -> _Source:
    names = tuple(name or f"column {place}" for place, name in enumerate(head.names, 1))
    return _Source(path, delimited.relation(path, head), names, tuple(f"c{place}" for place in range(len(names))))


def _parquet(session: duckdb.DuckDBPyConnection, path: Path) -> _Source:
    relation = f"read_parquet({literal(str(path))})"
    names = tuple(row[0] for row in session.execute(f"DESCRIBE FROM {relation}").fetchall())
    quoted = ('"' + name.replace('"', '""') + '"' for name in names)
    return _Source(path, relation, names, tuple(f"CAST({one} AS VARCHAR)" for one in quoted))


def _summaries(
    session: duckdb.DuckDBPyConnection, source: _Source, places: Sequence[int]
) -> tuple[int, list[ColumnSummary]]:
    """The number of rows, and the columns at these places."""
    texts = ", ".join(f"{_told(source.columns[place])} AS v{place}" for place in places)
    rows = f"(SELECT {texts} FROM {source.relation})"  # noqa: S608 - columns are our names or quoted
    sample = session.execute(f"FROM {rows} USING SAMPLE reservoir({SAMPLED} ROWS) REPEATABLE (1)").fetchall()
    values = [[_written(row[n]) for row in sample if row[n] is not None] for n in range(len(places))]
    kinds = [kind(each) for each in values]
    asked = (_figures(f"v{place}", found) for place, found in zip(places, kinds, strict=True))
    answer: tuple[Any, ...] = session.execute(f"SELECT count(*), {', '.join(asked)} FROM {rows}").fetchone() or ()  # noqa: S608 - as above
    columns = [
        _column(source.names[place], answer[0], kinds[n], values[n], answer[4 * n + 1 : 4 * n + 5])
        for n, place in enumerate(places)
    ]
    return answer[0], columns


def _told(column: str) -> str:
    """The value without spaces around it; nothing for what only says that there is no value."""
    trimmed = f"trim({column})"
    # A list of words in SQL would become a join for each column.
    return f"CASE WHEN NOT regexp_full_match({trimmed}, '{_NOTHING}') THEN {trimmed} END"


def _figures(value: str, found: ValueKind) -> str:
    """Four aggregates: how many there are, how many different ones, the least and the greatest."""
    ordered = _ordered(value, found)
    return f"count({value}), approx_count_distinct({value}), min({ordered}), max({ordered})"


def _ordered(value: str, found: ValueKind) -> str:
    """The value as something that has an order. Only what matches a whole pattern is cast."""
    if found is ValueKind.DATE:
        iso = f"regexp_replace({value}, '^(\\d{{4}})[-/](\\d{{1,2}})[-/](\\d{{1,2}}).*$', '\\1-\\2-\\3')"
        american = f"regexp_replace({value}, '^(\\d{{1,2}})[-/](\\d{{1,2}})[-/](\\d{{4}}).*$', '\\3-\\1-\\2')"
        return (
            f"CASE WHEN regexp_full_match({value}, '{ISO_DATE}') THEN try_cast({iso} AS DATE)"
            f" WHEN regexp_full_match({value}, '{US_DATE}') THEN try_cast({american} AS DATE) END"
        )
    if found in {ValueKind.NUMBER, ValueKind.LATITUDE, ValueKind.LONGITUDE}:
        plain = f"try_cast(regexp_replace({value}, '[$,%]', '', 'g') AS DOUBLE)"
        known = f"nullif({plain}, 0)" if found is not ValueKind.NUMBER else plain
        return f"CASE WHEN regexp_full_match({value}, '{PLAIN_NUMBER}') THEN {known} END"
    return f"left({value}, {_LONGEST})"


def _column(name: str, rows: int, found: ValueKind, values: Sequence[str], figures: tuple[Any, ...]) -> ColumnSummary:
    count, distinct, least, greatest = figures
    frequent = Counter(values)
    return ColumnSummary(
        name=name,
        kind=found,
        nulls=round(1 - count / rows, 4) if rows else 1.0,
        distinct=min(distinct, count),
        unique=round(min(distinct, count) / count, 4) if count else 0.0,
        least=_written(least),
        greatest=_written(greatest),
        top=tuple(_shares(frequent, len(values), _TOP)),
        samples=tuple(one[:_LONGEST] for one, _ in zip(frequent, range(SAMPLES), strict=False)),
        shapes=tuple(_shares(Counter(map(shape, values)), len(values), _SHAPES)),
    )


def _shares(counted: Counter[str], of: int, most: int) -> Iterator[tuple[str, float]]:
    return ((one[:_LONGEST], round(count / of, 4)) for one, count in counted.most_common(most))


def _written(value: object) -> str:
    if value is None:
        return ""
    # PostgreSQL keeps no NUL in a text.
    return f"{value:.10g}" if isinstance(value, float) else str(value).replace("\0", "\ufffd")


def _left_out(session: duckdb.DuckDBPyConnection, source: _Source, rows: int) -> tuple[int, int]:
    """Rows that did not fit, each once however often the file was read. Raises `FileRefused` for too many of them."""
    counted = "SELECT count(DISTINCT line), min(line), arg_min(error_type, line) FROM reject_errors"
    count, line, why = session.execute(counted).fetchone() or (0, None, None)
    if count > _MOST_LEFT_OUT * (rows + count):
        fit = f"{count:,} of {rows + count:,} rows of {source.path.name} do not fit its {len(source.names):,} columns"
        message = f"{fit}; the first is at line {line}: {_WRONG.get(str(why), str(why).lower())}."
        advice = "Export it again as CSV in UTF-8, with quotation marks around values that have commas."
        raise FileRefused(message, advice=advice)
    return count, line or 0
