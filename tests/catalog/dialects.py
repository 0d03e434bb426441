"""One catalog as portals of each dialect list it, in pages of twenty where the dialect has pages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
import pytest
from werkzeug.wrappers import Request, Response

from commonground.protocols.arcgis_hub.record import record as hub_record
from commonground.protocols.arcgis_hub.record import result
from commonground.protocols.base import Holdings
from commonground.protocols.ckan.record import record as ckan_record
from commonground.protocols.data_json import record as dcat_record
from commonground.protocols.opendatasoft.record import record as opendatasoft_record
from commonground.protocols.registry import server
from commonground.protocols.socrata.record import record as socrata_record
from commonground.words import Dataset, Raw
from tests.catalog.faults import Answerer

PAGE = 20
_HOST = "bad.example"
_SIZES = (
    "socrata.read.PAGE",
    "ckan.read.PAGE",
    "arcgis_hub.read.PAGE",
    "opendatasoft.words.LARGEST_PAGE",
    "data_json.reader.PAGE",
)


@dataclass(frozen=True)
class Dialect:
    """How a portal of this dialect lists: where, by which parameter, and where its answer tells the total."""

    name: str
    protocol: str
    record: Callable[[Dataset], Raw]
    identify: Callable[[int], str]
    path: str
    begin: str = ""
    records: str = ""
    total: str = ""
    keywords: str = "keyword"
    files: str = "distribution"
    word: Callable[[str], Any] = str
    file: Callable[[str], Any] = lambda url: {"downloadURL": url, "mediaType": "text/csv"}

    @property
    def paged(self) -> bool:
        """Whether the catalog comes in pages, and not in one document."""
        return bool(self.begin)

    def lists(self, request: Request) -> bool:
        """Whether the request asks for the listing."""
        return request.path == self.path

    def page(self, request: Request) -> int:
        """Which page is asked for, from 0."""
        given = int(request.args.get(self.begin, 0))
        return given - 1 if self.name == "hub-search" else given // PAGE

    def asking(self, request: Request, page: int) -> Request:
        """The same request for another page."""
        number = page + 1 if self.name == "hub-search" else page * PAGE
        args = {**request.args.to_dict(), self.begin: str(number)}
        return Request.from_values(self.path, query_string=args)

    def declaring(self, body: Raw, total: int) -> Raw:
        """The answer with another total."""
        return put(body, self.total, total)

    def dataset(self, number: int, **told: Any) -> Dataset:
        """One dataset of the catalog."""
        key = self.identify(number)
        facts: dict[str, Any] = {
            "title": f"Street trees of district {number}",
            "description": f"One row is one tree that the parks department keeps in district {number}.",
            "publisher": "Department of Parks",
            "keywords": ("trees", "parks"),
            "landing_page": f"https://{_HOST}/d/{key}",
        }
        facts |= told
        return Dataset("bad", "bad", _HOST, key, description_html=f"<p>{facts['description']}</p>", **facts)

    def catalog(self, count: int) -> list[Dataset]:
        """So many datasets, in order."""
        return [self.dataset(number) for number in range(count)]

    def many(self, count: int, of: str) -> Raw:
        """A record with so many keywords or files."""
        raw = self.record(self.dataset(0))
        if of == "keywords":
            return put(raw, self.keywords, [self.word(f"word {number}") for number in range(count)])
        return put(raw, self.files, [self.file(f"https://{_HOST}/files/{number}.csv") for number in range(count)])

    def portal(self, catalog: Sequence[Dataset]) -> Answerer:
        """A portal without fault."""
        return self.listing([self.record(one) for one in catalog])

    def listing(self, records: Sequence[Raw]) -> Answerer:
        """A portal that lists those records."""
        app = server(self.protocol)(Holdings(_HOST, records))
        return lambda request: Response.from_app(app, request.environ)


def put(body: Raw, place: str, value: Any) -> Raw:
    """The JSON with that value at a place like `meta.stats.totalCount`."""
    *way, last = place.split(".")
    inner = body
    for key in way:
        inner = inner.setdefault(key, {})
    inner[last] = value
    return body


def _item(number: int) -> str:
    return f"{number:032x}"


def _result(dataset: Dataset) -> Raw:
    return result(hub_record(dataset), _HOST)


DIALECTS = {
    one.name: one
    for one in (
        Dialect(
            "socrata",
            "socrata",
            socrata_record,
            lambda number: f"tree-{number:04}",
            "/api/catalog/v1",
            "offset",
            "results",
            "resultSetSize",
            "classification.domain_tags",
            "metadata.additional_access_points",
            file=lambda url: {"urls": {"csv": url}},
        ),
        Dialect(
            "ckan",
            "ckan",
            ckan_record,
            lambda number: f"6e8bc430-9c3a-41d9-9669-{number:012x}",
            "/api/3/action/package_search",
            "start",
            "result.results",
            "result.count",
            "tags",
            "resources",
            lambda word: {"name": word},
            lambda url: {"id": url, "url": url, "format": "CSV"},
        ),
        Dialect("hub-feed", "arcgis-hub", hub_record, _item, "/api/feed/dcat-us/1.1.json"),
        Dialect(
            "hub-search",
            "arcgis-hub",
            _result,
            _item,
            "/api/v3/datasets",
            "page[number]",
            "data",
            "meta.stats.totalCount",
            "attributes.tags",
            "attributes.additionalResources",
            file=lambda url: {"name": "A file", "url": url},
        ),
        Dialect("dcat-us", "dcat-us", dcat_record, lambda number: f"tree-{number:04}", "/data.json"),
        Dialect(
            "opendatasoft",
            "opendatasoft",
            opendatasoft_record,
            lambda number: f"da_{number:06x}",
            "/api/explore/v2.1/catalog/datasets",
            "offset",
            "results",
            "total_count",
            "metas.default.keyword",
            "attachments",
            file=lambda url: {"id": url, "url": url, "mimetype": "text/csv", "title": "A file"},
        ),
    )
}


def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three pages are as good as three thousand."""
    for name in _SIZES:
        monkeypatch.setattr(f"commonground.protocols.{name}", PAGE)


def edited(inner: Answerer, edit: Callable[[Any], Any]) -> Answerer:
    """The portal's answers with something else in them."""

    def answer(request: Request) -> Response:
        told = inner(request)
        if told.status_code == 200:
            told.set_data(orjson.dumps(edit(orjson.loads(told.get_data()))))
        return told

    return answer
