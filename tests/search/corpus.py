"""The recordings as search documents: of each host the newest, read by the protocols' own readers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from commonground import cities
from commonground.catalog import forms
from commonground.protocols import recordings
from commonground.protocols.base import Notes
from commonground.protocols.registry import readers

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Document = dict[str, Any]


def documents(folder: Path) -> list[Document]:
    """One document for each id, in the order of the recordings."""
    members = cities.load()
    portals = {portal.host: portal for portal in cities.portals(members).values()}
    found: dict[str, Document] = {}
    for host, recording in sorted(recordings.newest(recordings.find(folder)).items()):
        if host not in portals:
            continue
        portal = portals[host]
        names = {"city_name": members[portal.city].name, "portal_name": portal.name}
        for record in recording.holdings().records:
            reader = readers(recording.protocol)[0]
            dataset = reader.normalize(record, portal, Notes())
            found[dataset.id] = {**forms.dump(dataset), **names}
    return list(found.values())


def varied(held: list[Document], count: int) -> Iterator[Document]:
    """That many documents made of these, none the same: other ids, other titles, words taken from a neighbor."""
    for number in range(count):
        one, other = held[number % len(held)], held[(number * 7919 + 13) % len(held)]
        native = f"{one['native_id']}-{number}"
        description = f"{one['description']} {other['description'][:200]}"
        title = one["title"] if number < len(held) else f"{one['title']} {other['title'].split(' ')[0]} {number % 97}"
        yield {
            **one,
            "id": f"{one['portal']}/{native}",
            "native_id": native,
            "title": title,
            "description": description,
            "keywords": [*one["keywords"], *other["keywords"][:3]],
            "publisher": f"{one['publisher']} {number % 5}" if number >= len(held) else one["publisher"],
        }
