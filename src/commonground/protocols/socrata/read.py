"""Reads Socrata portals: Discovery first, `/api/views` when the domain is absent there, then `data.json`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, ClassVar

from commonground.errors import Absent, Disagrees, Empty, Refused
from commonground.protocols.base import Capabilities, Notes, Page, ended, objects
from commonground.protocols.data_json import DataJsonReader
from commonground.protocols.fields.privacy import Persons
from commonground.protocols.http import Client
from commonground.protocols.socrata import discovery, views, words
from commonground.words import Dataset, Finding, Portal, Raw

PAGE = 500
DEEPEST = 9_500
"""Discovery refuses `offset + limit` over 10,000; from here on we go on by `scroll_id`."""


class Discovery:
    """`/api/catalog/v1` of the portal's own host, always with `domains`: without it, it lists the world."""

    name: ClassVar[str] = "socrata-discovery"
    recorded_as: ClassVar[str] = "socrata"
    persons: ClassVar[Persons] = words.PERSONS
    capabilities: ClassVar[Capabilities] = Capabilities(
        declares_total=True,
        columns_in_listing=True,
        knows_columns=True,
        knows_row_count=False,
        modified_is_safe=True,
        list_order_is_random=True,
    )

    def pages(self, portal: Portal, client: Client, after: str = "") -> Iterator[Page]:
        """Pages in order of ids, so that nothing slips between two pages. The cursor is offset and last id."""
        domain = portal.options.get("domain", portal.host)
        begin, _, last = after.partition(" ")
        offset = int(begin or 0)
        while True:
            where: dict[str, str | int] = {"offset": offset} if offset < DEEPEST else {"scroll_id": last}
            params = {"domains": domain, "order": "dataset_id", "limit": PAGE, **where}
            results, declared = self._ask(portal, client, params)
            records, odd = objects(results, "results", offset)
            ours, strangers = _of_domain(records, domain)
            if offset == 0 and not ours:
                raise Empty(
                    f"{portal.host} is not in Socrata's Discovery API ({declared or 0} records, none of {domain}).",
                    url=portal.url,
                )
            offset += len(results)
            last = str(_id(records[-1])) if records else ""
            yield Page(ours, declared, (*odd, *strangers), f"{offset} {last}")
            if not results or (ended(len(results), PAGE, offset, declared) and offset < DEEPEST):
                return

    def _ask(self, portal: Portal, client: Client, params: dict[str, str | int]) -> tuple[list[Any], int | None]:
        try:
            answer = client.json(f"{portal.url}/api/catalog/v1", params)
        except Refused as error:
            if params.get("offset") != 0:
                raise
            raise Absent(f"{portal.host} has no Discovery API ({error.status}).", url=error.url) from error
        results = answer.get("results") if isinstance(answer, dict) else None
        if not isinstance(results, list):
            raise Disagrees(f"{portal.host} answered /api/catalog/v1 without a list “results”.", url=portal.url)
        total = answer.get("resultSetSize")
        return results, total if isinstance(total, int) else None

    def native_id(self, raw: Raw) -> str:
        """The 4x4, for example `i98e-djp9`."""
        found = _id(raw)
        if not isinstance(found, str) or not found.strip():
            raise ValueError("resource.id")
        return found

    def canonical(self, raw: Raw) -> Raw:
        """Columns, tags and facts in one order; view counts left out."""
        return discovery.canonical(raw)

    def complete(self, raw: Raw, portal: Portal, client: Client, notes: Notes) -> Raw:  # noqa: ARG002 - the seam's
        """Nothing to add: Discovery's records come whole."""
        return raw

    def normalize(self, raw: Raw, portal: Portal, notes: Notes) -> Dataset:
        """See `discovery.normalize`."""
        return discovery.normalize(raw, portal, self.native_id(raw), notes)


