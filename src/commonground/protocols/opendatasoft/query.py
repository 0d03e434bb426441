"""Understands as much of ODSQL, Opendatasoft's language of questions, as asking a catalog needs.

`"words"` · `search(field, "words")` · `startswith(field, "text")` · `field = "text"` (also `:`, `!=`) · `field like "text"`
· `field > date'2024-01-31'` (also `>=`, `<`, `<=`, and numbers) · `field in ("a", "b")` · `field is not null` · `AND`,
`OR`, `NOT`, brackets. What else the language has (functions of places and dates, arithmetic) is refused, not guessed.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from commonground.protocols.fields.moments import read
from commonground.protocols.fields.values import at
from commonground.protocols.serving import ordered
from commonground.words import Raw

Condition = Callable[[Raw], bool]

TECHNICAL = {"dataset_id", "datasetid", "dataset_uid", "has_records", "data_visible", "features", "visibility"}
BASIC = {
    *("title", "description", "theme", "keyword", "license", "license_url", "language", "publisher", "references"),
    *("modified", "data_processed", "metadata_processed", "records_count", "timezone", "territory", "attributions"),
    *("federated", "source_domain", "source_domain_title", "source_domain_address", "source_dataset"),
}
"""Fields that every catalog has; others are named with their template, such as `dcat.issued`."""

_SEARCHED = ("dataset_id", "title", "description", "keyword", "theme", "publisher")
_TOKEN = re.compile(
    r"""\s*(?:(?P<date>date'[^']*')|(?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(?P<number>-?\d+(?:\.\d+)?(?![\w.]))"""
    r"""|(?P<name>`[^`]+`|[^\W\d][\w.]*)|(?P<sign><=|>=|!=|=|:|<|>|\(|\)|,))""",
    re.DOTALL,
)
_EQUAL = {"=", ":", "!="}
_ORDERED = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
_DEEPEST = 50
_SYNTAX = "ODSQLSyntaxError"


class Unclear(Exception):
    """A question that we do not answer; `code` is Opendatasoft's own word for the error."""

    def __init__(self, message: str, code: str = "ODSQLError") -> None:
        self.code = code
        super().__init__(message)


def told(record: Raw, field: str) -> list[object]:
    """All values of a field; none where the record says nothing."""
    if field in TECHNICAL:
        value = record.get("dataset_id" if field == "datasetid" else field)
    else:
        value = at(record, f"metas.{field if '.' in field else f'default.{field}'}")
    return [one for one in (value if isinstance(value, list) else [value]) if one not in (None, "")]


def known(field: str) -> str:
    """The field, if there can be one of that name. Raises `Unclear`."""
    name = field.strip("`")
    if name in TECHNICAL or name in BASIC or "." in name:
        return name
    raise Unclear(f"ODSQL query is malformed: Unknown field: {name[:80]}")


def parse(query: str) -> Condition:
    """A test of records. Raises `Unclear`."""
    tokens = _Tokens(query)
    if tokens.done:
        return lambda _: True
    test = _either(tokens, 0)
    if not tokens.done:
        raise tokens.wrong()
    return test


class _Tokens:
    """The words of a query, read one by one."""

    def __init__(self, query: str) -> None:
        self._query = query
        self._found = list(self._split(query.rstrip()))
        self._at = 0

    def _split(self, query: str) -> Iterator[tuple[str, str, int]]:
        place = 0
        while place < len(query):
            match = _TOKEN.match(query, place)
            if match is None:
                raise Unclear(f"ODSQL syntax exception: unexpected {query[place]} at position {place}.", _SYNTAX)
            kind = str(match.lastgroup)
            yield kind, match[kind], match.start(kind)
            place = match.end()

    @property
    def done(self) -> bool:
        return self._at == len(self._found)

    def take(self, *kinds: str) -> str:
        """The next word if it is of that kind. Raises `Unclear`."""
        if self.done or self._found[self._at][0] not in kinds:
            raise self.wrong()
        self._at += 1
        return self._found[self._at - 1][1]

    def accept(self, *wanted: str) -> str:
        """The next word in lower case if it is one of these, else "" and nothing is read."""
        word = "" if self.done else self._found[self._at][1].lower()
        if word not in wanted:
            return ""
        self._at += 1
        return word

    def kind(self) -> str:
        """Of what kind the next word is."""
        return "" if self.done else self._found[self._at][0]

    def wrong(self) -> Unclear:
        """What to raise about the next word."""
        if self.done:
            return Unclear("ODSQL syntax exception: unexpected end of line.", _SYNTAX)
        _, word, place = self._found[self._at]
        return Unclear(f"ODSQL syntax exception: unexpected {word[:40]} at position {place}.", _SYNTAX)


def _either(tokens: _Tokens, depth: int) -> Condition:
    tests = [_both(tokens, depth)]
    while tokens.accept("or"):
        tests.append(_both(tokens, depth))
    return lambda record: any(test(record) for test in tests)


def _both(tokens: _Tokens, depth: int) -> Condition:
    tests = [_one(tokens, depth)]
    while tokens.accept("and"):
        tests.append(_one(tokens, depth))
    return lambda record: all(test(record) for test in tests)


