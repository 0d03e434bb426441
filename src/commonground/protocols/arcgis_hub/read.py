"""Reads ArcGIS Hub: the DCAT feed first, the v3 search where a site has none. Both give the same ids."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, ClassVar

from commonground.errors import Absent, Disagrees, Empty, PortalError, Refused
from commonground.protocols.arcgis_hub import search
from commonground.protocols.arcgis_hub.items import hub_id, lasting
from commonground.protocols.arcgis_hub.kinds import kind_of_feed
from commonground.protocols.arcgis_hub.layers import KEPT, columns, with_layer
from commonground.protocols.base import Capabilities, Notes, Page, ended, objects
from commonground.protocols.data_json import DataJsonReader
from commonground.protocols.data_json.reader import in_order
from commonground.protocols.fields.privacy import Persons
from commonground.protocols.fields.values import at, whole_number
from commonground.protocols.http import Client
from commonground.words import Dataset, License, Portal, Raw

FEED = "/api/feed/dcat-us/1.1.json"
SEARCH = ("/api/v3/datasets", "/api/v3/search")
PAGE = 100
_LICENSE_PAGE = re.compile(r"/datasets/[^/]+/license(?:\.json)?$")
_SEE_PAGE = "See the license page of the dataset"


class HubFeed(DataJsonReader):
    """The DCAT-US feed, at its address since 2022 or at the older `/data.json`."""

    name: ClassVar[str] = "hub-feed"
    recorded_as: ClassVar[str] = "arcgis-hub"
    capabilities: ClassVar[Capabilities] = Capabilities(
        declares_total=False,
        columns_in_listing=False,
        knows_columns=True,
        knows_row_count=False,
        modified_is_safe=False,
        list_order_is_random=True,
    )
    paths: ClassVar[tuple[str, ...]] = (FEED, "/data.json")

    def nothing(self, portal: Portal, errors: list[PortalError]) -> PortalError:
        """Always `Absent`, because the search may serve: Hub sites answer unknown paths with a page."""
        return Absent(f"{portal.host} has no DCAT feed: {errors[0].message}", url=errors[0].url)

    def native_id(self, raw: Raw) -> str:
        """`<item>_<layer>`, or `<item>` of what has no layers; else the identifier, whole."""
        told = (raw.get(key) for key in ("identifier", "landingPage"))
        return next(
            (found for one in told if isinstance(one, str) and (found := hub_id(one))), ""
        ) or super().native_id(raw)

    def canonical(self, raw: Raw) -> Raw:
        """Lists as sets, without the layer (asked for apart) and what the Hub changes by itself in addresses."""
        listed = raw.get("distribution")
        kept = {key: value for key, value in raw.items() if key != KEPT}
        if isinstance(listed, list):
            kept["distribution"] = [_lasting(one) if isinstance(one, dict) else one for one in listed]
        return super().canonical(kept)

    def complete(self, raw: Raw, portal: Portal, client: Client, notes: Notes) -> Raw:  # noqa: ARG002 - the seam's
        """The record with its layer, for the columns. See `with_layer`."""
        return with_layer(raw, client, notes)

    def normalize(self, raw: Raw, portal: Portal, notes: Notes) -> Dataset:
        """As any `data.json` record, with the layer's columns and the Hub's kinds."""
        dataset = super().normalize(raw, portal, notes)
        layer = raw.get(KEPT)
        layer = layer if isinstance(layer, dict) else {}
        return replace(
            dataset,
            kind=kind_of_feed(raw, dataset),
            license=_license(dataset.license),
            columns=columns(layer, notes),
            parents=tuple(hub_id(one) or one for one in dataset.parents),
            row_count=whole_number(layer.get("count"), notes, f"{KEPT}.count"),
        )


class HubSearch:
    """`/api/v3/datasets`, page by page; the option `groups` narrows it to the groups of a site."""

    name: ClassVar[str] = "hub-search"
    recorded_as: ClassVar[str] = ""
    persons: ClassVar[Persons] = search.PERSONS
    capabilities: ClassVar[Capabilities] = Capabilities(
        declares_total=True,
        columns_in_listing=True,
        knows_columns=True,
        knows_row_count=True,
        modified_is_safe=False,
        list_order_is_random=True,
        cannot_say=frozenset({"frequency"}),
    )

    def pages(self, portal: Portal, client: Client, after: str = "") -> Iterator[Page]:
        """Pages until the declared total or an empty one. The cursor is the number of the page, and its path.

        A page that only repeats is handed over, and is the last: the harvest says so.
        """
        begin, _, told = after.partition(" ")
        number = int(begin or 0) + 1
        path, page = (told, self._page(portal, client, told, number)) if told else self._first(portal, client)
        came, seen = (number - 1) * PAGE, set[str]()
        while page.records or page.findings:
            yield page
            count = len(page.records) + len(page.findings)
            came += count
            ids = {str(one.get("id")) for one in page.records}
            if ended(count, PAGE, came, page.declared) or ids <= seen:
                return
            seen |= ids
            number += 1
            page = self._page(portal, client, path, number)

    def _first(self, portal: Portal, client: Client) -> tuple[str, Page]:
        said, kind = list[str](), Absent
        for path in SEARCH:
            try:
                page = self._page(portal, client, path, 1)
            except Refused as error:
                said.append(error.message)
                continue
            if page.records:
                return path, page
            kind = Empty
            said.append(f"{path} lists nothing.")
        raise kind(f"{portal.host} has no v3 search: {' '.join(said)}", url=portal.url)

    def _page(self, portal: Portal, client: Client, path: str, number: int) -> Page:
        params: dict[str, str | int] = {"page[number]": number, "page[size]": PAGE}
        if groups := portal.options.get("groups"):
            params["catalog[groupIds]"] = f"any({groups})"
        url = f"{portal.url.rstrip('/')}{path}"
        answer = client.json(url, params)
        found = at(answer, "data")
        if not isinstance(found, list):
            raise Disagrees(f"{url} answered without a list “data”.", url=url)
        total = at(answer, "meta.stats.totalCount")
        records, odd = objects(found, "data", (number - 1) * PAGE)
        return Page(records, total if isinstance(total, int) else None, odd, f"{number} {path}")

    def native_id(self, raw: Raw) -> str:
        """`<item>_<layer>` or `<item>`, from the result's id."""
        told: list[Any] = [raw.get("id"), search.attributes(raw).get("id")]
        for one in told:
            if isinstance(one, str) and one.strip():
                return hub_id(one) or one.strip()
        raise ValueError("id")

    def canonical(self, raw: Raw) -> Raw:
        """Attributes with their lists as sets, without the layer and what the Hub notes for itself."""
        told = {key: value for key, value in search.attributes(raw).items() if key not in _BOOKKEEPING}
        lists = {key: sorted(told[key], key=in_order) for key in _SETS if isinstance(told.get(key), list)}
        return {"id": raw.get("id"), "attributes": {**told, **lists}}

    def complete(self, raw: Raw, portal: Portal, client: Client, notes: Notes) -> Raw:  # noqa: ARG002 - the seam's
        """The result as it is when it lists its fields, else with its layer."""
        return raw if isinstance(search.attributes(raw).get("fields"), list) else with_layer(raw, client, notes)

    def normalize(self, raw: Raw, portal: Portal, notes: Notes) -> Dataset:
        """See `search.normalize_result`."""
        return search.normalize_result(raw, portal, notes, self.native_id(raw))


_BOOKKEEPING = {"composedAt", "composeStatus", "statistics", "searchDescription", "size", "errors", "layers", "server"}
_SETS = ("tags", "categories", "groupIds", "typeKeywords", "typeCategories", "additionalResources")


def _lasting(distribution: Raw) -> Raw:
    return {
        key: lasting(value) if key in {"accessURL", "downloadURL"} and isinstance(value, str) else value
        for key, value in distribution.items()
    }


def _license(given: License | None) -> License | None:
    """A Hub links to a page with the license of each dataset: the address is kept, and is no license's name."""
    if given is None or not given.url or given.spdx or not _LICENSE_PAGE.search(given.url):
        return given
    return replace(given, text=_SEE_PAGE)
