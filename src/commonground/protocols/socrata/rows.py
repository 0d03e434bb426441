"""Reads rows from Socrata: the whole file at once where it can be had, else pages of SODA in order of `:id`.

The two write some values in another way: the file has dates and places as the portal shows them, SODA ISO dates and
GeoJSON. Columns have the same names in both, those that people see (`Primary Type`): SODA's own (`primary_type`) are
turned into them by what the view says. The option `rows = "pages"` of a portal in its city's file chooses SODA from
the start, and so does a dataset of more than a million rows, whose file may be larger than we accept.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, ClassVar
from urllib.parse import quote

from commonground.errors import Disagrees, Refused, Unreachable, Unreadable
from commonground.protocols.base import RowCapabilities, RowPage, objects
from commonground.protocols.http import Answer, Client
from commonground.protocols.rows import cursors, files, states, text
from commonground.protocols.rows.asking import fitting
from commonground.words import Finding, Portal, Raw

PAGE = 20_000
MOST_IN_FILE = 1_000_000
_ID, _UPDATED = ":id", ":updated_at"
_SYSTEM = frozenset({_ID, _UPDATED})
_FIELDS = "x-soda2-fields"


class SocrataRows:
    """`/api/views/<4x4>/rows.csv`, and `/resource/<4x4>.json` of SODA 2."""

    name: ClassVar[str] = "socrata"
    capabilities: ClassVar[RowCapabilities] = RowCapabilities(
        counts=True, resumable=True, incremental=True, states=True
    )

    def rows(self, portal: Portal, native_id: str, client: Client, after: str = "") -> Iterator[RowPage]:
        """The file without `after`, pages with it. The last cursor asks for what was updated since (by `:updated_at`);
        where the portal tells no such time it is empty.

        What came by pages carries neither `:id` nor `:updated_at`, so that both ways give the city's columns alone.
        """
        note: tuple[Finding, ...] = ()
        if not after and portal.options.get("rows") != "pages":
            said = yield from _file(portal, native_id, client)
            if not said:
                return
            note = (Finding("rows-by-pages", "rows.csv", native_id=native_id, detail=said),)
        named = _names(_view(portal, native_id), client)
        yield from _Pages(_soda(portal, native_id), client, after, native_id, note, named).pages()

    def count(self, portal: Portal, native_id: str, client: Client) -> int | None:
        """`$select=count(*)`."""
        found: int | None = _told(_soda(portal, native_id), client, "count(*)", text.whole)
        return found

    def state(self, portal: Portal, native_id: str, client: Client) -> str:
        """When the view says that rows changed, the newest `:updated_at`, the count, and the columns."""
        soda = _soda(portal, native_id)
        about = _about(_view(portal, native_id), client)
        stamp = about.get("rowsUpdatedAt")
        newest = _told_perhaps(soda, client, f"max({_UPDATED})", text.cell)
        if not (stamp or newest):
            return ""
        count = _told_perhaps(soda, client, "count(*)", text.whole)
        named = states.columns(f"{field}={name}" for field, name in _named(about).items())
        return states.written(rows=text.cell(stamp), newest=newest, count=count, columns=named)


def _soda(portal: Portal, native_id: str) -> str:
    return f"{portal.url.rstrip('/')}/resource/{quote(native_id, safe='')}.json"


def _view(portal: Portal, native_id: str) -> str:
    return f"{portal.url.rstrip('/')}/api/views/{quote(native_id, safe='')}"


def _file(portal: Portal, native_id: str, client: Client) -> Generator[RowPage, None, str]:
    """The pages of the whole file. Returns "" when it was read, else why it cannot be had."""
    url = f"{_view(portal, native_id)}/rows.csv"
    soda = _soda(portal, native_id)
    with ExitStack() as stack:
        try:
            # Both are asked before the file: what changes meanwhile is told again, and not left out.
            declared = _told_perhaps(soda, client, "count(*)", text.whole)
            if (declared or 0) > MOST_IN_FILE:
                return f"{declared:,} rows are too many for one file."
            newest = _told_perhaps(soda, client, f"max({_UPDATED})", text.cell) or ""
            opened = files.fetched(client, url, f"{native_id}.csv", {"accessType": "DOWNLOAD"})
            path = stack.enter_context(opened)
            found = files.pages(path, url, native_id, declared, cursors.written(since=newest, newest=newest))
            first = next(found)
        except (Refused, Unreadable, Unreachable) as error:
            return error.message
        yield first
        yield from found
    return ""


def _told(url: str, client: Client, select: str, read: Any, where: str = "") -> Any:  # noqa: ANN401 - as `read` gives
    """The one value of a question that has one row; None when the portal gives none. Raises what the request raises."""
    answer = text.answered(client.get(url, {"$select": f"{select} as told", **({"$where": where} if where else {})}))
    row = answer[0] if isinstance(answer, list) and answer and isinstance(answer[0], dict) else {}
    return read(row.get("told"))


def _told_perhaps(url: str, client: Client, select: str, read: Any) -> Any:  # noqa: ANN401 - as above
    """As `_told`; None where the portal says no: some files are had where SODA is not."""
    with suppress(Refused, Unreadable):
        return _told(url, client, select, read)
    return None


@dataclass(slots=True)
class _Pages:
    """One reading by pages of SODA. The cursor: rows that `came`, the last `id`, `since` when rows are asked for, and
    the `newest` update seen.
    """

    url: str
    client: Client
    after: str
    native_id: str
    note: tuple[Finding, ...]
    named: Mapping[str, str]
    seen: list[object] = field(default_factory=list)
    size: int = field(default_factory=lambda: PAGE)

    def pages(self) -> Iterator[RowPage]:
        told = cursors.parts(self.after)
        since, last, newest = (told.get(name, "") for name in ("since", "id", "newest"))
        came = cursors.number(told, "came")
        declared = _told(self.url, self.client, "count(*)", text.whole, _where(since, ""))
        while True:
            where, offset = _where(since, last), came if came and not last else 0
            answer, self.size = fitting(self.size, partial(self._ask, where, offset))
            records, odd = self._records(answer, came)
            if self._repeated(records):
                odd = (Finding("rows-repeated", f":id > {last}", last, self.native_id, f"{came:,}"),)
                yield self._page([], answer, RowPage((), text.table([], []), declared, "", odd, came))
                return
            came += len(records)
            last = str(records[-1].get(_ID) or "") if records else last
            newest = max([newest, *(str(one.get(_UPDATED) or "") for one in records)])
            over = not records or (declared is not None and came >= declared and len(records) < self.size)
            on: dict[str, str | int] = {} if over else {"came": came, "id": last}
            cursor = cursors.written(**on, since=newest if over else since, newest=newest)
            yield self._page(records, answer, RowPage((), text.table([], []), declared, cursor, odd, came))
            if over:
                return

    def _repeated(self, records: list[Raw]) -> bool:
        """Whether a page holds the very ids of the page before it; where there are none, its very rows."""
        ids = [one.get(_ID) or text.compact(one) for one in records]
        again, self.seen = bool(ids) and ids == self.seen, ids
        return again

    def _ask(self, where: str, offset: int, size: int) -> Answer:
        """A page behind the last id; behind so many rows where rows have no id."""
        begin: dict[str, str | int] = {"$where": where} if where else {}
        if offset:
            begin["$offset"] = offset
        return self.client.get(self.url, {"$select": f"{_ID},{_UPDATED},*", "$order": _ID, "$limit": size, **begin})

    def _records(self, answer: Answer, came: int) -> tuple[list[Raw], tuple[Finding, ...]]:
        found = text.answered(answer)
        if not isinstance(found, list):
            raise Disagrees(f"{self.url} answered with no list of rows.", url=self.url)
        return objects(found, "rows", came)

    def _page(self, records: list[Raw], answer: Answer, page: RowPage) -> RowPage:
        names = [one for one in text.names(records, _fields(answer)) if one not in _SYSTEM]
        note, self.note = self.note, ()
        rows = text.table(records, names)
        shown = [self.named.get(one, one) for one in names]
        if len(set(shown)) == len(shown):
            names, rows = shown, rows.rename_columns(shown)
        return replace(page, names=tuple(names), rows=rows, findings=(*note, *page.findings))


def _names(view: str, client: Client) -> dict[str, str]:
    """Field to name of each column, as the view tells them; nothing where it cannot be asked."""
    try:
        return _named(_about(view, client))
    except (Refused, Unreadable):
        return {}


def _about(view: str, client: Client) -> Raw:
    """What a view says of itself; nothing where that is no object."""
    told = text.answered(client.get(f"{view}.json"))
    return told if isinstance(told, dict) else {}


def _named(about: Raw) -> dict[str, str]:
    listed = about.get("columns")
    columns = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    pairs = [(one.get("fieldName"), one.get("name")) for one in columns]
    return {
        field: name.strip()
        for field, name in pairs
        if isinstance(field, str) and isinstance(name, str) and name.strip()
    }


def _where(since: str, last: str) -> str:
    tests = [(_UPDATED, since), (_ID, last)]
    return " and ".join(f"{name} > '" + value.replace("'", "''") + "'" for name, value in tests if value)


def _fields(answer: Answer) -> list[str]:
    """The names of all columns, which SODA tells beside the rows, as these leave out what is empty."""
    told = {name.lower(): value for name, value in answer.headers.items()}.get(_FIELDS, "")
    try:
        found = text.parsed(told, answer.url) if told else []
    except Unreadable:
        return []
    return [str(one) for one in found] if isinstance(found, list) else []