def _one(tokens: _Tokens, depth: int) -> Condition:
    if depth > _DEEPEST:
        raise Unclear("ODSQL syntax exception: nested too deep.", _SYNTAX)
    if tokens.accept("not"):
        test = _one(tokens, depth + 1)
        return lambda record: not test(record)
    if tokens.accept("("):
        inside = _either(tokens, depth + 1)
        _close(tokens)
        return inside
    if tokens.kind() == "text":
        return _words(_SEARCHED, _text(tokens))
    name = tokens.take("name")
    if name.lower() in {"search", "startswith"} and tokens.accept("("):
        return _called(tokens, name.lower())
    return _compared(tokens, known(name))


def _close(tokens: _Tokens) -> None:
    if not tokens.accept(")"):
        raise tokens.wrong()


def _text(tokens: _Tokens) -> str:
    return re.sub(r"\\(.)", r"\1", tokens.take("text")[1:-1], flags=re.DOTALL)


def _called(tokens: _Tokens, function: str) -> Condition:
    """`search(…)` or `startswith(…)`, the bracket of which was just read."""
    fields: list[str] = []
    while tokens.kind() == "name":
        fields.append(known(tokens.take("name")))
        if not tokens.accept(","):
            raise tokens.wrong()
    text = _text(tokens)
    _close(tokens)
    if function == "search":
        return _words(fields or _SEARCHED, text)
    start, names = text.casefold(), fields or _SEARCHED
    return lambda record: any(plain(one).startswith(start) for name in names for one in told(record, name))


def _words(fields: Iterable[str], text: str) -> Condition:
    """Every word stands in one of the fields, whatever its capitals."""
    names, wanted = tuple(fields), text.casefold().split()

    def holds(record: Raw) -> bool:
        said = " ".join(str(one) for name in names for one in told(record, name)).casefold()
        return all(word in said for word in wanted)

    return holds


def _compared(tokens: _Tokens, field: str) -> Condition:
    if tokens.accept("is"):
        absent = not tokens.accept("not")
        if not tokens.accept("null"):
            raise tokens.wrong()
        return lambda record: (not told(record, field)) is absent
    if tokens.accept("like"):
        return _words((field,), _text(tokens))
    if tokens.accept("in"):
        wanted = set(_listed(tokens))
        return lambda record: any(plain(one) in wanted for one in told(record, field))
    sign = tokens.accept(*_EQUAL, *_ORDERED)
    if not sign:
        raise tokens.wrong()
    if sign in _ORDERED:
        return _ordered(tokens, field, sign)
    value = plain(_value(tokens))
    return lambda record: any(plain(one) == value for one in told(record, field)) is (sign != "!=")


def _listed(tokens: _Tokens) -> Iterator[str]:
    if not tokens.accept("("):
        raise tokens.wrong()
    yield plain(_value(tokens))
    while tokens.accept(","):
        yield plain(_value(tokens))
    _close(tokens)


def _value(tokens: _Tokens) -> str:
    if tokens.kind() == "text":
        return _text(tokens)
    if truth := tokens.accept("true", "false"):
        return truth
    return tokens.take("number", "date").removeprefix("date").strip("'")


def plain(value: object) -> str:
    """A value as it is compared: without capitals, truth as `true` and `false`."""
    return str(value).lower() if isinstance(value, bool) else str(value).casefold()


def _ordered(tokens: _Tokens, field: str, sign: str) -> Condition:
    """Dates against dates, numbers against numbers; a text has no order here, nor has it in Opendatasoft."""
    if tokens.kind() not in {"date", "number"}:
        raise Unclear(f"ODSQL query is malformed: {field} {sign} needs a date or a number.")
    convert = _instant if tokens.kind() == "date" else _number
    limit = convert(_value(tokens))
    if limit is None:
        raise Unclear(f"ODSQL query is malformed: {field} {sign} needs a date that can be read.")
    holds = _ORDERED[sign]
    return lambda record: any(
        holds(number, limit) for one in told(record, field) if (number := convert(str(one))) is not None
    )


def _instant(text: str) -> float | None:
    at_time = read(text)
    return at_time.timestamp() if at_time else None


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class Order:
    """`title asc, modified desc`, or `-modified`."""

    keys: tuple[tuple[str, bool], ...]

    @classmethod
    def parse(cls, text: str) -> Order:
        """Raises `Unclear`."""
        keys = []
        for part in filter(None, (part.strip() for part in text.split(","))):
            name, _, direction = part.removeprefix("-").partition(" ")
            if direction.strip().lower() not in {"", "asc", "desc"}:
                raise Unclear(f"ODSQL query is malformed: unexpected {direction.strip()[:40]} in order_by.")
            keys.append((known(name), part.startswith("-") or direction.strip().lower() == "desc"))
        return cls(tuple(keys))

    def __call__(self, records: Iterable[Raw]) -> list[Raw]:
        """The records in this order; equal ones keep theirs."""
        return ordered(records, self.keys, lambda record, name: [_sortable(one) for one in told(record, name)])


def _sortable(value: object) -> tuple[float, str]:
    """Numbers by size, all else as text."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return (float(value) if number else 0.0, "" if number else str(value).casefold())  # type: ignore[arg-type]
