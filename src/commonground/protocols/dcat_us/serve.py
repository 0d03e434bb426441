"""Speaks DCAT-US over some holdings: `/data.json`, the document as it came in, and recorded files at their addresses."""

from __future__ import annotations

from urllib.parse import urlsplit

from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Request, Response

from commonground.protocols.base import Holdings, WSGIApp
from commonground.protocols.data_json import document
from commonground.protocols.rows.serving import form, whole
from commonground.protocols.serving import application, conditional
from commonground.words import Raw


def app(holdings: Holdings) -> WSGIApp:
    """A WSGI application; holdings are DCAT-US records, their envelope the rest of the document.

    A recorded file is given at the address of the record's distribution of its form, whatever host that names.
    """
    files = {}
    for record in holdings.records:
        source = holdings.rows.get(str(record.get("identifier")))
        if source is not None:
            files.update(dict.fromkeys(_paths(record, form(source)), source))

    def data_json(request: Request) -> Response:
        return conditional(request, document(holdings.envelope, holdings.records))

    def file(request: Request, path: str) -> Response:
        if request.path not in files:
            raise NotFound(f"Nothing at /{path}.")
        return whole(files[request.path])

    return application({"/data.json": data_json, "/<path:path>": file})


def _paths(record: Raw, wanted: str) -> list[str]:
    listed = record.get("distribution")
    ways = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    paths = [urlsplit(str(way.get("downloadURL") or "")).path for way in ways]
    return [path for path in paths if path.lower().endswith(f".{wanted}")]
