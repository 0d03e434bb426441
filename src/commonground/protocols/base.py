"""What every protocol offers, so that a harvest asks what a dialect can do and never who it is."""

from __future__ import annotations

import reprlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Any, ClassVar, Protocol
from urllib.parse import urlsplit

from commonground.words import Dataset, Finding, Portal, Raw

if TYPE_CHECKING:
    import pyarrow as pa

    from commonground.protocols.fields.privacy import Persons
    from commonground.protocols.http import Client

WSGIApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

SAMPLE_LENGTH = 200
_BRIEF = reprlib.Repr()  # bounded in depth and length, because a value may be nested a thousand deep
_BRIEF.maxstring = _BRIEF.maxother = SAMPLE_LENGTH


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a dialect can tell. Each field says why it matters."""

    declares_total: bool
    """The listing says how many records there are, so a short listing is noticed."""
    columns_in_listing: bool
    """Columns come with the record; otherwise `complete` asks for them, record by record."""
    knows_columns: bool
    """The dialect can give columns at all."""
    knows_row_count: bool
    """The dialect can give the number of rows."""
    modified_is_safe: bool
    """A change of content always moves a timestamp (true of Socrata, false of Hub and data.json)."""
    list_order_is_random: bool = False
    """Lists inside a record come in another order each time, so they are compared as sets."""
    cannot_say: frozenset[str] = frozenset()
    """Fields of a dataset that the dialect has no words for, so that they are not held against the city."""


@dataclass(frozen=True, slots=True)
class Page:
    """One answer of a listing. `declared` is the total that the portal tells, if it does.

    `cursor` is what `Reader.pages` needs to go on behind this page; empty where only a new start will do.
    """

    records: Sequence[Raw]
    declared: int | None = None
    findings: tuple[Finding, ...] = ()
    cursor: str = ""


@dataclass(slots=True)
class Notes:
    """Collects what is odd while one record (or one listing) is read."""

    native_id: str = ""
    found: list[Finding] = field(default_factory=list)

    def add(self, code: str, place: str = "", sample: object = "", detail: str = "") -> None:
        """Note a finding; `sample` is shown as text and cut to 200 characters."""
        text = sample if isinstance(sample, str) else _BRIEF.repr(sample)
        self.found.append(Finding(code, place, text[:SAMPLE_LENGTH], self.native_id, detail))


def objects(listed: Sequence[object], place: str, first: int = 0) -> tuple[list[Raw], tuple[Finding, ...]]:
    """The records of one answer; whatever in it is no object is a finding, `place` counted from `first`."""
    notes = Notes()
    for index, one in enumerate(listed, first):
        if not isinstance(one, dict):
            notes.add("record-unusable", f"{place}[{index}]", one, "it is no object")
    return [one for one in listed if isinstance(one, dict)], tuple(notes.found)


def ended(count: int, size: int, came: int, declared: int | None) -> bool:
    """Whether a page of so many records is the last: all that is declared came, and the page is not just as long as
    was asked for (`size`). Behind a full page there may be records that the total leaves out.
    """
    return declared is not None and came >= declared and count != size


class Reader(Protocol):
    """Reads one dialect. A protocol may have several (Socrata: Discovery, views, data.json)."""

    name: ClassVar[str]
    capabilities: ClassVar[Capabilities]
    recorded_as: ClassVar[str]
    """The protocol (see `registry.SERVERS`) that serves a recording of this dialect's records; empty if none can."""

    persons: ClassVar[Persons]
    """Where private persons may stand in a record, so that it is shown without them."""

    def pages(self, portal: Portal, client: Client, after: str = "") -> Iterator[Page]:
        """The whole listing, page by page, or what comes behind the page with the cursor `after`.

        Raises `Absent` before the first page when the portal does not speak this dialect, other
        `PortalError`s when it fails.
        """

    def native_id(self, raw: Raw) -> str:
        """The portal's own id. Raises `ValueError` when the record has none."""

    def canonical(self, raw: Raw) -> Raw:
        """The record without what changes by itself (view counts, order of lists), for comparison."""

    def complete(self, raw: Raw, portal: Portal, client: Client, notes: Notes) -> Raw:
        """The record with what only a further request tells (columns). Called for new and changed
        records only. A host that cannot be asked raises `PortalError`; the harvest notes it.
        """

    def normalize(self, raw: Raw, portal: Portal, notes: Notes) -> Dataset:
        """The record in our form. One odd field never loses a record: it is left out and noted."""


