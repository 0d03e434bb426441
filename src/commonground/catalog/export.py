"""The whole catalog as one DCAT-US 1.1 `data.json`, made record by record so that memory stays flat.

Made once for each generation of the catalog and kept in the home as a file: to make it anew for whoever
asks would be the cheapest way to keep a server busy.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import NamedTemporaryFile
from threading import Lock

import orjson
from django.conf import settings
from django.urls import reverse

from commonground import __version__
from commonground.catalog import browse, counter, forms, index
from commonground.catalog.compare import storable_id
from commonground.catalog.models import Dataset
from commonground.protocols.data_json import ENVELOPE, record
from commonground.words import City, Contact

_BATCH = 500


_making = Lock()
_behind = index.Behind()


def current() -> Path:
    """The file of the newest generation; while that is made, the one before it, if there is any."""
    newest = _path(counter.generation())
    if newest.exists():
        return newest
    older = sorted(newest.parent.glob("*.json"), key=lambda path: path.stat().st_mtime)
    if older:
        _behind(make)
        return older[-1]
    with _making:
        return newest if newest.exists() else make()


def make() -> Path:
    """Write the document of the newest generation; it appears whole, and older ones go."""
    path = _path(counter.generation())
    path.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=path.parent, suffix=".part", delete=False) as file:
        file.writelines(document())
    Path(file.name).replace(path)
    for other in path.parent.glob("*.json"):
        if other != path:
            other.unlink(missing_ok=True)
    return path


def _path(generation: int) -> Path:
    """The site's address is part of the name, because every record names it."""
    told = f"{generation}-{forms.digest([settings.SITE_URL, __version__])}.json"
    return Path(settings.HOME, "export", counter.mark(), told)


def document() -> Iterator[bytes]:
    """The document in pieces: the envelope, then one record after another."""
    head = orjson.dumps(ENVELOPE).removesuffix(b"}")
    yield head + b',"dataset":['
    contacts = _contacts(browse.known_cities())
    first = True
    for row in browse.kept().select_related("revision").order_by("pk").iterator(chunk_size=_BATCH):
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
