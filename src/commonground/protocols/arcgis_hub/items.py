"""Which item and layer a record is about: the one id that stays when a Hub rewrites its addresses."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from commonground.words import Portal, Raw

_ITEM = re.compile(r"(?<![0-9a-f])([0-9a-f]{32})(?:_(\d{1,6}))?(?![0-9a-f])", re.IGNORECASE | re.ASCII)
_SUBLAYER = re.compile(r"[?&](?:sublayer|layers)=(\d{1,6})(?![\d,])", re.IGNORECASE | re.ASCII)
_LAYER = re.compile(r"https?://[^?#]+/(?:map|feature)server/\d{1,6}/?", re.IGNORECASE | re.ASCII)
_ESRI = ".opendata.arcgis.com"
_VOLATILE = {"outsr", "spatialrefid"}
_MAY_VARY = re.compile("outsr=|spatialrefid=", re.IGNORECASE)


def hub_id(text: str) -> str:
    """`<item>_<layer>` or `<item>` out of any address or id of it; "" when there is none.

    Known forms: `/datasets/<item>_<layer>`, `/maps/<item>_<layer>`, `item.html?id=<item>&sublayer=<layer>`,
    `/api/download/v1/items/<item>/csv?layers=<layer>`.
    """
    match = _ITEM.search(text)
    if match is None:
        return ""
    item, layer = match[1].lower(), match[2]
    if layer is None and (asked := _SUBLAYER.search(text)):
        layer = asked[1]
    return item if layer is None else f"{item}_{int(layer)}"


def named(portal: Portal, url: str) -> str:
    """The native id of the dataset of this portal that an address names; "" when it names none.

    Esri writes the host of a site with dots or with a dash: `site.city.opendata…` and `site-city.opendata…`.
    """
    return hub_id(url) if _site(urlsplit(url).hostname or "") == _site(portal.host) else ""


def _site(host: str) -> str:
    return host.removesuffix(_ESRI).replace(".", "-")


def addresses(raw: Raw) -> Iterable[str]:
    """The addresses of a record's data, of the feed or of the search."""
    listed = raw.get("distribution")
    ways = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    attributes = raw.get("attributes")
    told = [one.get(key) for one in ways for key in ("accessURL", "downloadURL")]
    told.append(attributes.get("url") if isinstance(attributes, dict) else raw.get("webService"))
    return (url for url in told if isinstance(url, str))


def layer_url(raw: Raw) -> str:
    """The address of the one map layer or table behind a record, "" when there is none."""
    return next((url.rstrip("/") for url in addresses(raw) if _LAYER.fullmatch(url)), "")


def lasting(url: str) -> str:
    """An address without the parts that a Hub changes by itself (the projection it would export in)."""
    if not _MAY_VARY.search(url):
        return url
    address, _, query = url.partition("?")
    kept = [part for part in query.split("&") if part.partition("=")[0].lower() not in _VOLATILE]
    return f"{address}?{'&'.join(kept)}" if kept else address
