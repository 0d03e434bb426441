"""What the index holds of a dataset: its fields, how text becomes terms, and how a document is made."""

from __future__ import annotations

import hashlib
import math
import re
import zlib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, NamedTuple

import tantivy

from commonground.catalog.forms import digest
from commonground.catalog.search.query import clean

VERSION = 1
"""Raise it when documents are made differently from the same fields: old indexes are then rebuilt."""

STEMMED, PLAIN, RAW, KEPT = "stemmed", "plain", "raw", "kept"


class Field(NamedTuple):
    """One field. `shape` is a tokenizer for text, `kept` (only stored), `integer` or `float`.

    `fast` is for facets, filters and orders.
    """

    name: str
    shape: str
    stored: bool = False
    fast: bool = False


FIELDS = (
    Field("id", RAW, stored=True),
    Field("key", RAW),  # every exact way to name the dataset: native id, portal/id, host/id, and its host
    Field("fingerprint", RAW, stored=True),
    Field("title", STEMMED, stored=True),
    Field("keywords", STEMMED),
    Field("columns", STEMMED),
    Field("publisher_words", STEMMED),
    Field("description", STEMMED),
    Field("excerpt", KEPT, stored=True),  # the beginning of the description, to show
    Field("width", KEPT, stored=True),  # how many columns, to show; empty when not known
    Field("vocabulary", PLAIN),  # words as written, for completions and corrections
    Field("city", RAW, fast=True),
    Field("portal", RAW, fast=True),
    Field("kind", RAW, fast=True),
    Field("publisher", RAW, fast=True),
    Field("theme", RAW, fast=True),
    Field("format", RAW, fast=True),
    Field("license", RAW, fast=True),
    Field("copy", RAW),  # "1" where its origin on another portal is in the index as well
    Field("label", RAW, fast=True),  # "city<TAB>slug<TAB>name" and the same of the portal
    Field("updated", "integer", fast=True),  # seconds since 1970; absent when not known
    Field("by_title", RAW, fast=True),  # these three order whole lists, the id in each breaks ties
    Field("by_updated", RAW, fast=True),
    Field("by_worth", RAW, fast=True),
    Field("weight", "float", fast=True),
)

LONGEST_DESCRIPTION, EXCERPT = 20_000, 2_000
LONGEST_VALUE = 200
_WORD = re.compile(r"[^\W_]+")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_LATEST = 99_999_999_999


def analyzer(*, stemmed: bool) -> tantivy.TextAnalyzer:
    """Letters and digits, lower case, no accents; English stems where asked for."""
    builder = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple())
    for one in (tantivy.Filter.remove_long(60), tantivy.Filter.lowercase(), tantivy.Filter.ascii_fold()):
        builder = builder.filter(one)
    return builder.filter(tantivy.Filter.stemmer("english")).build() if stemmed else builder.build()


_STEMMER = analyzer(stemmed=True)
_PLAIN = analyzer(stemmed=False)


@lru_cache(maxsize=65_536)
def stem(word: str) -> str:
    """The term that the index has for one word; empty when it has none (over 60 bytes)."""
    terms = _STEMMER.analyze(word)
    return terms[0] if terms else ""


def folded(word: str) -> str:
    """The word as the vocabulary has it: lower case, no accents."""
    terms = _PLAIN.analyze(word)
    return terms[0] if terms else ""


def words(text: str) -> list[re.Match[str]]:
    """The words of a text with their places, cut as the index cuts them."""
    return list(_WORD.finditer(text))


def stems(text: str) -> tuple[str, ...]:
    """The terms of a text."""
    return tuple(filter(None, (stem(found[0]) for found in words(text))))


def readable(text: object) -> str:
    """Text that can be stored: lone surrogates replaced, anything else than text left out."""
    if not isinstance(text, str):
        return ""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def build() -> tantivy.Schema:
    """The schema, made anew."""
    builder = tantivy.SchemaBuilder()
    for field in FIELDS:
        if field.shape == "integer":
            builder.add_integer_field(field.name, indexed=True, fast=True)
        elif field.shape == "float":
            builder.add_float_field(field.name, fast=True)
        elif field.shape == KEPT:
            builder.add_bytes_field(field.name, stored=True)
        else:
            option = "basic" if field.shape in {RAW, PLAIN} else "position"
            builder.add_text_field(field.name, field.stored, field.fast, field.shape, option)
    return builder.build()


