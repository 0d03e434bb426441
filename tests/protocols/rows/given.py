"""Files of rows made for a test, the portals that serve them, and what one file is in each protocol."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa

from commonground.protocols.base import Holdings, RowPage, WSGIApp
from commonground.protocols.http import Client, Manners
from commonground.protocols.registry import server
from commonground.protocols.rows.reading import read_rows
from commonground.protocols.rows.recorded import RowFile
from commonground.protocols.serving import loopback
from commonground.words import Portal, Raw

HOST = "data.example.gov"
FOUR = "abcd-2345"
PACKAGE = "0f0f0f0f-0000-4000-8000-000000000001"
RESOURCE = "0f0f0f0f-0000-4000-8000-000000000002"
ITEM = "0123456789abcdef0123456789abcdef_3"
LAYERS = "maps.example.gov"
LAYER = f"https://{LAYERS}/arcgis/rest/services/Some/FeatureServer/3"

PACKAGES: list[Raw] = [
    {
        "id": PACKAGE,
        "name": "some-rows",
        "title": "Some rows",
        "resources": [{"id": RESOURCE, "format": "CSV", "datastore_active": True, "state": "active", "url": ""}],
    }
]
FEED: list[Raw] = [
    {
        "identifier": f"https://{HOST}/datasets/{ITEM}",
        "title": "Some rows",
        "distribution": [{"format": "Esri REST", "mediaType": "application/json", "accessURL": LAYER}],
    }
]
EXPLORE: list[Raw] = [{"dataset_id": "some-rows", "dataset_uid": "da_1b2c3d", "metas": {}}]
DATA_JSON: list[Raw] = [
    {
        "identifier": "some/rows 1",
        "title": "Some rows",
        "distribution": [
            {"mediaType": "application/pdf", "downloadURL": f"https://{HOST}/files/about.pdf"},
            {"mediaType": "application/geo+json", "downloadURL": f"https://{HOST}/files/rows.geojson"},
            {"mediaType": "text/csv", "downloadURL": f"https://{HOST}/files/rows.csv"},
        ],
    }
]
DIALECTS: dict[str, tuple[str, list[Raw]]] = {
    "socrata": (FOUR, []),
    "ckan": (PACKAGE, PACKAGES),
    "arcgis-hub": (ITEM, FEED),
    "opendatasoft": ("da_1b2c3d", EXPLORE),
    "dcat-us": ("some/rows 1", DATA_JSON),
}
"""Protocol to the native id of its one dataset, and the records that tell of it."""


def portal(protocol: str, **options: str) -> Portal:
    """A portal of that protocol."""
    return Portal("example", "example", "Example", HOST, protocol, f"https://{HOST}", options=options)


def file(path: Path, content: bytes, native_id: str = "", dated: str = "2024-05-06") -> RowFile:
    """A recorded file with that content."""
    path.write_bytes(content)
    return RowFile(path, "example", "some", HOST, native_id, dated)


def as_csv(names: Sequence[str], rows: Sequence[Sequence[str]]) -> bytes:
    """CSV as exports write it."""
    text = io.StringIO()
    csv.writer(text).writerows([names, *rows])
    return text.getvalue().encode()


def holdings(protocol: str, source: RowFile) -> Holdings:
    """The one dataset of a portal, with its rows."""
    native_id, records = DIALECTS[protocol]
    return Holdings(HOST, records, rows={native_id: source})


@contextmanager
def asking(wsgi: WSGIApp, **manners: Any) -> Iterator[Client]:
    """A client that can reach this application alone, as the portal and as the host of its layers."""
    with loopback({HOST: wsgi}) as routes:
        both = {HOST: routes[HOST], LAYERS: routes[HOST]}
        with Client(routes=both, sealed=True, manners=Manners(**{"attempts": 1, **manners})) as client:
            yield client


def read(protocol: str, source: RowFile, after: str = "", **options: str) -> list[RowPage]:
    """All pages of the rows as the portal's reader gives them."""
    with asking(server(protocol)(holdings(protocol, source))) as client:
        return list(read_rows(portal(protocol, **options), DIALECTS[protocol][0], client, after))


def together(pages: Sequence[RowPage]) -> pa.Table:
    """The rows of all pages."""
    return pa.concat_tables([one.rows for one in pages], promote_options="default").combine_chunks()


def codes(pages: Sequence[RowPage]) -> list[str]:
    """The findings of all pages."""
    return [found.code for one in pages for found in one.findings]


def between(inner: WSGIApp, change: Callable[[Any, Any], Any]) -> WSGIApp:
    """The application, each answer changed: `change(request, response)` gives the one that goes out."""
    from werkzeug.test import Client as Caller
    from werkzeug.wrappers import Request, Response

    def app(environ: dict[str, Any], start_response: Any) -> Any:
        request = Request(environ)
        answered = Caller(inner, Response).open(request.full_path, method="GET")
        return change(request, answered)(environ, start_response)

    return app
