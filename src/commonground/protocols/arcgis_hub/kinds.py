"""What a Hub's item is: a layer, a table, a file, a story, or a page elsewhere."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from commonground.protocols.arcgis_hub.items import addresses, layer_url
from commonground.protocols.arcgis_hub.layers import KEPT, is_table
from commonground.words import Dataset, Kind, Raw

_STORY = re.compile(
    r"storymaps?\.|/apps/(?:mapjournal|mapseries|maptour|cascade|storytelling\w*|storymap\w*|shortlist)/", re.IGNORECASE
)
_FILE = re.compile(r"\.(?:zip|pdf|csv|xlsx?|docx?|gdb|kmz?|geojson|tiff?|las|laz|7z|gz|txt|json)$", re.IGNORECASE)
_SERVICE = re.compile(r"/(?:map|feature|image|scene|vectortile)server(?:/\d+)?/?$", re.IGNORECASE)
_WITH_PLACE = {"KML", "KMZ", "Shapefile", "WMS", "WFS"}

_BY_TYPE = {
    Kind.MAP_LAYER: "feature layer|feature service|map service|image service|raster layer|vector tile service"
    "|scene service|wms|wfs|feature collection|group layer|ogcfeatureserver",
    Kind.TABLE: "table|csv|csv collection|microsoft excel",
    Kind.STORY: "storymap|story map",
    Kind.FILE: "pdf|shapefile|file geodatabase|kml|geojson|image|microsoft word|microsoft powerpoint|cad drawing"
    "|layer package|map package|file|geopackage|code sample|report template",
    Kind.LINK: "document link|web mapping application|web map|web scene|dashboard|application|hub site application"
    "|hub page|site application|web experience|form|hub initiative|site page|operation view",
}
_TYPES = {word: kind for kind, words in _BY_TYPE.items() for word in words.split("|")}


def kind_of_feed(raw: Raw, dataset: Dataset) -> Kind:
    """Of a record of the feed: from its layer where that is known, else from the forms that the Hub exports.

    A Hub exports KML and shapefiles of what has a place on the map, and only CSV and GeoJSON of tables.
    """
    layer = raw.get(KEPT)
    if isinstance(layer, dict):
        return Kind.TABLE if is_table(layer) else Kind.MAP_LAYER
    if layer_url(raw):
        formats = {way.format for way in dataset.distributions}
        return Kind.MAP_LAYER if formats & _WITH_PLACE else Kind.TABLE
    own = dataset.host.lower()
    elsewhere = [url for url in addresses(raw) if (urlsplit(url).hostname or "").lower() != own]
    return _of_address(elsewhere[0]) if elsewhere else Kind.OTHER


def kind_of_type(word: str, keywords: list[str], layer: Raw) -> Kind:
    """Of a search result: from the item's type, as ArcGIS names it."""
    if any(one.lower().replace(" ", "") == "storymap" for one in keywords):
        return Kind.STORY
    kind = _TYPES.get(word.lower())
    if kind is Kind.MAP_LAYER and isinstance(layer.get("fields"), list) and is_table(layer):
        return Kind.TABLE
    if kind is None and layer.get("fields"):
        return Kind.TABLE if is_table(layer) else Kind.MAP_LAYER
    return kind or Kind.OTHER


def _of_address(url: str) -> Kind:
    path = urlsplit(url).path
    if _SERVICE.search(path):
        return Kind.MAP_LAYER
    if _STORY.search(url):
        return Kind.STORY
    return Kind.FILE if _FILE.search(path) else Kind.LINK