class Views:
    """`/api/views?limit=…&page=…`: every public asset of one portal, in its older form."""

    name: ClassVar[str] = "socrata-views"
    recorded_as: ClassVar[str] = "socrata"
    persons: ClassVar[Persons] = words.PERSONS
    capabilities: ClassVar[Capabilities] = Capabilities(
        declares_total=False,
        columns_in_listing=True,
        knows_columns=True,
        knows_row_count=True,
        modified_is_safe=True,
    )

    def pages(self, portal: Portal, client: Client, after: str = "") -> Iterator[Page]:
        """Pages until an empty one. A page that brings nothing new ends it: some servers ignore `page`."""
        number, seen = int(after or 0) + 1, set[str]()
        while True:
            found = self._ask(portal, client, number)
            records, odd = objects(found, "views", (number - 1) * PAGE)
            fresh = [one for one in records if str(one.get("id")) not in seen]
            if number == 1 and not found:
                raise Empty(f"{portal.host} lists no views.", url=portal.url)
            if number > 1 and not fresh:
                if len(found) == PAGE:
                    # A full page again: there is more behind it that this server does not give.
                    yield Page(records)
                return
            seen.update(str(one.get("id")) for one in fresh)
            yield Page(records if number == 1 else fresh, findings=odd, cursor=str(number))
            number += 1

    def _ask(self, portal: Portal, client: Client, number: int) -> list[Any]:
        try:
            answer = client.json(f"{portal.url}/api/views", {"limit": PAGE, "page": number})
        except Refused as error:
            if number > 1:
                raise
            raise Absent(f"{portal.host} has no /api/views ({error.status}).", url=error.url) from error
        if not isinstance(answer, list):
            raise Disagrees(f"{portal.host} answered /api/views with no list.", url=portal.url)
        return answer

    def native_id(self, raw: Raw) -> str:
        """The 4x4."""
        found = raw.get("id")
        if not isinstance(found, str) or not found.strip():
            raise ValueError("id")
        return found

    def canonical(self, raw: Raw) -> Raw:
        """Tags in one order; counters and cached contents left out."""
        return views.canonical(raw)

    def complete(self, raw: Raw, portal: Portal, client: Client, notes: Notes) -> Raw:  # noqa: ARG002 - the seam's
        """Nothing to add: views come whole."""
        return raw

    def normalize(self, raw: Raw, portal: Portal, notes: Notes) -> Dataset:
        """See `views.normalize`."""
        return views.normalize(raw, portal, self.native_id(raw), notes)


class SocrataDataJson(DataJsonReader):
    """`/data.json` of a Socrata portal: fewer facts and no columns, but the same 4x4 ids."""

    name: ClassVar[str] = "socrata-data-json"
    recorded_as: ClassVar[str] = "dcat-us"

    def native_id(self, raw: Raw) -> str:
        """The 4x4 inside `identifier` (`https://…/api/views/22bv-uv6r`) or the landing page."""
        for key in ("identifier", "landingPage"):
            found = words.FOUR_BY_FOUR.findall(str(raw.get(key) or "").lower())
            if found:
                return str(found[-1])
        return super().native_id(raw)

    def normalize(self, raw: Raw, portal: Portal, notes: Notes) -> Dataset:
        """As any `data.json` record; parents are 4x4s too."""
        dataset = super().normalize(raw, portal, notes)
        parents = [words.FOUR_BY_FOUR.findall(one.lower()) or [one] for one in dataset.parents]
        return replace(dataset, parents=tuple(found[-1] for found in parents))


def _id(raw: Raw) -> Any:  # noqa: ANN401 - whatever the portal sent
    resource = raw.get("resource")
    return resource.get("id") if isinstance(resource, dict) else None


def _of_domain(results: list[Raw], domain: str) -> tuple[list[Raw], tuple[Finding, ...]]:
    """The records of this domain; those of others are findings, never records of this city."""
    ours, strangers = [], []
    for one in results:
        metadata = one.get("metadata")
        said = metadata.get("domain") if isinstance(metadata, dict) else None
        if said is None or said == domain:
            ours.append(one)
        else:
            strangers.append(Finding("wrong-domain", "metadata.domain", str(said)[:200], str(_id(one) or "")))
    return ours, tuple(strangers)