def register(index: tantivy.Index) -> None:
    """Give an opened index our analyzers; tantivy keeps only their names."""
    index.register_tokenizer(STEMMED, _STEMMER)
    index.register_tokenizer(PLAIN, _PLAIN)


def signature() -> str:
    """Changes when an index made before can no longer serve: other fields, other making, other tantivy format."""
    version: str = tantivy.__version__  # type: ignore[attr-defined] # "tantivy v0.27.0, index_format v7"
    made = (VERSION, FIELDS, version.partition(",")[2])
    return hashlib.sha256(repr(made).encode()).hexdigest()[:12]


def document(form: Mapping[str, Any]) -> tantivy.Document:
    """One dataset, from the JSON form of `catalog.forms.dump` with `city_name` and `portal_name` beside it."""
    texts, value = _with_copies(form, _texts, _COPIED_TEXTS), worth(form)
    found = tantivy.Document()
    for name, values in {**texts, **_with_copies(form, _filters, _COPIED_FILTERS), **_orders(form, value)}.items():
        for one in values:
            found.add_text(name, one)
    found.add_text(
        "vocabulary", " ".join((*texts["title"], *texts["keywords"], *texts["publisher_words"], *texts["columns"]))
    )
    found.add_text("fingerprint", digest(form))
    found.add_bytes("excerpt", texts["description"][0][:EXCERPT].encode())
    found.add_bytes("width", str(len(form.get("columns") or ())).encode() if form.get("columns_known") else b"")
    updated = _updated(form)
    if updated is not None:
        found.add_integer("updated", updated)
    # tantivy multiplies a score by log2(2 + weight), so the worth is put through the inverse. The hair's
    # breadth from the id makes equal datasets come in one order, however the index was built.
    hair = 1 + 1e-4 * zlib.crc32(readable(form.get("id")).encode()) / 2**32
    found.add_float("weight", 2 ** (4 * value * hair) - 2)
    return found


_COPIED_TEXTS = frozenset({"title", "keywords", "publisher_words", "description"})
_COPIED_FILTERS = frozenset({"key", "portal", "theme", "format", "label"})


def _with_copies(
    form: Mapping[str, Any], make: Callable[[Mapping[str, Any]], dict[str, list[str]]], copied: frozenset[str]
) -> dict[str, list[str]]:
    """Fields of a dataset and, of those to be copied, also what its copies have: it is found in their place."""
    found = make(form)
    for copy in form.get("copies", ()):
        for name, values in make(copy).items():
            if name in copied:
                found[name] = list(dict.fromkeys((*found[name], *values)))
    return found


def _texts(form: Mapping[str, Any]) -> dict[str, list[str]]:
    columns = [one for one in form.get("columns") or () if isinstance(one, dict)]
    names = {readable(one.get(key)) for one in columns for key in ("name", "field")}
    return {
        "title": [readable(form.get("title"))],
        "keywords": _list(form, "keywords") + _list(form, "themes"),
        "columns": [_CAMEL.sub(" ", " ".join(sorted(names)))],
        "publisher_words": [readable(form.get("publisher")), readable(form.get("portal_name"))],
        "description": [readable(form.get("description"))[:LONGEST_DESCRIPTION]],
    }


def _filters(form: Mapping[str, Any]) -> dict[str, list[str]]:
    given = {
        name: readable(form.get(name)) for name in ("id", "city", "portal", "host", "native_id", "kind", "publisher")
    }
    native, host = given.pop("native_id").lower(), given.pop("host").lower()
    labels = [f"{kind}\t{given[kind]}\t{readable(form.get(kind + '_name'))}" for kind in ("city", "portal")]
    formats = (readable(one.get("format")) for one in form.get("distributions") or () if isinstance(one, dict))
    values = {
        **{name: [value] for name, value in given.items()},
        "key": [native, f"{given['portal']}/{native}".lower(), f"{host}/{native}", host],
        "theme": _list(form, "themes"),
        "format": sorted(set(formats)),
        "license": [license_of(form)],
    }
    copy = ["1"] if form.get("copy") else []
    exact = {"id": [given["id"]], "key": values.pop("key"), "label": labels, "copy": copy}
    # As a Query has them, so that a value of a facet is found when it is chosen.
    chosen = {name: [clean(value)[:LONGEST_VALUE].rstrip() for value in some] for name, some in values.items()}
    return {name: [value for value in dict.fromkeys(some) if value] for name, some in {**chosen, **exact}.items()}