@dataclass(frozen=True, slots=True)
class RowCapabilities:
    """What a dialect can do for who reads rows."""

    counts: bool
    """The portal says how many rows there are, so rows that do not come are noticed."""
    resumable: bool
    """Reading can go on behind any page. Where a portal gives the whole file, pages of it have no cursor."""
    incremental: bool
    """The cursor of the last page, given again later, yields the rows that changed since. Deleted ones are not told."""
    states: bool
    """The portal tells by a question or two, without any rows, whether they are as they were."""


@dataclass(frozen=True, slots=True)
class RowPage:
    """Some rows of a dataset, in the portal's order.

    `rows` has the columns `names`, all of them strings exactly as they came: nothing is trimmed, and null stands only
    where the portal sent no value or JSON's null. Pages of one dataset may differ in their columns. `declared` is the
    total that the portal tells, and `came` how many of these came so far, this page and those before `after` included.
    `cursor` is what `RowReader.rows` needs to go on behind this page; empty where only a new start will do.
    """

    names: tuple[str, ...]
    rows: pa.Table
    declared: int | None = None
    cursor: str = ""
    findings: tuple[Finding, ...] = ()
    came: int = 0


class RowReader(Protocol):
    """Reads the rows of a dataset in one protocol."""

    name: ClassVar[str]
    capabilities: ClassVar[RowCapabilities]

    def rows(self, portal: Portal, native_id: str, client: Client, after: str = "") -> Iterator[RowPage]:
        """All rows, or those behind the page with the cursor `after`; one page at least.

        Raises a `PortalError`; `Refused` when the portal has no such dataset, or none with rows.
        """

    def count(self, portal: Portal, native_id: str, client: Client) -> int | None:
        """The number of rows that the portal tells; None when it tells none."""

    def state(self, portal: Portal, native_id: str, client: Client) -> str:
        """A text that stays the same as long as rows and columns do, of what the portal tells about them: when the
        data changed, how many there are, which columns. "" where that cannot be told, and then it tells nothing.

        Raises a `PortalError`.
        """


class RowSource(Protocol):
    """Rows of one dataset as a recording keeps them: one file, which is one vintage."""

    @property
    def name(self) -> str:
        """The file's name with its form at the end, for example `chicago/crime_50k.csv`."""

    @property
    def dated(self) -> str:
        """ISO date by which the file was seen, "" where that is unknown."""

    def table(self) -> pa.Table:
        """Every row, every column a string as in the file."""

    def open(self) -> AbstractContextManager[IO[bytes]]:
        """The file as it is, unpacked."""


@dataclass(frozen=True, slots=True)
class Holdings:
    """What a serving portal holds: records of one dialect, as a recording keeps them, and rows by native id.

    `envelope` is the rest of a catalog document (`data.json` without `dataset`). Layers of maps live
    on hosts of their own; those whose answers (`x_layer`) or rows are kept are in `also`.
    """

    host: str
    records: Sequence[Raw]
    envelope: Raw = field(default_factory=dict)
    rows: Mapping[str, RowSource] = field(default_factory=dict)

    @property
    def also(self) -> frozenset[str]:
        """Further hosts that these records answer for."""
        found: set[str] = set()
        held = tuple(self.rows)
        for record in self.records:
            if "x_layer" in record or (held and str(record.get("identifier")).endswith(held)):
                ways = record.get("distribution")
                urls = [str(way.get("accessURL")) for way in ways if isinstance(way, dict)] if ways else []
                found.update(urlsplit(url).netloc for url in urls if "/rest/services/" in url)
        return frozenset(found - {self.host})


class Serve(Protocol):
    """`serve.py` of a protocol: a WSGI application that speaks the dialect over some holdings."""

    def __call__(self, holdings: Holdings) -> WSGIApp: ...
