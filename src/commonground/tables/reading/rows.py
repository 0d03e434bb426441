"""The rows that answer a question: one page of them, or all in a stream that holds a few at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from commonground.engine.session import literal
from commonground.engine.shared import questions
from commonground.standards.model import CITY
from commonground.tables.build.cleaning import quoted
from commonground.tables.reading.cursor import Cursor
from commonground.tables.reading.question import Order, Term
from commonground.tables.reading.spans import SQL

if TYPE_CHECKING:
    from commonground.tables.reading.question import Question

SECONDS: Final = 30.0
"""How long a page may take."""
_BATCH: Final = 8192
_ALL: Final = Term("true")


@dataclass(frozen=True)
class Files:
    """The files of one release, by city. Beside them, `spill` takes what is too large to sort in memory."""

    release: int
    paths: Mapping[str, Path]
    spill: Path | None = None


@dataclass(frozen=True)
class Page:
    """Some rows, as an Arrow table of the columns asked for, and where the next page begins; None after the last."""

    rows: Any
    after: Cursor | None


def page(files: Files, question: Question) -> Page:
    """The rows of a page, at most `question.limit`."""
    keys = _keys(question)
    found: list[Any] = []
    missing = question.limit + 1  # one more tells whether there is a next page
    with questions(files.spill, seconds=SECONDS) as session:
        for sql, values in _pieces(files, question):
            some = session.sql(f"{sql} LIMIT {missing}", params=values).to_arrow_table()
            found.append(some)
            missing -= some.num_rows
            if missing <= 0:
                break
    if not found:
        return Page(_nothing(question), None)
    rows = pa.concat_tables(found, promote_options="permissive")
    shown = rows.select(range(len(question.columns)))
    if missing > 0:
        return Page(shown, None)
    last = rows.slice(question.limit - 1, 1).select(range(len(question.columns), rows.num_columns)).to_pylist()[0]
    values = [last[f"~{number}"] for number in range(len(keys))]
    cursor = Cursor(question.order, files.release, last["~city"], last["~place"], tuple(values))
    return Page(shown.slice(0, question.limit), cursor)


def _nothing(question: Question) -> Any:  # noqa: ANN401 - Arrow's tables are not told to type checkers
    return pa.table({name: pa.array([], pa.string()) for name in question.columns})


def batches(files: Files, question: Question) -> Iterator[Any]:
    """All rows, in batches of Arrow. Read while they are sent, so that memory does not grow with them."""
    with questions(files.spill) as session:
        for sql, values in _pieces(files, question, every=True):
            for batch in session.sql(sql, params=values).to_arrow_reader(_BATCH):
                yield batch.select(range(len(question.columns)))


def count(files: Files, question: Question) -> int:
    """How many rows there are."""
    total = 0
    condition, values = _all_of(question.terms)
    with questions(files.spill, seconds=SECONDS) as session:
        for path in _chosen(files, question).values():
            sql = f"SELECT count(*) FROM {_read([path])} WHERE {condition}"
            total += session.execute(sql, values).fetchall()[0][0]
    return total


def _chosen(files: Files, question: Question) -> dict[str, Path]:
    return {city: files.paths[city] for city in question.cities if city in files.paths}


def _pieces(files: Files, question: Question, *, every: bool = False) -> Iterator[tuple[str, list[Any]]]:
    """Questions in SQL, to be asked one after the other: what is ordered by city first is asked city by city."""
    chosen = _chosen(files, question)
    after = question.after
    if question.order is Order.TIME:
        if chosen:
            yield _sql(question, list(chosen.values()), _after_time(question) if after else _ALL)
        return
    for city, path in sorted(chosen.items()):
        if after and city < after.city:
            continue
        if every and question.order is Order.PLACE and not after:
            yield _sql(question, [path], _ALL, ordered=False)  # a file lies in this order already
            continue
        yield _sql(question, [path], _after_key(question) if after and city == after.city else _ALL)


def _sql(question: Question, paths: Sequence[Path], after: Term, *, ordered: bool = True) -> tuple[str, list[Any]]:
    keys = _keys(question)
    condition, values = _all_of((*question.terms, after))
    hidden = [f'CAST({quoted(name)} AS VARCHAR) AS "~{number}"' for number, (name, _) in enumerate(keys)]
    shown = ", ".join([*map(quoted, question.columns), *hidden, 'city AS "~city"', '_order AS "~place"'])
    sql = f"SELECT {shown} FROM {_read(paths)} WHERE {condition}"
    if ordered:
        newest, city = (" DESC NULLS LAST", [CITY]) if question.order is Order.TIME else ("", [])  # else it is one city
        sql += f" ORDER BY {', '.join([*(quoted(name) + newest for name, _ in keys), *city, '_order'])}"
    return sql, values


def _read(paths: Sequence[Path]) -> str:
    return f"read_parquet([{', '.join(literal(str(one)) for one in paths)}])"


def _all_of(terms: Sequence[Term]) -> tuple[str, list[Any]]:
    return " AND ".join(one.sql for one in terms) or "true", [value for one in terms for value in one.values]


def _keys(question: Question) -> list[tuple[str, str]]:
    """The fields that come first in an order, with their types in SQL; city and place in the city follow."""
    standard = question.standard
    names = {
        Order.PLACE: (),
        Order.KEY: tuple(one for one in standard.key if one != CITY),
        Order.TIME: (standard.time,),
    }[question.order]
    return [(name, SQL[standard.named[name].type]) for name in names]


def _after_key(question: Question) -> Term:
    """Behind the cursor in its own city. What the cursor has no value for compares as null, and so ends the pages."""
    after, keys = question.after, _keys(question)
    assert after
    if not keys:
        return Term("_order > ?", (after.place,))
    names = ", ".join(quoted(name) for name, _ in keys)
    marks = ", ".join(f"TRY_CAST(? AS {kind})" for _, kind in keys)
    given = (*after.values, *(None for _ in keys))[: len(keys)]
    return Term(f"({names}, _order) > ({marks}, ?)", (*given, after.place))


def _after_time(question: Question) -> Term:
    """Behind the cursor where the newest comes first, and rows without a time come last."""
    after, ((name, kind),) = question.after, _keys(question)
    assert after
    field = quoted(name)
    behind = f"({CITY} > ? OR ({CITY} = ? AND _order > ?))"
    place = (after.city, after.city, after.place)
    moment = after.values[0] if after.values else None
    if moment is None:
        return Term(f"({field} IS NULL AND {behind})", place)
    told = f"TRY_CAST(? AS {kind})"
    return Term(f"({field} < {told} OR {field} IS NULL OR ({field} = {told} AND {behind}))", (moment, moment, *place))


def selected(files: Files, question: Question, cities: Sequence[str]) -> tuple[str, list[Any]]:
    """Files and condition of a question for some of its cities, to stand after FROM; with the values for its marks."""
    condition, values = _all_of(question.terms)
    return f"{_read([files.paths[one] for one in cities])} WHERE {condition}", values
