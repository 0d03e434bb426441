"""Whose the rows are: each source's license, attribution and terms, as the catalog has them when a build is made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import orjson

from commonground.catalog.models import Dataset
from commonground.tables.models import Part
from commonground.words import City

if TYPE_CHECKING:
    from commonground.standards.model import Standard


def of(parts: Iterable[Part], city: City) -> list[dict[str, Any]]:
    """One entry a source. `license` is "" where the city does not say; nothing is guessed."""
    sources = dict.fromkeys(one.source for one in parts)
    held = {
        one.key: one
        for one in Dataset.objects.filter(key__in=sources).select_related("revision")
        if one.revision is not None
    }
    return [_entry(source, held.get(source), city) for source in sources]


def terms(city: str, entry: Mapping[str, Any]) -> dict[str, Any]:
    """An entry of `of` for other programs. `license` is null where the city does not say one, `terms` where no page
    with its portal's terms of use is known.
    """
    return {
        "city": city,
        "source": entry["source"],
        "title": entry["title"],
        "license": entry["license"] or None,
        "spdx": entry["spdx"] or None,
        "url": entry["license_url"] or None,
        "terms": entry.get("terms") or None,
        "page": entry["page"] or None,
        "attribution": entry["attribution"],
    }


def about(standard: Standard, city: City, entries: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """What a file of a city's rows says of itself, wherever it is carried: keys and texts of its Parquet metadata."""
    told = [terms(city.slug, one) for one in entries]
    return {
        "standard": standard.id,
        "city": city.slug,
        "license": orjson.dumps(told).decode(),
        "attribution": "; ".join(dict.fromkeys(one["attribution"] for one in told)),
    }


def _entry(source: str, row: Dataset | None, city: City) -> dict[str, Any]:
    form: dict[str, Any] = row.revision.form if row is not None and row.revision is not None else {}
    license_ = form.get("license") or {}
    return {
        "source": source,
        "title": form.get("title") or source,
        "publisher": form.get("publisher") or city.contact.name,
        "license": license_.get("text") or "",
        "spdx": license_.get("spdx") or "",
        "license_url": license_.get("url") or "",
        "terms": _portal_terms(source, city),
        "page": form.get("landing_page") or "",
        "attribution": _attribution(city, form.get("publisher") or city.contact.name),
    }


def _attribution(city: City, publisher: str) -> str:
    """City and office; the office alone where its name says the city."""
    return publisher if city.name.casefold() in publisher.casefold() else f"{city.name}, {publisher}"


def _portal_terms(source: str, city: City) -> str:
    """The terms of the portal that the source is of; of a plain file, which no portal names, those of the main one."""
    slug = source.partition("/")[0]
    known = {one.slug: one.terms for one in city.portals}
    return known.get(slug, city.portals[0].terms)