def license_of(form: Mapping[str, Any]) -> str:
    """The value of the license facet: the SPDX id when certain, else the city's own words."""
    given = form.get("license")
    if not isinstance(given, Mapping):
        return ""
    return readable(given.get("spdx")) or readable(given.get("text"))


def _orders(form: Mapping[str, Any], value: float) -> dict[str, list[str]]:
    identity = readable(form.get("id"))
    title = " ".join(_PLAIN.analyze(readable(form.get("title"))))
    updated = _updated(form)
    newest_first = f"{_LATEST - (updated or 0) if updated is not None else _LATEST * 10:012d}"
    step = 9 - math.floor(value * 9)
    return {
        "by_title": [f"{title[:LONGEST_VALUE]}\t{identity}"],
        "by_updated": [f"{newest_first}\t{identity}"],
        "by_worth": [f"{step}\t{newest_first}\t{identity}"],
    }


def _list(form: Mapping[str, Any], name: str) -> list[str]:
    return [readable(one) for one in form.get(name) or () if isinstance(one, str)]


def _updated(form: Mapping[str, Any]) -> int | None:
    """When the data changed last, else the record: seconds since 1970."""
    for name in ("data_updated", "modified", "issued"):
        moment = form.get(name)
        at = moment.get("at") if isinstance(moment, Mapping) else None
        if isinstance(at, str) and at:
            try:
                return int(datetime.fromisoformat(at).timestamp())
            except (ValueError, OverflowError):
                continue
    return None


_WORTH = {
    "table": 1.0,
    "map_layer": 1.0,
    "file": 0.9,
    "external_link": 0.9,
    "service": 0.85,
    "filtered_view": 0.7,
    "chart": 0.55,
    "story": 0.55,
    "other": 0.6,
}
_DERIVED = 0.75  # a map or a view of a table that is in the catalog itself
_TINY = {1: 0.45, 2: 0.45, 3: 0.6, 4: 0.8}  # by number of columns: indicator feeds beside real tables
_SHAPES = {"point", "line", "polygon", "geometry"}  # a map layer needs no more than a name and a shape
_STALE = re.compile(r"\b(deprecated|outdated|archived|obsolete|test|untitled|performance metrics)\b", re.IGNORECASE)
_ONGOING = re.compile(r"\b(present|current|to date|now)\b", re.IGNORECASE)
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_HORIZON, _TIMELESS, _YEARLY = 2050, 2026, 0.006  # each year before 2050 costs; no year is as good as 2026


def worth(form: Mapping[str, Any]) -> float:
    """0.25 to 1: how likely this dataset is the one meant, before any word is read.

    Tables stand before views and charts of them, tables before indicator feeds, newer slices of a
    yearly series before older ones. It depends on the record alone, never on today's date.
    """
    title = readable(form.get("title"))
    found = _WORTH.get(str(form.get("kind")), 0.6)
    if form.get("parents") and form.get("kind") != "table":
        found *= _DERIVED
    columns = [one for one in form.get("columns") or () if isinstance(one, dict)]
    if not any(one.get("type") in _SHAPES for one in columns):
        found *= _TINY.get(len(columns), 1.0)
    if _STALE.search(title):
        found *= 0.75
    updated = _updated(form)
    latest = datetime.fromtimestamp(updated, UTC).year + 1 if updated is not None else _HORIZON
    years = [int(year) for year in _YEAR.findall(title) if int(year) <= latest and not _ONGOING.search(title)]
    found *= 1 - _YEARLY * (_HORIZON - max(years, default=_TIMELESS))
    return max(0.25, min(1.0, found))
