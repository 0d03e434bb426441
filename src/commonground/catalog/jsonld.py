"""A dataset as schema.org sees it, so that search engines for data find it. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

DESCRIPTION_LENGTH: Final = 5_000
SHORTEST: Final = 50
"""Search engines take descriptions of 50 to 5,000 characters."""


def dataset(form: Mapping[str, Any], city: str, url: str) -> dict[str, Any]:
    """The JSON-LD of a dataset's form. `city` is the city's name, `url` our page of it."""
    found = {
        "@context": "https://schema.org/",
        "@type": "Dataset",
        "@id": url,
        "url": url,
        "name": form["title"],
        "description": _description(form, city),
        "identifier": form["id"],
        "sameAs": form["landing_page"],
        "keywords": list(form["keywords"]),
        "creator": {"@type": "GovernmentOrganization", "name": form["publisher"] or city},
        "license": (form["license"] or {}).get("url"),
        "dateCreated": _at(form["issued"]),
        "dateModified": _at(form["data_updated"]) or _at(form["modified"]),
        "spatialCoverage": _place(form["spatial"], city),
        "temporalCoverage": _period(form["temporal"]),
        "variableMeasured": [column["name"] for column in form["columns"]],
        "distribution": [_download(one) for one in form["distributions"]],
        "includedInDataCatalog": {
            "@type": "DataCatalog",
            "name": f"Open data of {city}",
            "url": f"https://{form['host']}/",
        },
        "isAccessibleForFree": True,
    }
    return {name: value for name, value in found.items() if value}


def _description(form: Mapping[str, Any], city: str) -> str:
    text = str(form["description"]).strip()
    if len(text) < SHORTEST:
        text = f"{form['title']}. {text} Published by {form['publisher'] or city}.".replace("  ", " ")
    return text[:DESCRIPTION_LENGTH]


def _at(moment: Mapping[str, Any] | None) -> str | None:
    return moment["at"] if moment else None


def _place(extent: Mapping[str, Any] | None, city: str) -> dict[str, Any]:
    place: dict[str, Any] = {"@type": "Place", "name": city}
    if extent:
        box = f"{extent['south']} {extent['west']} {extent['north']} {extent['east']}"
        place["geo"] = {"@type": "GeoShape", "box": box}
    return place


def _period(period: Mapping[str, Any] | None) -> str | None:
    """ISO 8601 with `..` for an open end."""
    if not period or not (period["start"] or period["end"]):
        return None
    return f"{(period['start'] or '..')[:10]}/{(period['end'] or '..')[:10]}"


def _download(one: Mapping[str, Any]) -> dict[str, Any]:
    return {"@type": "DataDownload", "contentUrl": one["url"], "encodingFormat": one["media_type"] or one["format"]}
