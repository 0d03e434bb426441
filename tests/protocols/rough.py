"""Servers on loopback for the client: well-mannered ones, and some that do to a connection what they like."""

from __future__ import annotations

import socket
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from werkzeug.wrappers import Request, Response

from commonground.protocols.base import WSGIApp
from commonground.protocols.http import Client, Manners
from commonground.protocols.serving import loopback

HOST = "data.example.gov"
URL = f"https://{HOST}/list"
Answerer = Callable[[Request], Response]
Handler = Callable[[socket.socket], None]
HASTY: dict[str, Any] = {"attempts": 3, "total": 5.0}


def wsgi(answer: Answerer) -> WSGIApp:
    """The answerer as an application."""

    def app(environ: dict[str, Any], start_response: Any) -> Any:
        return answer(Request(environ))(environ, start_response)

    return app


@contextmanager
def asking(answer: Answerer, **manners: Any) -> Iterator[Client]:
    """A sealed client and the one host that it can reach."""
    polite = Manners(**{**HASTY, **manners})
    with loopback({HOST: wsgi(answer)}) as routes, Client(routes=routes, sealed=True, manners=polite) as client:
        yield client


@contextmanager
def rough(handler: Handler) -> Iterator[int]:
    """The port of a server that hands each connection to the handler, in a thread, and then hangs up."""

    def one(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            handler(connection)

    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = server.accept()
                    threading.Thread(target=one, args=(connection,), daemon=True).start()

        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)


@contextmanager
def asking_rough(handler: Handler, **manners: Any) -> Iterator[Client]:
    """A sealed client and the one rough host that it can reach."""
    polite = Manners(**{"attempts": 1, "total": 5.0, **manners})
    with (
        rough(handler) as port,
        Client(routes={HOST: f"http://127.0.0.1:{port}"}, sealed=True, manners=polite) as client,
    ):
        yield client


def head(connection: socket.socket) -> str:
    """The head of a request, up to its empty line."""
    read = b""
    while b"\r\n\r\n" not in read:
        if not (piece := connection.recv(65536)):
            raise OSError("hung up")
        read += piece
    return read.decode("latin-1")


def bomb(wbits: int) -> Iterator[bytes]:
    """10 GB of zeros, packed into 10 MB: a block of 10 MB ends at a byte, so it can be sent a thousand times."""
    packer = zlib.compressobj(9, zlib.DEFLATED, wbits)
    zeros = bytes(10_000_000)
    first = packer.compress(zeros) + packer.flush(zlib.Z_FULL_FLUSH)
    again = packer.compress(zeros) + packer.flush(zlib.Z_FULL_FLUSH)
    yield first
    yield from (again for _ in range(999))
