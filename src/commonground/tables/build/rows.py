"""One city's raw parts to its rows in a standard: batch by batch, then settled by key. Memory is bounded by the batch.

Two files are written: `rows.parquet`, and `withheld.parquet` with the reason of each row. Rows lie in the order in which
they came, so that where a row stands in the file is an order of its own; only where a key comes twice the file is
written again without the earlier row.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from commonground.engine.clean import texts
from commonground.engine.running import Engine, engine
from commonground.engine.session import literal, metadata, private
from commonground.standards.crosswalk import Crosswalk, Vintage
from commonground.standards.model import CITY, PLACE, UNMAPPED, Field, Standard
from commonground.tables.build.batches import batches, coded
from commonground.tables.build.cleaning import ROW, quoted
from commonground.tables.build.mapping import PART, WITHHELD, Mapped, Wanted, mapping
from commonground.tables.build.privacy import screen
from commonground.tables.build.result import Built, Raw, Share, Trouble
from commonground.tables.build.rules import WORD, Issue
from commonground.tables.build.words import Words
from commonground.tables.build.writing import ORDER, schema, writer

if TYPE_CHECKING:
    import duckdb
    from shapely.geometry.base import BaseGeometry

MEMORY: Final = "900MB"
SAMPLES: Final = 5
MOST_VALUES: Final = 200
_ROW_GROUP: Final = 60_000
_NO_LOSS: Final = frozenset({"personal-masked", "zero-place"})
"""Findings that take no value away: a mask leaves the text, and 0/0 says that the city knows no place."""
_KEPT: Final = frozenset({"unmapped", *_NO_LOSS})
_FILES: Final = ("rows", "withheld")
SHARED: Final = 100
"""So many rows at one exact place, and more than one in a hundred of the city's, are no coincidence."""
Progress = Callable[[int], None]


@dataclass(frozen=True)
class Order:
    """What to build: one city's rows of a standard, from these parts, into a folder. `withdrawn` are keys to hide,
    `engine` is the address of one that speaks Spark Connect; empty for DuckDB in this process. `about` is what both
    files say of themselves in their metadata: license, attribution.
    """

    standard: Standard
    crosswalk: Crosswalk
    zone: str
    within: BaseGeometry | None
    parts: Sequence[Raw]
    folder: Path
    today: date
    withdrawn: frozenset[str] = frozenset()
    engine: str = ""
    about: Mapping[str, str] = field(default_factory=dict)


@dataclass
class _Run:
    order: Order
    session: duckdb.DuckDBPyConnection
    engine: Engine
    result: Built
    progress: Progress
    issues: list[Issue] = field(default_factory=list)
    lost: Counter[Issue] = field(default_factory=Counter)
    given: Counter[str] = field(default_factory=Counter)
    samples: dict[Issue, list[tuple[int, int, str]]] = field(default_factory=dict)
    writers: dict[str, pq.ParquetWriter] = field(default_factory=dict)

    @property
    def standard(self) -> Standard:
        return self.order.standard

    @cached_property
    def schema(self) -> pa.Schema:
        return schema(self.standard)


def build(order: Order, progress: Progress = lambda _: None) -> Built:
    """Build and write. A part that fits no vintage is counted as withheld, `no_vintage`, and stops publication."""
    start = time.monotonic()
    order.folder.mkdir(parents=True, exist_ok=True)
    result = Built(order.standard.name, order.crosswalk.city)
    with private(MEMORY, spill=order.folder, ordered=True) as session:
        run = _Run(order, session, engine(order.engine, session), result, progress)
        with ExitStack() as stack:
            for name in _FILES:
                path = order.folder / f"{name}.parquet"
                run.writers[name] = stack.enter_context(closing(writer(path, run.schema)))
                run.writers[name].add_key_value_metadata(dict(order.about))
            for part in order.parts:
                _part(run, part)
        _settled(run)
    result.troubles += [Trouble(one.field, one.code, n, run.samples.get(one, [])) for one, n in run.lost.items() if n]
    result.troubles.sort(key=lambda one: (-one.count, one.field, one.code))
    result.issues = [(one.field, one.code) for one in run.issues]
    result.seconds = round(time.monotonic() - start, 2)
    return result


