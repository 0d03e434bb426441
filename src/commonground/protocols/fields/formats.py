"""File formats and interfaces, in the few words that people filter by."""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import unquote

FORMATS = (
    *("CSV", "JSON", "GeoJSON", "KML", "KMZ", "Shapefile", "XML", "Excel", "PDF", "HTML", "Esri REST", "WMS", "WFS"),
    *("ZIP", "RDF", "Parquet", "Text", "API", "Other"),
)
"""Every word that `format_of` gives."""

_BY_WORD = {
    "csv": "CSV",
    "tsv": "Text",
    "json": "JSON",
    "jsonl": "JSON",
    "ndjson": "JSON",
    "geojson": "GeoJSON",
    "geo json": "GeoJSON",
    "kml": "KML",
    "kmz": "KMZ",
    "shp": "Shapefile",
    "shapefile": "Shapefile",
    "shapefiles": "Shapefile",
    "esri shapefile": "Shapefile",
    "xml": "XML",
    "rss": "XML",
    "atom": "XML",
    "gml": "XML",
    "xls": "Excel",
    "xlsx": "Excel",
    "xlsm": "Excel",
    "excel": "Excel",
    "pdf": "PDF",
    "html": "HTML",
    "htm": "HTML",
    "xhtml": "HTML",
    "web page": "HTML",
    "webpage": "HTML",
    "website": "HTML",
    "esri rest": "Esri REST",
    "arcgis geoservices rest api": "Esri REST",
    "arcgis rest": "Esri REST",
    "feature service": "Esri REST",
    "map service": "Esri REST",
    "wms": "WMS",
    "ogc wms": "WMS",
    "wmts": "WMS",
    "wfs": "WFS",
    "ogc wfs": "WFS",
    "zip": "ZIP",
    "rdf": "RDF",
    "ttl": "RDF",
    "turtle": "RDF",
    "n3": "RDF",
    "json ld": "RDF",
    "jsonld": "RDF",
    "rdf xml": "RDF",
    "rdf n3": "RDF",
    "parquet": "Parquet",
    "geoparquet": "Parquet",
    "txt": "Text",
    "text": "Text",
    "api": "API",
    "soda": "API",
    "soda api": "API",
    "odata": "API",
}
_BY_MEDIA = {
    "text/csv": "CSV",
    "application/csv": "CSV",
    "application/json": "JSON",
    "application/x-ndjson": "JSON",
    "application/geo+json": "GeoJSON",
    "application/vnd.geo+json": "GeoJSON",
    "application/vnd.google-earth.kml+xml": "KML",
    "application/vnd.google-earth.kml": "KML",
    "application/vnd.google-earth.kmz": "KMZ",
    "application/x-shapefile": "Shapefile",
    "application/vnd.shp": "Shapefile",
    "application/xml": "XML",
    "text/xml": "XML",
    "application/rss+xml": "XML",
    "application/atom+xml": "XML",
    "application/gml+xml": "XML",
    "application/excel": "Excel",
    "application/vnd.ms-excel": "Excel",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "Excel",
    "application/pdf": "PDF",
    "text/html": "HTML",
    "application/xhtml+xml": "HTML",
    "application/vnd.ogc.wms_xml": "WMS",
    "application/vnd.ogc.wfs_xml": "WFS",
    "application/zip": "ZIP",
    "application/x-zip-compressed": "ZIP",
    "application/rdf+xml": "RDF",
    "text/turtle": "RDF",
    "application/ld+json": "RDF",
    "application/n-triples": "RDF",
    "application/vnd.apache.parquet": "Parquet",
    "application/parquet": "Parquet",
    "text/plain": "Text",
    "text/tab-separated-values": "Text",
}
_SERVICE = re.compile(r"/(?:(feature|map|image|scene)server)\b(?:/\d+)?/?(?:\?|$)", re.IGNORECASE)
_OGC = re.compile(r"[?&]service=(wms|wfs|wmts)\b", re.IGNORECASE)
_ASKED = re.compile(r"[?&](?:format|accesstype|f|outputformat)=([\w ]+)", re.IGNORECASE)
_ENDING = re.compile(r"[./](\w{2,10})$")
_NOT_WORD = re.compile(r"[\W_]+")
_ZIPPED_SHAPE = re.compile(r"(?:^|[^a-z])(?:shp|shapefiles?)(?:[^a-z]|$)", re.IGNORECASE)


@lru_cache(maxsize=8_192)
def format_of(given: str, media_type: str = "", url: str = "") -> str:
    """One of FORMATS: from what the portal says, else the media type, else the address."""
    by_url = _from_url(url[:2_000])
    found = _from_words(given[:200]) or _BY_MEDIA.get(media_type.split(";", maxsplit=1)[0].strip().lower()) or by_url
    if found is None:
        return "Other"
    if found == "ZIP" and _ZIPPED_SHAPE.search(f"{given[:200]} {url[:2_000]}"):
        return "Shapefile"
    if found in {"JSON", "API"} and by_url in {"Esri REST", "GeoJSON"}:
        return by_url
    return found


def _from_words(given: str) -> str | None:
    """“CSV”, “.csv”, “text/csv”, “Zipped TXT”, “CSV file”."""
    given = given.strip().lower()
    if given in _BY_MEDIA:
        return _BY_MEDIA[given]
    words = _NOT_WORD.sub(" ", given).strip()
    if words in _BY_WORD:
        return _BY_WORD[words]
    if words.startswith(("zip", "7z", "rar", "gz", "tar")):
        return "ZIP"
    known = {_BY_WORD[word] for word in words.split() if word in _BY_WORD}
    if "Shapefile" in known:
        return "Shapefile"
    return known.pop() if len(known) == 1 else None


def _from_url(url: str) -> str | None:
    if not url:
        return None
    if _SERVICE.search(url):
        return "Esri REST"
    if match := _OGC.search(url):
        return _BY_WORD[match[1].lower()]
    if match := _ASKED.search(url):
        asked = _BY_WORD.get(match[1].strip().lower())
        if asked:
            return asked
    path = unquote(url.split("?", maxsplit=1)[0].split("#", maxsplit=1)[0]).rstrip("/")
    if match := _ENDING.search(path):
        return _BY_WORD.get(match[1].lower())
    return None
