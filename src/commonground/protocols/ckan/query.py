"""CKAN searches in the part of Solr's language that clients use: words, "phrases", `field:value`,
`field:(a OR b)`, `field:[from TO to]`, `-` or NOT, AND, OR. Anything else is refused, never guessed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from commonground.protocols.ckan import package
from commonground.protocols.serving import ordered
from commonground.words import Raw

Condition = Callable[[Raw], bool]

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<open>[+-]?(?:[\w.*]+:)?\() | (?P<close>\)) |
        (?P<range>[+-]?[\w.]+:\[[^\]]*\]) |
        (?P<term>[+-]?(?:[\w.*]+:)?(?:"(?:[^"\\]|\\.)*"|(?:\\.|[^\s()"\[\]\\])+))
    )""",
    re.VERBOSE,
)
_PARTS = re.compile(r"(?P<sign>[+-]?)(?:(?P<field>[\w.*]+):)?(?P<value>.*)", re.DOTALL)
_SEARCHED = ("title", "name", "notes", "tags", "organization", "groups", "author")
_DEEPEST = 20
_MOST_STARS = 5


class Unclear(ValueError):
    """A search that cannot be understood; the text says where."""


def told(record: Raw, field: str) -> list[str]:
    """All values of a field as Solr would index them: names of tags, groups and organization, formats …"""
    if field == "res_format":
        return [str(one.get("format") or "") for one in _objects(record.get("resources"))]
    if field.startswith("extras_"):
        return [str(one.get("value")) for one in _objects(record.get("extras")) if one.get("key") == field[7:]]
    value = record.get(field)
    found = value if isinstance(value, list) else [value]
    names = [one.get("name") if isinstance(one, dict) else one for one in found]
    return [_text(name) for name in names if name not in (None, "")]


def _text(value: object) -> str:
    """As CKAN's index holds it: booleans in lower case, a value by language as all its texts."""
    value = package.unpacked(value)
    if isinstance(value, bool):
        return str(value).lower()
    return " ".join(map(str, value.values())) if isinstance(value, dict) else str(value)


def _objects(value: object) -> Iterator[Raw]:
    return (one for one in (value if isinstance(value, list) else ()) if isinstance(one, dict))


def parse(query: str) -> Condition:
    """A test of packages. Raises `Unclear`."""
    tokens = _tokens(query)
    test, rest = _either(tokens, "", 0)
    if rest:
        raise Unclear(f"“{rest[0][1]}” closes nothing.")
    return test


def _tokens(query: str) -> list[tuple[str, str]]:
    found, at, query = [], 0, query.strip()
    while at < len(query):
        match = _TOKEN.match(query, at)
        if match is None:
            raise Unclear(f"Cannot read “{query[at : at + 40].strip()}”.")
        kind = str(match.lastgroup)
        found.append((kind, match[kind]))
        at = match.end()
    return found


def _either(tokens: list[tuple[str, str]], field: str, depth: int) -> tuple[Condition, list[tuple[str, str]]]:
    """Alternatives joined by OR, up to a closing bracket; terms side by side must all hold."""
    if depth > _DEEPEST:
        raise Unclear("The brackets are nested too deep.")
    choices: list[list[Condition]] = [[]]
    negated = False
    while tokens and tokens[0][0] != "close":
        (kind, token), tokens = tokens[0], tokens[1:]
        if token in {"AND", "&&"}:
            continue
        if token in {"OR", "||"}:
            choices.append([])
            continue
        if token in {"NOT", "!"}:
            negated = True
            continue
        parts = _PARTS.fullmatch(token)
        sign, named, value = (parts["sign"], parts["field"] or field, parts["value"]) if parts else ("", field, token)
        if kind == "open":
            test, tokens = _either(tokens, named, depth + 1)
            if not tokens:
                raise Unclear("A bracket is not closed.")
            tokens = tokens[1:]
        else:
            test = _range(named, value) if kind == "range" else _term(named, value)
        choices[-1].append(_not(test) if negated or sign == "-" else test)
        negated = False
    if len(choices) > 1 and not all(choices):
        raise Unclear("OR needs something on both sides.")
    return (lambda record: any(all(test(record) for test in tests) for tests in choices)), tokens


def _not(test: Condition) -> Condition:
    return lambda record: not test(record)


def _term(field: str, value: str) -> Condition:
    """One word or phrase. A facet field must be equal, a text field must contain it; `*` stands for anything."""
    value = re.sub(r"\\(.)", r"\1", value.strip('"')).casefold()
    if value == "*":
        return (lambda _: True) if field in {"", "*"} else (lambda record: bool(told(record, field)))
    if value.count("*") > _MOST_STARS:
        raise Unclear(f"“{value[:40]}” has more than {_MOST_STARS} stars.")
    wild = re.compile(".*".join(map(re.escape, value.split("*"))), re.DOTALL)
    if field in {"", "text"}:
        return lambda record: any(wild.search(one.casefold()) for name in _SEARCHED for one in told(record, name))
    if field in {"title", "notes"}:
        return lambda record: any(wild.search(one.casefold()) for one in told(record, field))
    return lambda record: any(wild.fullmatch(one.casefold()) for one in told(record, field))


def _range(field: str, value: str) -> Condition:
    """`[from TO to]`, both included, compared as text: CKAN's dates are ISO 8601."""
    ends = value.strip("[]").split(" TO ")
    if len(ends) != 2:  # noqa: PLR2004 - a range has two ends
        raise Unclear(f"“{value}” is no range; write [from TO to].")
    low, high = (end.strip().removesuffix("Z") for end in ends)
    high = "*" if high == "NOW" else high
    return lambda record: any(
        (low == "*" or low <= one) and (high == "*" or one <= high) for one in told(record, field)
    )


@dataclass(frozen=True, slots=True)
class Order:
    """`title asc, metadata_modified desc`."""

    keys: tuple[tuple[str, bool], ...]

    @classmethod
    def parse(cls, text: str) -> Order:
        """Raises `Unclear`. `score` is the same for all here, and left out."""
        keys = []
        for part in filter(None, (part.strip() for part in text.split(","))):
            name, _, direction = part.partition(" ")
            if direction.strip().lower() not in {"", "asc", "desc"}:
                raise Unclear(f"“{part}” is no order; write “field asc” or “field desc”.")
            if name not in {"score", "rank"}:
                keys.append((name.removesuffix("_string"), direction.strip().lower() == "desc"))
        return cls(tuple(keys))

    def __call__(self, records: Iterable[Raw]) -> list[Raw]:
        """The records in this order; equal ones keep theirs."""
        return ordered(records, self.keys, lambda record, name: [one.casefold() for one in told(record, name)])