def _part(run: _Run, part: Raw) -> None:
    result = run.result
    result.raw += part.left
    vintage = run.order.crosswalk.vintage(set(part.columns))
    told: dict[str, Any] = {"part": part.id, "source": part.source, "label": part.label, "rows": part.left}
    result.sources.append({**told, "vintage": vintage.name if vintage else ""})
    if vintage is None:
        result.read += part.left
        result.withheld["no_vintage"] += part.left
        near = ", ".join(_missing(run.order.crosswalk, part))
        result.stopped.append(f"{part.source}: no vintage of the crosswalk fits its columns; missing {near}")
        return
    wanted = Wanted(run.standard, run.order.crosswalk, run.order.zone, run.order.today)
    made = mapping(wanted, vintage, list(part.columns), coded(part))
    for issue in made.issues:
        if issue not in run.issues:
            run.issues.append(issue)
    sql = run.engine.prepare(made.expression, made.tables)
    words = Words(made, run.engine.prepare(made.by_word, {})) if made.by_word is not None else None
    for raw in batches(run.session, part, made.cleaning.columns):
        clean = made.cleaning.cleaned(run.session, raw, run.order.within)
        found = run.engine.run(sql, "clean", clean.drop_columns(_idle(made, clean)))
        found = _carried(found, clean, made.passing)
        if words:
            found = words.told(run.engine, clean, found)
        _counted(run, _At(part, vintage, made), clean, found)
        _put(run, _finished(run, part, made, found))
        run.progress(len(clean))


def _idle(made: Mapped, clean: pa.Table) -> list[str]:
    """Clean columns that the engine is not asked about."""
    return [name for name in clean.column_names if name not in made.asked]


def _carried(found: pa.Table, clean: pa.Table, passing: Mapping[str, str]) -> pa.Table:
    """What an engine found, in the order of the rows whatever the engine's, with the texts that need none."""
    if not found[ROW].equals(clean[ROW]):
        found = found.sort_by([(ROW, "ascending"), (PART, "ascending")])
    for name, alias in passing.items():  # one row is one row where texts pass
        found = found.append_column(name, clean[alias])
    return found


def _put(run: _Run, rows: pa.Table) -> None:
    """Write a batch: rows here, withheld ones there."""
    held = rows[WITHHELD]
    if held.null_count == len(rows):
        run.writers["rows"].write_table(rows, row_group_size=_ROW_GROUP)
        return
    mask = pc.is_null(held)
    run.writers["rows"].write_table(rows.filter(mask), row_group_size=_ROW_GROUP)
    withheld = rows.filter(pc.invert(mask))
    run.writers["withheld"].write_table(withheld, row_group_size=_ROW_GROUP)
    for one in pc.value_counts(withheld[WITHHELD]).to_pylist():
        run.result.withheld[one["values"]] += one["counts"]


def _missing(crosswalk: Crosswalk, part: Raw) -> Iterator[str]:
    """Of the vintage that comes nearest, the columns that are not there."""
    there = set(part.columns)
    near = min(crosswalk.vintages, key=lambda one: len(set(one.when) - there))
    yield from sorted(set(near.when) - there)


@dataclass(frozen=True)
class _At:
    """Where a run stands: a part, its vintage, and what was made of that."""

    part: Raw
    vintage: Vintage
    made: Mapped


def _counted(run: _Run, at: _At, clean: pa.Table, found: pa.Table) -> None:
    """Take the counts of a batch: values given, lost by rule, with some samples of the first."""
    kept = found if found[WITHHELD].null_count == len(found) else found.filter(pc.is_null(found[WITHHELD]))
    losses = dict(zip(at.made.issues, _hits(kept, at.made), strict=True))
    lost: Counter[str] = Counter()
    for issue, count in losses.items():
        if issue.code not in _KEPT:
            lost[issue.field] += count
    for one in run.standard.fields:
        run.given[one.name] += len(kept) - kept[one.name].null_count + lost[one.name]
    for place, (issue, count) in enumerate(losses.items()):
        if count:
            run.lost[issue] += count
            _sampled(run, at, (clean, kept), place)


