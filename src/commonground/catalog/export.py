"""The whole catalog as one DCAT-US 1.1 `data.json`, made record by record so that memory stays flat."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import orjson
from django.conf import settings
from django.urls import reverse

from commonground.catalog import browse
from commonground.catalog.compare import storable_id
from commonground.catalog.models import Dataset
from commonground.protocols.data_json import ENVELOPE, record
from commonground.words import City, Contact

_BATCH = 500


def document() -> Iterator[bytes]:
    """The document in pieces: the envelope, then one record after another."""
    head = orjson.dumps(ENVELOPE).removesuffix(b"}")
    yield head + b',"dataset":['
    contacts = _contacts(browse.known_cities())
    first = True
    for row in browse.present().select_related("revision").order_by("pk").iterator(chunk_size=_BATCH):
        if row.revision:
            yield (b"\n" if first else b",\n") + orjson.dumps(_record(row, contacts))
            first = False
    yield b"\n]}\n"


def _record(row: Dataset, contacts: Mapping[str, Contact]) -> dict[str, object]:
    assert row.revision
    dataset = row.revision.normal

    def identify(native_id: str) -> str:
        """Our own page names the dataset; its landing page is the city's."""
        page = reverse("dataset", kwargs={"portal": row.portal, "native_id": storable_id(native_id)})
        return f"{settings.SITE_URL}{page}"

    return record(dataset, contact=contacts.get(row.portal), modified=row.first_seen, identify=identify)


def _contacts(cities: Mapping[str, City]) -> dict[str, Contact]:
    """The office to ask about each portal: its own where it has a mailbox, else its city's."""
    return {
        portal.slug: portal.contact if portal.contact and portal.contact.email else city.contact
        for city in cities.values()
        for portal in city.portals
    }
