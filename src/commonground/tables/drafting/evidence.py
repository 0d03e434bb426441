"""What the values of a column tell: how its dates are written, whether they are numbers, which codes they mean. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Final

import pyarrow.compute as pc
import pyarrow.parquet as pq

from commonground.engine.values import ValueKind, kind, number
from commonground.standards.crosswalk import Crosswalk, Expression
from commonground.standards.fitting import leaves
from commonground.standards.model import PLACE, Field, FieldType, Standard
from commonground.tables.build.result import Raw
from commonground.tables.drafting.sample import sampled

MOST_ROWS: Final = 20_000
MOST_CODES: Final = 300
"""Values of a coded column that are listed; of more, it is a column of texts."""
_LOOKED_AT: Final = 2_000
_MOST: Final = 0.9
_UNIQUE: Final = 0.5
_ISO: Final = re.compile(
    r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?)?|\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}(:?\d{2})?)"
)
_OFFSET: Final = re.compile(r"([+-]\d{2})$")
_FORMATS: Final = (
    "%m/%d/%Y %I:%M:%S %p",
    "%m/%d/%Y %I:%M %p",
    "%m/%d/%Y %H:%M:%S",
    "%m/%d/%Y %H:%M",
    "%m/%d/%Y",
    "%Y/%m/%d %H:%M:%S%z",
    "%Y/%m/%d %H:%M:%S",
    "%Y/%m/%d",
    "%m-%d-%Y",
    "%Y%m%d",
    "%d-%b-%Y",
    "%b %d, %Y",
    "%B %d, %Y",
    "%b %d %Y",
    "%m/%d/%y",
)
"""What is tried, in this order; cities of the United States write the month first."""
_DAYS_OF_EXCEL: Final = (20_000, 80_000)
_EPOCH: Final = re.compile(r"-?\d{12,13}")
_NO_TEXT: Final = frozenset({ValueKind.DATE, ValueKind.POINT, ValueKind.LATITUDE, ValueKind.LONGITUDE})
_ISO_FORMATS: Final = ("%Y-%m-%dT%H:%M:%S", "%Y-%m-%d")


@dataclass(frozen=True)
class Seen:
    """The values of one column in a sample of rows: how often each stands there, empty ones left out."""

    rows: int
    counts: Counter[str]

    @property
    def given(self) -> int:
        """Rows with a value."""
        return self.counts.total()

    @cached_property
    def some(self) -> list[str]:
        """Values as often as they are in a part of the sample."""
        values = [value for value, count in self.counts.items() for _ in range(min(count, 50))]
        return values[:: max(len(values) // _LOOKED_AT, 1)]

    @cached_property
    def kind(self) -> ValueKind:
        """What its values are."""
        return kind(self.some)

    @property
    def unique(self) -> float:
        """Share of values that differ, 0 to 1."""
        return len(self.counts) / self.given if self.given else 0.0


def look(part: Raw, folder: Path) -> dict[str, Seen]:
    """The values of every column of a part, in at most `MOST_ROWS` rows spread over it. Files go into `folder`."""
    some = sampled([part], MOST_ROWS, folder)[0].raw
    found: dict[str, Seen] = {}
    for name in part.names:
        column = pc.utf8_trim_whitespace(pq.read_table(some.path, columns=[name])[name]).drop_null()
        counts = Counter({one["values"]: one["counts"] for one in pc.value_counts(column).to_pylist()})
        del counts[""]
        found[name] = Seen(some.rows, counts)
    return found


@dataclass(frozen=True, slots=True)
class Dates:
    """How dates are written: formats (none where the usual ones do), and the share of values that they read."""

    formats: tuple[str, ...]
    share: float


def dates(values: Sequence[str]) -> Dates:
    """The fewest formats that read almost all values."""
    if not values:
        return Dates((), 0.0)
    left = [one for one in values if not _ISO.fullmatch(one)]
    usual = len(left) < len(values)
    if not left:
        return Dates((), 1.0)
    formats: list[str] = []
    for word, fits in (("epoch_ms", _epoch), ("excel", _excel)):
        if not usual and sum(map(fits, left)) >= _MOST * len(left):
            return Dates((word,), sum(map(fits, left)) / len(values))
    while left:
        read = {one: [value for value in left if _reads(one, value)] for one in _FORMATS}
        best = max(_FORMATS, key=lambda one: len(read[one]))
        if not read[best]:
            break
        formats.append(best)
        taken = set(read[best])
        left = [value for value in left if value not in taken]
    if formats and usual:
        formats += _ISO_FORMATS
    return Dates(tuple(formats), 1 - len(left) / len(values))


def _reads(form: str, value: str) -> bool:
    try:
        datetime.strptime(_OFFSET.sub(r"\1:00", value) if "%z" in form else value, form)  # noqa: DTZ007 - only read
    except ValueError:
        return False
    return True


def _epoch(value: str) -> bool:
    return _EPOCH.fullmatch(value) is not None


def _excel(value: str) -> bool:
    low, high = _DAYS_OF_EXCEL
    return value.isdigit() and low <= int(value) <= high


def numbers(values: Sequence[str]) -> tuple[float, bool]:
    """Share of values that are numbers, and whether some are written as money ($, commas)."""
    found = [one for one in values if number(one) is not None]
    return (len(found) / len(values) if values else 0.0), any("$" in one or "," in one for one in found)


def unfit(seen: Seen, field: Field, *, key: bool = False) -> str:
    """Why these values cannot be a field's, in words; "" where they can, or where there are none.

    `key` is of the field that tells rows apart: a column that has the same value in most rows is none.
    """
    if not seen.given:
        return ""
    match field.type:
        case _ if key and seen.unique < _UNIQUE:
            told = f"{1 - seen.unique:.0%} of its values stand there twice"
        case _ if field.name in PLACE:
            told = "" if seen.kind.value == field.name else f"its values are no {field.name}s"
        case FieldType.DATE | FieldType.DATETIME:
            told = "" if dates(seen.some).share >= _MOST else "its values are no dates"
        case FieldType.NUMBER | FieldType.INTEGER:
            told = "" if numbers(seen.some)[0] >= _MOST else "its values are no numbers"
        case _ if field.codelist and (len(seen.counts) > MOST_CODES or seen.kind is ValueKind.DATE):
            told = f"it has {len(seen.counts):,} different values, too many for codes"
        case FieldType.STRING if seen.kind in _NO_TEXT:
            told = f"its values are of the kind {seen.kind.value}"
        case _:
            told = ""
    return told


@dataclass(frozen=True, slots=True)
class Coded:
    """One value of a coded column: its code ("" where nothing tells it), how often it stands there, and why that code."""

    value: str
    code: str
    count: int
    why: str


def plain(text: str) -> str:
    """A text by its letters and digits alone, in small letters."""
    return " ".join(re.sub(r"[\W_]+", " ", text).casefold().split())


def codes(seen: Seen, field: Field, standard: Standard, others: Iterable[Crosswalk]) -> list[Coded]:
    """The codes of a column's values, by the codes' own words and by what crosswalks of other cities say."""
    labels = standard.codes(field.name)
    own = {plain(label): code for code, label in labels.items()} | {plain(code): code for code in labels}
    said = _said(field, others)
    found = []
    for value, count in seen.counts.most_common(MOST_CODES):
        key = plain(value)
        if key in own:
            found.append(Coded(value, own[key], count, "as the standard says it"))
        elif told := said.get(key):
            code, cities = max(told.items(), key=lambda one: (len(one[1]), one[0]))
            sure = "as in" if len(told) == 1 else f"CHECK: {len(told)} codes elsewhere; as in"
            found.append(Coded(value, code, count, f"{sure} {', '.join(sorted(cities))}"))
        else:
            found.append(Coded(value, "", count, "nothing tells its code"))
    return _once(found)


def known(seen: Seen, field: Field, standard: Standard, others: Iterable[Crosswalk]) -> float:
    """Share of rows with a value whose code is told, 0 to 1; 0 where fewer than two values have one."""
    if len(seen.counts) > MOST_CODES:
        return 0.0
    told = [one for one in codes(seen, field, standard, others) if one.code and not one.value.isdigit()]
    return sum(one.count for one in told) / seen.given if len(told) > 1 else 0.0


def _once(found: Iterable[Coded]) -> list[Coded]:
    """Letter case does not count in a list of codes: of values alike the most frequent stays."""
    kept: dict[str, Coded] = {}
    for one in found:
        kept.setdefault(one.value.casefold(), one)
    return list(kept.values())


def _said(field: Field, others: Iterable[Crosswalk]) -> Mapping[str, dict[str, set[str]]]:
    """What other crosswalks say of values of this field: plain value to code to cities."""
    found: dict[str, dict[str, set[str]]] = {}
    for one in others:
        for name in {leaf.codes for each in made_of(one, field.name) for leaf in leaves(each)} & one.codes.keys():
            for value, code in one.codes[name].items():
                found.setdefault(plain(value), {}).setdefault(code, set()).add(one.city)
    return found


def made_of(crosswalk: Crosswalk, field: str) -> list[Expression]:
    """Every expression by which a crosswalk makes a field."""
    tables = (crosswalk.fields, *(one.fields for one in crosswalk.vintages))
    return [table[field] for table in tables if field in table]
