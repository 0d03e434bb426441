"""Speaks ArcGIS Hub over some holdings: the DCAT feed, the v3 search, and the layers that a record brings.

Holdings are records of the feed (or results of the search, which are then served by the search alone).
A layer answers at the path of its address, whatever its host, because a catalog's layers lie on other servers; where
rows are held, by its `query` too. Rows of a dataset that no record lists have a layer at this host.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Request, Response

from commonground.protocols.arcgis_hub import search
from commonground.protocols.arcgis_hub.features import Features
from commonground.protocols.arcgis_hub.items import hub_id, layer_url
from commonground.protocols.arcgis_hub.layers import KEPT
from commonground.protocols.arcgis_hub.read import FEED, SEARCH
from commonground.protocols.arcgis_hub.record import result
from commonground.protocols.base import Holdings, WSGIApp
from commonground.protocols.data_json import document
from commonground.protocols.serving import answer, application, conditional
from commonground.words import Raw

_USUAL, _MOST = 10, 100


def app(holdings: Holdings) -> WSGIApp:
    """A WSGI application for one Hub site."""
    site = _Site(holdings)
    return application(
        {
            FEED: site.feed,
            "/data.json": site.feed,
            **dict.fromkeys(SEARCH, site.search),
            f"{SEARCH[0]}/<id>": site.one,
            "/datasets/<id>.<form>": site.file,
            "/<path:path>/query": site.query,
            "/<path:path>": site.layer,
        }
    )


class _Site:
    def __init__(self, holdings: Holdings) -> None:
        self.envelope = holdings.envelope
        self.listed = [record for record in holdings.records if "attributes" not in record]
        self.results = [_shown(record) for record in holdings.records if "attributes" in record]
        self.results += [result(record, holdings.host) for record in self.listed]
        found = ((layer_url(record), record.get(KEPT)) for record in holdings.records)
        self.layers = {urlsplit(url).path.lower(): layer for url, layer in found if url and layer is not None}
        self.rows = {native_id: Features(source) for native_id, source in holdings.rows.items()}
        self.by_path: dict[str, Features] = {}
        self.unlisted: dict[str, Raw] = {}
        known = {hub_id(str(one.get("id"))): layer_url(one) for one in self.results}
        for native_id, features in self.rows.items():
            url = known.get(native_id) or f"https://{holdings.host}/rows/{native_id}/FeatureServer/0"
            self.by_path[urlsplit(url).path.lower()] = features
            if native_id not in known:
                told = {"id": native_id, "name": native_id, "url": url}
                self.unlisted[native_id] = {"id": native_id, "type": "dataset", "attributes": told}

    def feed(self, request: Request) -> Response:
        """The document, without the layers that were asked for apart."""
        if not self.listed and self.results:
            raise NotFound("This site has no feed.")
        return conditional(request, document(self.envelope, [_shown(record) for record in self.listed]))

    def search(self, request: Request) -> Response:
        """A page of results: `q`, `page[number]` from 1, `page[size]` up to 100."""
        words = request.args.get("q", "").lower().split()
        found = [one for one in self.results if _holds(one, words)]
        size = min(max(request.args.get("page[size]", _USUAL, type=int), 1), _MOST)
        number = max(request.args.get("page[number]", 1, type=int), 1)
        shown = found[(number - 1) * size : number * size]
        stats = {"count": len(shown), "totalCount": len(found)}
        more = (
            {"next": f"{request.path}?page[number]={number + 1}&page[size]={size}"}
            if number * size < len(found)
            else {}
        )
        return answer({"data": shown, "meta": {"stats": stats}, "links": more}, content_type=_JSON_API)

    def one(self, request: Request, id: str) -> Response:  # noqa: A002, ARG002 - the part's name in the path
        """One result."""
        found = next((one for one in self.results if one.get("id") == id), self.unlisted.get(id))
        if found is None:
            raise NotFound(f"No dataset {id}.")
        return answer({"data": found}, content_type=_JSON_API)

    def layer(self, request: Request, path: str) -> Response:  # noqa: ARG002 - the router passes it
        """A layer at the path of its address, as `?f=json` asks for it."""
        place = f"/{path.rstrip('/')}".lower()
        if place in self.by_path:
            return answer(self.by_path[place].about())
        layer = self.layers.get(place)
        if layer is None:
            raise NotFound(f"Nothing at /{path}.")
        return answer(layer)

    def query(self, request: Request, path: str) -> Response:
        """The rows of a layer, where they are held."""
        features = self.by_path.get(f"/{path.rstrip('/')}".lower())
        if features is None:
            raise NotFound(f"No rows of /{path}.")
        return features.query(request)

    def file(self, request: Request, id: str, form: str) -> Response:  # noqa: A002, ARG002 - the parts' names
        """The recorded file, as a Hub's download."""
        if id not in self.rows:
            raise NotFound(f"No rows of {id}.")
        return self.rows[id].file(form)


_JSON_API = "application/vnd.api+json; charset=utf-8"


def _shown(record: Raw) -> Raw:
    return {key: value for key, value in record.items() if key != KEPT}


def _holds(one: Raw, words: list[str]) -> bool:
    told = search.attributes(one)
    text = f"{told.get('name')} {told.get('description')} {told.get('tags')}".lower()
    return all(word in text for word in words)
