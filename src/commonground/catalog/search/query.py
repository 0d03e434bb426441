"""A search as data: what is asked, and the query string that asks it. Every state is a link."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from datetime import date
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args
from urllib.parse import parse_qsl, urlencode

from commonground.words import Kind

if TYPE_CHECKING:
    from collections.abc import Iterable

Order = Literal["relevance", "updated", "title"]
ORDERS: tuple[Order, ...] = get_args(Order)
Copies = Literal["one", "all"]
"""Of a dataset that two portals of a city list: its origin alone, or each of them."""
LONGEST_WORDS = 400
LIMIT, MOST, DEEPEST = 20, 1_000, 100_000
_CHOICES: dict[str, tuple[str, ...]] = {"order": ORDERS, "copies": get_args(Copies)}
FACETS = ("city", "kind", "theme", "publisher", "format", "license")
"""The filters whose values are counted, in the order in which people look at them."""
FILTERS = (*FACETS, "portal")
_MANY, _DIGITS = 100, 9
"""Values of one filter, and digits of a number, that are read; more are not a person's."""


class Note(NamedTuple):
    """A part of a query string that was left out: it names nothing, or its value cannot be used."""

    name: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """Words and filters. Several values of one filter mean any of them; several filters mean all.

    Filters are kept sorted and without repeats, so that one search has one address.
    """

    words: str = ""
    city: tuple[str, ...] = ()
    kind: tuple[str, ...] = ()
    publisher: tuple[str, ...] = ()
    theme: tuple[str, ...] = ()
    format: tuple[str, ...] = ()
    license: tuple[str, ...] = ()
    portal: tuple[str, ...] = ()
    since: date | None = None
    copies: Copies = "one"
    order: Order = "relevance"
    limit: int = LIMIT
    offset: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "words", clean(self.words)[:LONGEST_WORDS].rstrip())
        for name in FILTERS:
            if given := getattr(self, name):
                kept = sorted({clean(value) for value in given} - {""})[:_MANY]
                object.__setattr__(self, name, tuple(kept))
        object.__setattr__(self, "limit", max(0, min(self.limit, MOST)))
        object.__setattr__(self, "offset", max(0, min(self.offset, DEEPEST)))

    @classmethod
    def parse(cls, text: str) -> tuple[Query, tuple[Note, ...]]:
        """Read a query string (with or without `?`). What cannot be used is left out and noted; never raises."""
        try:
            pairs = parse_qsl(text.removeprefix("?"), errors="replace")
        except ValueError:
            return cls(), (Note("", text[:LONGEST_WORDS]),)
        return cls.read(pairs)

    @classmethod
    def read(cls, pairs: Iterable[tuple[str, str]]) -> tuple[Query, tuple[Note, ...]]:
        """As `parse`, from decoded pairs."""
        given: dict[str, list[str]] = {}
        found = cls()
        notes = []
        for name, value in pairs:
            if name in FILTERS:
                given.setdefault(name, []).append(value)
            elif not (changed := found._with(name, value)):
                notes.append(Note(name, value))
            else:
                found = changed
        strange = [value for value in given.get("kind", ()) if value not in set(Kind)]
        notes += [Note("kind", value) for value in strange]
        given["kind"] = [value for value in given.get("kind", ()) if value not in strange]
        filters = {name: tuple(values) for name, values in given.items()}
        return replace(found, **filters), tuple(notes)  # type: ignore[arg-type] # tuples of text only

    def _with(self, name: str, value: str) -> Query | None:
        """One single-valued parameter set, or None when it cannot be."""
        if name == "q":
            return replace(self, words=value)
        if value in _CHOICES.get(name, ()):
            return replace(self, **{name: value})  # type: ignore[arg-type] # just looked up
        if name in {"limit", "offset"} and value.isascii() and value.isdigit() and len(value) <= _DIGITS:
            return replace(self, limit=int(value)) if name == "limit" else replace(self, offset=int(value))
        if name == "since":
            try:
                return replace(self, since=date.fromisoformat(value))
            except ValueError:
                return None
        return None

    def string(self) -> str:
        """The query string, without what is default; `parse` gives back an equal Query."""
        pairs: list[tuple[str, str]] = [("q", self.words)] if self.words else []
        pairs += [(name, value) for name in FILTERS for value in getattr(self, name)]
        rest = ((name, getattr(self, name)) for name in _SINGLE)
        pairs += [(name, str(value)) for name, value in rest if value != _SINGLE[name]]
        return urlencode(pairs)

    def toggled(self, name: str, value: str) -> Query:
        """With this value of a filter if it was not there, without it if it was; back on the first page."""
        chosen: tuple[str, ...] = getattr(self, name)
        kept = tuple(one for one in chosen if one != value) if value in chosen else (*chosen, value)
        return replace(self, offset=0, **{name: kept})  # type: ignore[arg-type] # tuples of text only

    def without(self, name: str) -> Query:
        """Without one filter (`since` is one too), on the first page."""
        if name == "since":
            return replace(self, since=None, offset=0)
        return replace(self, offset=0, **{name: ()})  # type: ignore[arg-type] # tuples of text only

    def bare(self) -> Query:
        """The words alone, without any filter."""
        bare = self
        for name in self.filters:
            bare = bare.without(name)
        return bare

    @property
    def filters(self) -> tuple[str, ...]:
        """The names of the filters that are set."""
        return tuple(name for name in (*FILTERS, "since") if getattr(self, name))


_SINGLE = {one.name: one.default for one in fields(Query) if one.name not in {*FILTERS, "words"}}
"""What has one value, and its default, in the order of an address."""


def clean(text: str) -> str:
    """White space and what no keyboard types become one space: an address must survive being sent."""
    if not text.isprintable():
        shown = text.encode("utf-8", "replace").decode()
        text = "".join(one if one.isprintable() else " " for one in shown)
    return " ".join(text.split())
