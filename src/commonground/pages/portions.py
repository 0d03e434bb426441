"""A file of which a client may ask for a portion: what was cut off is fetched on, and readers of Parquet pick columns."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Final

from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.cache import get_conditional_response, patch_cache_control
from django.utils.http import http_date, parse_http_date_safe

_PIECE: Final = 2**18
_RANGE: Final = re.compile(r"bytes=\s*([0-9]{0,18})\s*-\s*([0-9]{0,18})\s*")


@dataclass(frozen=True, slots=True)
class Given:
    """A file as it is given: `etag` in quotation marks names its bytes, `modified` are seconds since 1970."""

    path: Path
    name: str
    media_type: str
    etag: str
    modified: int


def respond(request: HttpRequest, given: Given) -> HttpResponseBase:
    """The file, a portion of it (206), 304 to whoever has it, 412 or 416 for what cannot be; HEAD without its bytes.

    Of several portions at once the whole file is given, as RFC 9110 allows.
    """
    with given.path.open("rb") as file:
        size = file.seek(0, 2)
    held = get_conditional_response(request, etag=given.etag, last_modified=given.modified)
    response = held or _portion(request, given, size)
    response.headers["ETag"] = given.etag
    response.headers["Last-Modified"] = http_date(given.modified)
    response.headers["Accept-Ranges"] = "bytes"
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Access-Control-Expose-Headers"] = "Accept-Ranges, Content-Range, ETag, Last-Modified, Link"
    response.headers["X-Robots-Tag"] = "noindex"
    patch_cache_control(response, no_cache=True)  # a row that a city takes back goes from every copy
    return response


def _portion(request: HttpRequest, given: Given, size: int) -> HttpResponseBase:
    wanted = _wanted(request, given, size)
    if wanted is None:
        return _bytes(request, given, 0, size)
    first, last = wanted
    if first >= size or first > last:
        response = HttpResponse(status=HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE)
        response.headers["Content-Range"] = f"bytes */{size}"
        return response
    answer = _bytes(request, given, first, last + 1)
    answer.status_code = HTTPStatus.PARTIAL_CONTENT
    answer.headers["Content-Range"] = f"bytes {first}-{last}/{size}"
    return answer


def _wanted(request: HttpRequest, given: Given, size: int) -> tuple[int, int] | None:
    """The first and the last byte; None for the whole file, also where the client holds a portion of another state."""
    asked = request.headers.get("Range", "")
    found = _RANGE.fullmatch(asked.strip())
    if request.method != "GET" or not found or found.group(1) == found.group(2) == "":
        return None
    condition = request.headers.get("If-Range", "").strip()
    if condition and condition != given.etag and parse_http_date_safe(condition) != given.modified:
        return None
    if not found[1]:  # the last so many bytes
        return (max(0, size - int(found[2])), size - 1) if int(found[2]) else (size, size)
    last = min(int(found[2]), size - 1) if found[2] else size - 1
    return (int(found[1]), last) if not found[2] or int(found[2]) >= int(found[1]) else None


def _bytes(request: HttpRequest, given: Given, first: int, stop: int) -> HttpResponseBase:
    pieces = iter(()) if request.method == "HEAD" else _read(given.path, first, stop)
    response = StreamingHttpResponse(pieces, content_type=given.media_type)
    response.headers["Content-Length"] = str(stop - first)
    response.headers["Content-Disposition"] = f'attachment; filename="{given.name}"'
    return response


def _read(path: Path, first: int, stop: int) -> Iterator[bytes]:
    with path.open("rb") as file:
        file.seek(first)
        while first < stop and (piece := file.read(min(_PIECE, stop - first))):
            first += len(piece)
            yield piece
