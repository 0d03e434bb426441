"""Speaks DCAT-US over some holdings: `/data.json`, the document as it came in."""

from __future__ import annotations

from werkzeug.wrappers import Request, Response

from commonground.protocols.base import Holdings, WSGIApp
from commonground.protocols.data_json import document
from commonground.protocols.serving import answer, application


def app(holdings: Holdings) -> WSGIApp:
    """A WSGI application; holdings are DCAT-US records, their envelope the rest of the document."""

    def data_json(request: Request) -> Response:  # noqa: ARG001 - the router passes it
        return answer(document(holdings.envelope, holdings.records))

    return application({"/data.json": data_json})
