"""Clean columns to the fields of a standard, as one Ibis expression, whatever engine runs it.

Only what engines do alike is asked of them: texts are cast where an anchored pattern has matched, and codes are found
by a join with a table of the crosswalk's own.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cached_property, partial, reduce
from operator import and_, or_
from typing import Final

import ibis
import pyarrow as pa
from ibis import Table, Value
from ibis.expr import operations as ops

from commonground.engine.clean.places import Trouble
from commonground.standards.crosswalk import Crosswalk, Expression, Vintage
from commonground.standards.model import CITY, PLACE, UNMAPPED, Field, FieldType, Standard
from commonground.tables.build import cleaning
from commonground.tables.build.casting import DAY, TYPES, cast, joined
from commonground.tables.build.cleaning import RAGGED, ROW, Cleaning
from commonground.tables.build.rules import WORD, Issue, bits, rules

PART: Final = "_n"
WITHHELD: Final = "_withheld"
_DAY: Final = 1950
_NO_DAY: Final = (date(1899, 12, 30), date(1900, 1, 3))
"""From the first to before the second lie the days that stand for none: 1900-01-01 and Excel's zero, in any zone."""


@dataclass(frozen=True)
class Mapped:
    """What `mapping` gives: the expression, how the clean step goes, codes to register by table name, issues by bit;
    the fields that are a clean column as it stands (`passing`: its name), which no engine needs to carry; and the
    fields that are told by a word of one clean column (`worded`), with the expression over its words.
    """

    expression: Table
    cleaning: Cleaning
    tables: Mapping[str, pa.Table]
    issues: tuple[Issue, ...]
    passing: Mapping[str, str]
    worded: Mapping[str, str]
    by_word: Table | None

    @cached_property
    def asked(self) -> frozenset[str]:
        """The clean columns that the expression reads."""
        found = self.expression.op().find(ops.Field)
        return frozenset(one.name for one in found if isinstance(one.rel, ops.UnboundTable) and one.rel.name == "clean")

    @property
    def words(self) -> tuple[str, ...]:
        """The columns of bits."""
        return tuple(f"_issues{word}" for word in range(-(-len(self.issues) // WORD)))


@dataclass
class _Mapping:
    standard: Standard
    crosswalk: Crosswalk
    cleaning: Cleaning
    today: date
    lookups: dict[tuple[str, str], str] = field(default_factory=dict)
    sources: dict[str, Callable[[Table], Value]] = field(default_factory=dict)


@dataclass(frozen=True)
class Wanted:
    """What is mapped: to which standard, by which crosswalk, for a city in which zone. `today` is the day of the
    build: what is later cannot have been.
    """

    standard: Standard
    crosswalk: Crosswalk
    zone: str
    today: date


def mapping(wanted: Wanted, vintage: Vintage, present: list[str], coded: Collection[str] = ()) -> Mapped:
    """The rows of a vintage, of which these columns are present, as rows of the standard. `coded` are columns of few
    words: what hangs on one of them alone is asked of each word once.
    """
    standard, crosswalk, zone, today = wanted.standard, wanted.crosswalk, wanted.zone, wanted.today
    steps = _Mapping(standard, crosswalk, Cleaning.of(crosswalk, vintage, present, zone), today)
    rows = cleaning.variants(standard, vintage)
    every = [one.name for one in standard.fields]
    parts = [_Row(steps, vintage, n, fields) for n, fields in rows]
    for part in parts:
        part.ask()
    issues = tuple(dict.fromkeys(issue for part in parts for issue in part.issues()))
    clean = ibis.table(steps.cleaning.schema(), name="clean")
    passing = parts[0].passing() if len(parts) == 1 else {}
    worded = parts[0].worded(coded) if len(parts) == 1 else {}
    asked = [name for name in every if name not in passing and name not in worded]
    found = [part.table(clean, asked, issues) for part in parts]
    tables = {f"codes_{name}": _codes(crosswalk.codes[name]) for name, _ in steps.lookups}
    expression = found[0] if len(found) == 1 else ibis.union(*found, distinct=False)
    by_word = parts[0].words(worded, issues) if worded else None
    return Mapped(expression, steps.cleaning, tables, issues, passing, worded, by_word)


def _codes(codes: Mapping[str, str]) -> pa.Table:
    lowered = {key.strip().lower(): code for key, code in codes.items()}
    return pa.table({"key": pa.array(lowered, pa.string()), "code": pa.array(lowered.values(), pa.string())})


@dataclass
class _Row:
    """One row that a row becomes: number 0 where nothing is repeated."""

    steps: _Mapping
    vintage: Vintage
    n: int
    fields: Mapping[str, Expression]

    def ask(self) -> None:
        """Ask the clean step for times, and note which codes are looked up."""
        for name, expression in self.fields.items():
            self._ask(expression, self.steps.standard.named[name])

    def _ask(self, expression: Expression, of: Field) -> None:
        kind = cleaning.temporal(expression, of.type)
        if expression.first:
            for one in _alternatives(expression):
                self._ask(one, of)
        elif expression.codes:
            key = (expression.codes, repr(_bare(expression)))
            self.steps.lookups.setdefault(key, f"k{len(self.steps.lookups)}")
            self.steps.sources[self.steps.lookups[key]] = partial(self._text, expression=_bare(expression))
        elif kind and self._clean(expression):
            self.steps.cleaning.moment(expression, kind)
        for one in expression.parts():  # a day within a text is read as a day as well
            if one.cast and (day := cleaning.temporal(one, of.type)) and self._clean(one):
                self.steps.cleaning.moment(one, day)

    def _there(self, expression: Expression) -> bool:
        return all(column in self.steps.cleaning.columns for column in expression.columns())

    def _clean(self, expression: Expression) -> bool:
        """Whether the clean step can read its time: it stands in columns, and they are there."""
        return bool(list(expression.columns())) and not expression.first and self._there(expression)

    def _joined(self, clean: Table, names: Iterable[str]) -> Table:
        """The clean rows with what the lookups of these fields found, `v0` …: one chain of joins, for each nested one
        costs stack.
        """
        used = {key for name in names if name in self.fields for key in _lookups(self.fields[name])}
        lookups = {key: alias for key, alias in self.steps.lookups.items() if key in used}
        if not lookups:
            return clean
        keys = {alias: self.steps.sources[alias](clean).lower() for alias in lookups.values()}
        keyed = found = clean.mutate(**keys)
        for (codes, _), alias in lookups.items():
            number = alias[1:]
            table = ibis.table({"key": "string", "code": "string"}, name=f"codes_{codes}").rename(
                {f"key{number}": "key", f"v{number}": "code"}
            )
            found = found.left_join(table, keyed[alias] == table[f"key{number}"])
        return found.drop(*keys, *(f"key{alias[1:]}" for alias in keys))

    def _text(self, t: Table, expression: Expression) -> Value:
        """The text of an expression without casts; NULL where a column is not there."""
        if expression.constant is not None:
            return ibis.literal(str(expression.constant).replace("{n}", str(self.n)))
        if inner := [self._text(t, one) for one in expression.parts()]:
            return ibis.coalesce(*inner) if expression.first else joined(inner, expression.joiner)
        if not self._there(expression):
            return ibis.null("string")
        if expression.cast == "date":
            return t[self.steps.cleaning.moment(expression, FieldType.DATE)].cast("string")  # a day within a text
        text = t[self.steps.cleaning.columns[next(expression.columns())]]
        if expression.split:
            parts = text.split(expression.at)
            place = expression.part - 1 if expression.part > 0 else parts.length() + expression.part
            return parts[place].strip().nullif("")
        return text.re_extract(expression.pattern, 1).nullif("") if expression.match else text

    def _value(self, t: Table, expression: Expression, of: Field) -> Value:
        if expression.first:
            return ibis.coalesce(*(self._value(t, one, of) for one in _alternatives(expression)))
        if expression.codes:
            alias = self.steps.lookups[expression.codes, repr(_bare(expression))]
            return t[f"v{alias[1:]}"]
        kind = cleaning.temporal(expression, of.type)
        if kind and self._clean(expression):
            return t[self.steps.cleaning.moment(expression, kind)]
        if kind:
            text = self._text(t, expression)
            whole = ibis.ifelse(text.re_search(DAY), text, ibis.null("string"))
            return whole.try_cast("date").cast(TYPES[kind])
        return cast(self._text(t, expression), expression, of)

    def _given(self, t: Table, expression: Expression) -> Value:
        columns = [self.steps.cleaning.columns.get(one) for one in expression.columns()]
        there = [t[one].notnull() for one in columns if one]
        # A day without its time of day gives no instant, and none is lost.
        return reduce(and_ if expression.date else or_, there) if there else ibis.literal(value=False)

    def issues(self) -> list[Issue]:
        """Every rule that a value of these rows may break."""
        found = []
        for name, of in self.steps.standard.named.items():
            if name in PLACE:
                continue
            expression = self.fields.get(name)
            if expression is None:
                continue
            found += [Issue(name, code) for code in rules(of, expression)]
        if self.vintage.place and self.steps.standard.has_place:
            found += [Issue(PLACE[0], code) for code in ("unreadable", "zero-place", "outside-city")]
        later = [one for one in self.steps.standard.orders if one.later in self.fields and one.earlier in self.fields]
        return found + [Issue(one.later, "before-" + one.earlier.replace("_", "-")) for one in later]

    def passing(self) -> dict[str, str]:
        """Fields that are no more than a column's text, and the clean name of that."""
        columns = self.steps.cleaning.columns
        return {
            name: columns[one.column]
            for name, one in self.fields.items()
            if one.column in columns and self._bare_text(self.steps.standard.named[name], one)
        }

    def _bare_text(self, of: Field, one: Expression) -> bool:
        if of.type is not FieldType.STRING or of.codelist or of.pattern or of.name in self.steps.standard.key:
            return False
        return one.cast in {None, "text"} and one.model_dump(exclude_defaults=True).keys() <= {"column", "cast"}

    def worded(self, coded: Collection[str]) -> dict[str, str]:
        """Fields that hang on one column of few words alone, and the clean name of that."""
        columns, found = self.steps.cleaning.columns, {}
        for name, one in self.fields.items():
            of, read = self.steps.standard.named[name], {*one.columns()}
            temporal = any(cleaning.temporal(part, of.type) for part in _every(one))
            apart = name in PLACE or name in self.steps.standard.key or name in self.passing()
            if len(read) == 1 and read <= {*coded} and read <= columns.keys() and not temporal and not apart:
                found[name] = columns[read.pop()]
        return found

    def words(self, worded: Mapping[str, str], issues: tuple[Issue, ...]) -> Table:
        """Such fields as an expression over the words of their columns, which lie side by side."""
        schema = {**dict.fromkeys(worded.values(), "string"), ROW: "int64"}
        t = self._joined(ibis.table(schema, name="words"), worded)
        broken: dict[Issue, Value] = {}
        values = {name: self._field(t, self.steps.standard.named[name], broken) for name in worded}
        return t.select(**values, **{ROW: t[ROW]}, **bits(broken, issues))

    def table(self, clean: Table, every: list[str], issues: tuple[Issue, ...]) -> Table:
        """The rows as an expression: the fields, where each comes from, what is wrong, and why a row is withheld."""
        t = self._joined(clean, every)
        values: dict[str, Value] = {}
        broken: dict[Issue, Value] = {}
        for name in every:
            of = self.steps.standard.named[name]
            values[name] = self._field(t, of, broken)
        self._place(t, values, broken)
        self._orders(values, broken)
        found = t.select(
            **values,
            **{ROW: t[ROW], PART: ibis.literal(self.n, type="int8"), WITHHELD: self._withheld(t, values)},
            **bits(broken, issues),
        )
        if not self.vintage.repeat:
            return found
        return found.filter(~(found[WITHHELD].fill_null("") == "not_repeated"))

    def _field(self, t: Table, of: Field, broken: dict[Issue, Value]) -> Value:
        if of.name == CITY:
            return ibis.literal(self.steps.crosswalk.city)
        expression = self.fields.get(of.name)
        if expression is None or of.name in PLACE:
            return ibis.null(TYPES[of.type])
        value = self._value(t, expression, of)
        given = self._given(t, expression)
        if of.codelist:
            missing = given & value.isnull()
            broken[Issue(of.name, "unmapped")] = missing
            return ibis.ifelse(missing, UNMAPPED, value)
        if of.type is FieldType.STRING:
            if of.pattern:
                wrong = value.notnull() & ~value.re_search(of.pattern)
                broken[Issue(of.name, "wrong-form")] = wrong
                return ibis.ifelse(wrong, ibis.null("string"), value)
            return value
        broken[Issue(of.name, "unreadable")] = given & value.isnull()
        return self._bounded(t, value, expression, of, broken)

    def _bounded(self, t: Table, value: Value, expression: Expression, of: Field, broken: dict[Issue, Value]) -> Value:
        tests: dict[str, Value] = {}
        if of.type in {FieldType.DATE, FieldType.DATETIME}:
            first, nothing, after = (_at(day, of) for day in (date(of.earliest or _DAY, 1, 1), *_NO_DAY))
            tests["too-early"] = (value < first) | ((value >= nothing) & (value < after))
            if not of.ahead:
                tests["in-future"] = value >= _at(self.steps.today + timedelta(days=2), of)
            if of.type is FieldType.DATETIME and (gone := self._never(t, expression, of)) is not None:
                broken[Issue(of.name, "no-such-time")] = gone
                broken[Issue(of.name, "unreadable")] &= ~gone
        if of.minimum is not None:
            tests["too-small"] = value < of.minimum
        if of.maximum is not None:
            tests["too-large"] = value > of.maximum
        for code, test in tests.items():
            broken[Issue(of.name, code)] = test.fill_null(False)
        wrong = [broken[Issue(of.name, code)] for code in tests]
        return ibis.ifelse(reduce(or_, wrong), ibis.null(TYPES[of.type]), value) if wrong else value

    def _never(self, t: Table, expression: Expression, of: Field) -> Value | None:
        kind = cleaning.temporal(expression, of.type)
        if kind is not FieldType.DATETIME or not self._clean(expression):
            return None
        return t[cleaning.never(self.steps.cleaning.moment(expression, kind))]

    def _place(self, t: Table, values: dict[str, Value], broken: dict[Issue, Value]) -> None:
        if not (self.vintage.place and self.steps.standard.has_place):
            return
        for name, column in zip(PLACE, ("lat", "lon"), strict=True):
            values[name] = t[column]
        for code, trouble in (
            ("unreadable", Trouble.UNREADABLE),
            ("zero-place", Trouble.ZERO),
            ("outside-city", Trouble.OUTSIDE),
        ):
            broken[Issue(PLACE[0], code)] = t["trouble"] == trouble.value

    def _orders(self, values: dict[str, Value], broken: dict[Issue, Value]) -> None:
        for one in self.steps.standard.orders:
            issue = Issue(one.later, "before-" + one.earlier.replace("_", "-"))
            if one.later not in self.fields or one.earlier not in self.fields:
                continue
            earlier, later = values[one.earlier], values[one.later]
            if earlier.type() != later.type():
                earlier, later = earlier.cast("date"), later.cast("date")
            broken[issue] = (later < earlier).fill_null(False)
            kind = TYPES[self.steps.standard.named[one.later].type]
            values[one.later] = ibis.ifelse(broken[issue], ibis.null(kind), values[one.later])

    def _withheld(self, t: Table, values: dict[str, Value]) -> Value:
        cases: list[tuple[Value, str]] = []
        if self.vintage.repeat:
            column = self.vintage.repeat.when.replace("{n}", str(self.n))
            empty = self._text(t, Expression(column=column)).isnull()
            if not (self.n == 1 and self.vintage.repeat.always):
                cases.append((empty, "not_repeated"))
        cases.append((t[RAGGED].notnull(), "broken_row"))
        for keep in self.vintage.keep:
            value = self._text(t, Expression(column=keep.column))
            test = value.isin(keep.among) if keep.among else ~value.isin(keep.not_in)
            default = not keep.among
            cases.append((~test.fill_null(default), "out_of_scope"))
        cases += [(values[name].isnull(), "no_key") for name in self.steps.standard.key if name != CITY]
        return ibis.cases(*cases, else_=ibis.null("string"))


def _every(expression: Expression) -> Iterator[Expression]:
    """An expression and all that are in it."""
    yield expression
    for one in expression.parts():
        yield from _every(one)


def _lookups(expression: Expression) -> Iterator[tuple[str, str]]:
    """The lookups of an expression, as `_Mapping.lookups` knows them."""
    if expression.first:
        for one in _alternatives(expression):
            yield from _lookups(one)
    elif expression.codes:
        yield expression.codes, repr(_bare(expression))


def _at(day: date, of: Field) -> Value:
    """The begin of a day, as the type of the field; compared with a literal, because casts of times are slow."""
    if of.type is FieldType.DATE:
        return ibis.literal(day)
    return ibis.literal(datetime(day.year, day.month, day.day, tzinfo=UTC), type=TYPES[of.type])


def _alternatives(expression: Expression) -> list[Expression]:
    """What `first` chooses from; each takes over what is said of all, unless it says its own."""
    found = []
    for one in expression.parts():
        told = {
            "codes": one.codes or expression.codes,
            "cast": one.cast or expression.cast,
            "formats": one.formats or expression.formats,
            "zone": one.zone or expression.zone,
            "factor": expression.factor if one.factor is None else one.factor,
        }
        found.append(one.model_copy(update=told))
    return found


def _bare(expression: Expression) -> Expression:
    return expression.model_copy(update={"codes": ""})
