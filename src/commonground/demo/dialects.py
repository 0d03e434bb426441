"""What differs from protocol to protocol in the sample: ids, addresses, ways to get the data, markup."""

from __future__ import annotations

import re
from hashlib import sha256
from html import escape
from uuid import UUID

from commonground.words import ColumnType, Dataset, Distribution, Kind, Portal

TABULAR = frozenset({Kind.TABLE, Kind.MAP_LAYER, Kind.VIEW})
GEOMETRY = frozenset({ColumnType.POINT, ColumnType.LINE, ColumnType.POLYGON, ColumnType.GEOMETRY})
_ALPHABET = "23456789abcdefghijkmnpqrstuvwxyz"


def digest(portal: Portal, title: str) -> bytes:
    """32 bytes that are the same for a dataset on every machine and every day."""
    return sha256(f"{portal.slug}/{title}".encode()).digest()


def native_id(portal: Portal, title: str, kind: Kind) -> str:
    """An id of the form that the portal's software gives: 4x4, `<item>_<layer>`, UUID."""
    seed = digest(portal, title)
    match portal.protocol:
        case "socrata":
            letters = "".join(_ALPHABET[byte % len(_ALPHABET)] for byte in seed[:8])
            return f"{letters[:4]}-{letters[4:]}"
        case "arcgis-hub":
            return f"{seed.hex()[:32]}_{seed[-1] % 60}" if kind in TABULAR else seed.hex()[:32]
        case _:
            return str(UUID(bytes=seed[:16], version=4))


def field(name: str, portal: Portal) -> str:
    """The name that programs use for a column."""
    if portal.protocol != "socrata":
        return name
    plain = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_") or "column"
    return f"_{plain}" if plain[0].isdigit() else plain


def landing_page(portal: Portal, title: str, key: str) -> str:
    """The dataset's page on its portal."""
    match portal.protocol:
        case "socrata":
            return f"{portal.url}/d/{key}"
        case "arcgis-hub":
            return f"{portal.url}/datasets/{key}"
        case _:
            return f"{portal.url}/dataset/{slug(title)}"


def slug(title: str) -> str:
    """The last part of an address made from a title."""
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:100]


def distributions(dataset: Dataset, portal: Portal, url: str) -> tuple[Distribution, ...]:
    """The ways to get the data. `url` is where something outside the portal lies, or where its layer does."""
    if dataset.kind in {Kind.LINK, Kind.STORY, Kind.SERVICE}:
        return (Distribution(url, "HTML", "Website", "text/html"),) if url else ()
    if dataset.kind is Kind.FILE:
        where = f"{portal.url}/download/{dataset.native_id}/{slug(dataset.title)}.zip"
        return (Distribution(where, "ZIP", dataset.title, "application/zip"),)
    if dataset.kind not in TABULAR:
        return ()
    match portal.protocol:
        case "socrata":
            return _socrata(dataset, portal)
        case "arcgis-hub":
            return _hub(dataset, portal, url)
        case _:
            return _ckan(dataset, portal)


def _socrata(dataset: Dataset, portal: Portal) -> tuple[Distribution, ...]:
    rows, resource = f"{portal.url}/api/views/{dataset.native_id}/rows", f"{portal.url}/resource/{dataset.native_id}"
    ways = [
        Distribution(f"{rows}.csv?accessType=DOWNLOAD", "CSV", media_type="text/csv"),
        Distribution(f"{resource}.json", "JSON", media_type="application/json"),
    ]
    if _on_map(dataset):
        ways.append(Distribution(f"{resource}.geojson", "GeoJSON", media_type="application/geo+json"))
    return tuple(ways)


def _hub(dataset: Dataset, portal: Portal, url: str) -> tuple[Distribution, ...]:
    item, _, layer = dataset.native_id.partition("_")
    page = dataset.landing_page
    ways = [
        Distribution(page, "HTML", "ArcGIS Hub Dataset", "text/html"),
        Distribution(
            url or f"{portal.url}/arcgis/rest/services/{item}/FeatureServer/{layer}",
            "Esri REST",
            "Esri Rest API",
            "application/json",
        ),
        Distribution(f"{page}.geojson", "GeoJSON", "GeoJSON", "application/vnd.geo+json"),
        Distribution(f"{page}.csv", "CSV", "CSV", "text/csv"),
    ]
    if dataset.kind is Kind.MAP_LAYER:
        ways.append(Distribution(f"{page}.kml", "KML", "KML", "application/vnd.google-earth.kml+xml"))
        ways.append(Distribution(f"{page}.zip", "Shapefile", "Shapefile", "application/zip"))
    return tuple(ways)


def _ckan(dataset: Dataset, portal: Portal) -> tuple[Distribution, ...]:
    folder, name = f"{portal.url}/dataset/{dataset.native_id}/download", slug(dataset.title)
    ways = [Distribution(f"{folder}/{name}.csv", "CSV", dataset.title, "text/csv")]
    if dataset.kind is Kind.MAP_LAYER:
        ways.append(Distribution(f"{folder}/{name}.geojson", "GeoJSON", "GeoJSON", "application/geo+json"))
        ways.append(Distribution(f"{folder}/{name}.zip", "Shapefile", "SHP", "application/zip"))
    return tuple(ways)


def _on_map(dataset: Dataset) -> bool:
    return any(column.type in GEOMETRY for column in dataset.columns or ())


def markup(sentences: list[str], portal: Portal) -> str:
    """The description as the portal's editors leave it: styled spans in a Hub, headings in CKAN, text in Socrata."""
    if portal.protocol == "socrata" or not sentences:
        return ""
    first, *rest = (escape(sentence) for sentence in sentences)
    if portal.protocol == "arcgis-hub":
        style = "margin:0px; font-size:10.5pt; font-family:Roboto-Regular; color:rgb(68, 68, 68);"
        lines = "".join(f"<div><span style='{style}'>{one}</span></div>" for one in rest)
        return f"<div style='text-align:Left;'><p style='{style}'>{first}</p></div>{lines}"
    points = "".join(f"<li>{one}</li>" for one in rest)
    return f"<h3>About</h3><p>{first}</p><h3>Notes</h3><ul>{points}</ul>"
