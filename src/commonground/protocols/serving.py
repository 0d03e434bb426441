"""What every `serve.py` shares: a small WSGI application, and loopback servers for several of them."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import orjson
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response

from commonground.errors import Usage
from commonground.protocols.base import WSGIApp
from commonground.words import Raw

Endpoint = Callable[..., Response]


def answer(data: Any, status: int = 200, content_type: str = "application/json; charset=utf-8") -> Response:  # noqa: ANN401 - any JSON
    """JSON as portals send it."""
    try:
        body = orjson.dumps(data)
    except TypeError:  # lone surrogates, and integers of more than 64 bits
        body = json.dumps(data).encode("ascii")
    return Response(body, status=status, content_type=content_type)


def ordered(records: Iterable[Raw], keys: Sequence[tuple[str, bool]], rank: Callable[[Raw, str], Any]) -> list[Raw]:
    """The records by `(field, backwards)`, the first key first; equal ones keep their order."""
    found = list(records)
    for field, backwards in reversed(keys):
        found.sort(key=lambda record: rank(record, field), reverse=backwards)
    return found


def conditional(request: Request, data: Any) -> Response:  # noqa: ANN401 - any JSON
    """JSON that is asked for again and again: with an ETag, and 304 for who has it already."""
    response = answer(data)
    response.add_etag()
    return response.make_conditional(request)


def application(
    routes: Mapping[str, Endpoint], *, failed: Callable[[HTTPException], Response] | None = None
) -> WSGIApp:
    """A WSGI application from `path rule -> function(request, **parts)`.

    `failed` makes the dialect's own error body from an HTTP error; the default is a short JSON one.
    Every route answers GET, HEAD and POST, because some clients ask by POST.
    """
    rules = Map([Rule(path, endpoint=path, methods=["GET", "POST"]) for path in routes], strict_slashes=False)

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:  # noqa: ANN401 - WSGI
        request = Request(environ)
        try:
            name, parts = rules.bind_to_environ(environ).match()
            response = routes[name](request, **parts)
        except HTTPException as error:
            response = failed(error) if failed else answer({"message": error.description}, error.code or 500)
        return response(environ, start_response)

    return app


class _Quiet(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002, ANN401 - werkzeug's signature
        """Say nothing: the harvest reports."""


@contextmanager
def loopback(apps: Mapping[str, WSGIApp], *, first_port: int = 0) -> Iterator[dict[str, str]]:
    """Serve each host's application on a loopback port of its own; gives `host -> base URL`.

    `first_port` 0 takes any free ports, else they are numbered from it in the order of `apps`.
    """
    with ExitStack() as stack:
        routes = {}
        for offset, (host, app) in enumerate(apps.items()):
            with _listening(first_port + offset if first_port else 0) as found:
                port = found.getsockname()[1]
                server = make_server("127.0.0.1", port, app, threaded=True, request_handler=_Quiet, fd=found.fileno())
            thread = threading.Thread(target=server.serve_forever, args=(0.05,), name=f"portal {host}", daemon=True)
            thread.start()
            stack.callback(server.server_close)
            stack.callback(server.shutdown)
            routes[host] = f"http://127.0.0.1:{port}"
        yield routes


def _listening(port: int) -> socket.socket:
    """A socket on that port of loopback, 0 for any. Werkzeug would end the process where one is taken."""
    try:
        return socket.create_server(("127.0.0.1", port), backlog=128)
    except (OSError, OverflowError) as error:
        raise Usage(
            f"Port {port} cannot be had: {error}.", advice="Name others with --port; 0 takes any free ones."
        ) from error
