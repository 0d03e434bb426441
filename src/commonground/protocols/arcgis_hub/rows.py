"""Reads rows from the layer behind a dataset of a Hub, in windows of object ids; else from the Hub's own file.

Dates come as the layer gives them: milliseconds since 1970 as text, or what the field's newer types say. The place of
a feature is the column `geometry`, GeoJSON in WGS 84.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from typing import ClassVar
from urllib.parse import quote

from commonground.errors import Disagrees, PortalError, Refused, Unreachable, Unreadable
from commonground.protocols.arcgis_hub.items import layer_url
from commonground.protocols.arcgis_hub.read import SEARCH
from commonground.protocols.arcgis_hub.windows import Layer, asked, layer
from commonground.protocols.base import RowCapabilities, RowPage
from commonground.protocols.fields.values import at
from commonground.protocols.http import Client
from commonground.protocols.rows import files, states, text
from commonground.words import Finding, Portal

_DOWNLOADS = ("csv", "geojson")


class HubRows:
    """A layer's `query`, or the Hub's downloads: `/datasets/<id>.csv` and `.geojson`, `/api/download/v1/items/…`."""

    name: ClassVar[str] = "arcgis-hub"
    # Not incremental: object ids tell new rows but not changed ones, and a layer that is overwritten is numbered anew.
    # Layers with editor tracking have a date of each edit; that is not asked for yet.
    capabilities: ClassVar[RowCapabilities] = RowCapabilities(
        counts=True, resumable=True, incremental=False, states=True
    )

    def rows(self, portal: Portal, native_id: str, client: Client, after: str = "") -> Iterator[RowPage]:
        """Windows of object ids; pages by offset where the layer has none; a file where there is no layer to ask."""
        try:
            found = _layer(portal, native_id, client)
            declared = found.total()
        except (Refused, Disagrees, Unreadable, Unreachable) as error:
            if after:
                raise
            yield from _download(portal, native_id, client, error)
            return
        yield from found.pages(after, declared)

    def count(self, portal: Portal, native_id: str, client: Client) -> int | None:
        """The layer's `returnCountOnly`."""
        return _layer(portal, native_id, client).total()

    def state(self, portal: Portal, native_id: str, client: Client) -> str:
        """When the layer says that its data were edited last, its count and its fields; "" where it keeps no such
        account, for what the Hub calls modified is the item and not its rows.
        """
        url = _address(portal, native_id, client)
        about = asked(client, url, {"f": "json"})
        edited = at(about, "editingInfo.dataLastEditDate") or at(about, "editingInfo.lastEditDate")
        if not edited:
            return ""
        found = layer(url, client, native_id)
        return states.written(edited=str(edited), count=found.total(), columns=states.columns(found.fields))


def _layer(portal: Portal, native_id: str, client: Client) -> Layer:
    return layer(_address(portal, native_id, client), client, native_id)


def _address(portal: Portal, native_id: str, client: Client) -> str:
    """The layer of a dataset, by what the Hub's search says of it."""
    about = text.answered(client.get(f"{portal.url.rstrip('/')}{SEARCH[0]}/{quote(native_id, safe='')}"))
    data = about.get("data") if isinstance(about, dict) else None
    url = layer_url(data) if isinstance(data, dict) else ""
    if not url:
        raise Disagrees(f"{portal.host} names no layer for {native_id}.", url=portal.url)
    return url


def _download(portal: Portal, native_id: str, client: Client, why: PortalError) -> Iterator[RowPage]:
    """The file that the Hub makes of a dataset; the reason why there is no layer if there is no file either."""
    item, _, number = native_id.partition("_")
    base = portal.url.rstrip("/")
    older = [(form, f"{base}/datasets/{native_id}.{form}") for form in _DOWNLOADS]
    newer = [(form, f"{base}/api/download/v1/items/{item}/{form}?layers={number or 0}") for form in _DOWNLOADS]
    for form, url in (*older, *newer):
        with ExitStack() as stack:
            try:
                path = stack.enter_context(files.fetched(client, url, f"{native_id}.{form}"))
            except (Refused, Unreadable, Unreachable):
                continue
            note: tuple[Finding, ...] = (Finding("rows-by-file", url, native_id=native_id, detail=why.message[:200]),)
            for page in files.pages(path, url, native_id):
                yield replace(page, findings=(*note, *page.findings))
                note = ()
            return
    raise why