def _hits(found: pa.Table, made: Mapped) -> Iterator[int]:
    """How many rows break each rule. Most rules are broken by none, which one look at all bits tells."""
    import numpy as np

    words = [found[name].to_numpy() for name in made.words]
    every = [int(np.bitwise_or.reduce(word)) for word in words]
    for place in range(len(made.issues)):
        bit = 1 << place % WORD
        yield int(np.count_nonzero(words[place // WORD] & bit)) if every[place // WORD] & bit else 0


def _sampled(run: _Run, at: _At, batch: tuple[pa.Table, pa.Table], place: int) -> None:
    """Keep the first rows that break a rule, with what stands in the columns of its field."""
    clean, found = batch
    issue = at.made.issues[place]
    held = run.samples.setdefault(issue, [])
    if len(held) >= SAMPLES:
        return
    broken = pc.not_equal(pc.bit_wise_and(found[at.made.words[place // WORD]], 1 << place % WORD), 0)
    rows = found[ROW].filter(broken).slice(0, SAMPLES - len(held))
    where = pc.index_in(rows, value_set=clean[ROW].combine_chunks())
    shown = [texts.plain(clean[one].take(where)).to_pylist() for one in _aliases(at.vintage, at.made, issue)]
    for number, row in enumerate(rows.to_pylist()):
        values = (values[number] for values in shown)
        held.append((at.part.id, row, " | ".join(one for one in values if one is not None)[:200]))


def _aliases(vintage: Vintage, made: Mapped, issue: Issue) -> list[str]:
    """The clean columns from which a field is made."""
    if issue.field in PLACE:
        columns = [column for one in vintage.place for column in one.columns()]
    else:
        expression = vintage.fields.get(issue.field)
        columns = list(expression.numbered(1).columns()) if expression else []
    known = made.cleaning.columns
    return list(dict.fromkeys(known[one] for one in columns if one in known))


def _finished(run: _Run, part: Raw, made: Mapped, found: pa.Table) -> pa.Table:
    """A batch as it is staged: bits in the order of the whole run, where the row comes from, free text screened."""
    size = len(found)
    columns: dict[str, Any] = {one.name: found[one.name] for one in run.standard.fields}
    for one in run.standard.fields:
        if one.free_text:
            columns[one.name], hits = screen(columns[one.name])
            if hits:
                run.lost[Issue(one.name, "personal-masked")] += hits
    columns["_dataset"] = pa.DictionaryArray.from_arrays(pa.repeat(pa.scalar(0, pa.int32()), size), [part.source])
    columns["_part"] = pa.repeat(pa.scalar(part.id, pa.int64()), size)
    columns |= {ROW: found[ROW], PART: found[PART], WITHHELD: found[WITHHELD]}
    columns |= _bits(run, made, found)
    import numpy as np

    order = (np.int64(part.order) << 42) + (found[ROW].to_numpy() << 7) + found[PART].to_numpy()
    columns[ORDER] = pa.array(order)
    return pa.table(columns).select(run.schema.names).cast(run.schema)


def _bits(run: _Run, made: Mapped, found: pa.Table) -> dict[str, Any]:
    """The bits of a part's own issues moved to where the whole run has them."""
    import numpy as np

    words = [np.zeros(len(found), dtype=np.int64) for _ in range(2)]
    own = [found[name].to_numpy() for name in made.words]
    if list(made.issues) == run.issues[: len(made.issues)]:
        return {f"_issues{n}": own[n] if n < len(own) else words[n] for n in range(2)}
    for place, issue in enumerate(made.issues):
        there = run.issues.index(issue)
        hit = (own[place // WORD] >> np.int64(place % WORD)) & 1
        words[there // WORD] |= hit << np.int64(there % WORD)
    return {f"_issues{n}": words[n] for n in range(2)}


def _settled(run: _Run) -> None:
    """Of rows with one key the last stays, and rows that a city took back go; then what only the whole tells is told."""
    session, standard = run.session, run.standard
    rows, withheld = _at(run, "rows"), _at(run, "withheld")
    own = [one for one in standard.key if one != CITY]
    keys = ", ".join(quoted(one) for one in own)
    hashed = f"hash({keys})"
    # Most keys come once: only rows of those that come twice are compared by their whole key.
    session.execute(f"CREATE TEMP TABLE twice AS SELECT {hashed} AS h FROM {rows} GROUP BY 1 HAVING count(*) > 1")
    session.execute(
        f"CREATE TEMP TABLE gone AS SELECT {ORDER} AS o, 'superseded' AS why FROM (SELECT {ORDER}, row_number() OVER ("
        f"PARTITION BY {keys} ORDER BY {ORDER} DESC) AS place FROM {rows}"
        f" WHERE {hashed} IN (SELECT h FROM twice)) WHERE place > 1"
    )
    if run.order.withdrawn:
        told = f"concat_ws('/', {', '.join(f'{quoted(one)}::VARCHAR' for one in own)})"
        hidden = ", ".join(literal(one) for one in sorted(run.order.withdrawn))
        session.execute(f"INSERT INTO gone SELECT {ORDER}, 'withdrawn' FROM {rows} WHERE {told} IN ({hidden})")
        session.execute(
            "DELETE FROM gone WHERE why = 'superseded' AND o IN (SELECT o FROM gone WHERE why = 'withdrawn')"
        )
    counts = dict(session.execute("SELECT why, count(*) FROM gone GROUP BY 1").fetchall())
    if counts:
        _uncounted(run, rows)
        leaving = f"SELECT s.* REPLACE (g.why AS {WITHHELD}) FROM {rows} s JOIN gone g ON s.{ORDER} = g.o"
        _again(run, "withheld", f"FROM {withheld} UNION ALL BY NAME {leaving} WHERE g.why <> 'withdrawn'")
        _again(run, "rows", f"SELECT s.* FROM {rows} s WHERE s.{ORDER} NOT IN (SELECT o FROM gone) ORDER BY {ORDER}")
        for why, count in counts.items():
            run.result.withheld[why] += count
    _told(run)


def _uncounted(run: _Run, rows: str) -> None:
    """Take back what was counted of rows that go: the remainder is of the rows that are published."""
    names = [one.name for one in run.standard.fields]
    asked = [f"count({quoted(one)})" for one in names]
    asked += [
        f"count(*) FILTER ((_issues{place // WORD} & {1 << place % WORD}) <> 0)" for place in range(len(run.issues))
    ]
    answer = run.session.execute(
        f"SELECT {', '.join(asked)} FROM {rows} WHERE {ORDER} IN (SELECT o FROM gone)"
    ).fetchall()[0]
    run.given.subtract(dict(zip(names, answer, strict=False)))
    for issue, count in zip(run.issues, answer[len(names) :], strict=True):
        run.lost[issue] -= count
        if issue.code not in _KEPT:
            run.given[issue.field] -= count


def _again(run: _Run, name: str, question: str) -> None:
    """Write a file anew from a question that may read it."""
    path = run.order.folder / f"{name}.parquet"
    aside = path.with_suffix(".partial")
    run.session.execute(
        f"COPY ({question}) TO {literal(str(aside))} (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {_ROW_GROUP}"
        f"{metadata(run.order.about)})"
    )
    aside.replace(path)


def _at(run: _Run, name: str) -> str:
    return f"read_parquet({literal(str(run.order.folder / f'{name}.parquet'))})"


def _told(run: _Run) -> None:
    """Counts, the remainder of each field, values without a code, first and newest day, places that many rows share."""
    session, result, standard = run.session, run.result, run.standard
    rows = _at(run, "rows")
    day = f"min({quoted(standard.time)})::VARCHAR, max({quoted(standard.time)})::VARCHAR" if standard.time else "'', ''"
    placed = "count(latitude)" if standard.has_place else "0"
    answer = session.execute(f"SELECT count(*), {day}, {placed} FROM {rows}").fetchall()[0]
    result.mapped, result.first, result.newest, result.placed = answer[0], answer[1] or "", answer[2] or "", answer[3]
    result.read += result.mapped + sum(n for reason, n in result.withheld.items() if reason != "no_vintage")
    for one in standard.fields:
        if one.name != CITY and run.given[one.name]:
            lost = sum(n for issue, n in run.lost.items() if issue.field == one.name and issue.code not in _NO_LOSS)
            result.remainder[one.name] = Share(run.given[one.name], lost)
        if one.codelist:
            result.unmapped |= _unmapped(run, one, rows)
    if standard.has_place and result.placed:
        _shared(run, rows)


def _unmapped(run: _Run, one: Field, rows: str) -> dict[str, dict[str, int]]:
    raw = quoted(one.raw) if one.raw else "NULL"
    found = run.session.execute(
        f"SELECT coalesce({raw}::VARCHAR, ''), count(*) FROM {rows} WHERE {quoted(one.name)} = '{UNMAPPED}'"
        f" GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT {MOST_VALUES}"
    ).fetchall()
    return {one.name: dict(found)} if found else {}


def _shared(run: _Run, rows: str) -> None:
    least = max(SHARED, run.result.placed // 100)
    found = run.session.execute(
        f"SELECT count(*), sum(n)::BIGINT, first(place) FROM (SELECT count(*) AS n,"
        f" latitude || ', ' || longitude AS place FROM {rows} WHERE latitude IS NOT NULL GROUP BY latitude, longitude"
        f" HAVING count(*) > {least} ORDER BY n DESC)"
    ).fetchall()[0]
    if found[0]:
        samples = [(0, 0, str(found[2]))]
        run.result.troubles.append(Trouble(PLACE[0], "shared-place", int(found[1]), samples))
