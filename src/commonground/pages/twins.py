"""One path, several forms: a page, and its `.json`, `.csv` and `.atom` twins.

A view returns an `Answer`, which says what is true; this module decides how it travels:

    def cities(request: HttpRequest) -> Answer:
        found = store.cities()
        return Answer("catalog/cities.html", {"cities": found}, data=lambda: [dump(city) for city in found])

    urlpatterns = paths("cities", cities, name="cities", forms=("html", "json", "csv"))

Every form answers conditional requests (by ETag; feeds by Last-Modified too) and names its twins; the data forms
may be read from any origin.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import wraps
from typing import Any, Final
from urllib.parse import quote

import orjson
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path
from django.utils.cache import get_conditional_response, patch_cache_control
from django.utils.http import http_date, parse_http_date_safe
from django.views.decorators.http import require_safe

from commonground import __version__
from commonground.errors import NotFound
from commonground.pages.addresses import absolute
from commonground.pages.feeds import Feed, atom

MEDIA_TYPES: Final = {
    "html": "text/html; charset=utf-8",
    "json": "application/json; charset=utf-8",
    "csv": "text/csv; charset=utf-8",
    "atom": "application/atom+xml; charset=utf-8",
}
"""The forms that a page may have, and what each calls itself on the wire."""

HOME_TWIN: Final = "index"
"""The home page has no last word in its path, so its twins are `/index.json` and so on."""

_IN_PATHS: Final = "!$&'()*+,;=/~:@"
"""Stand in a path as they are, as in the addresses that Django makes."""


@dataclass(frozen=True, slots=True)
class Rows:
    """A table for the CSV form; `cells` is read once, while it is sent."""

    columns: Sequence[str]
    cells: Iterable[Sequence[object]]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a view found out. Only the form that was asked for is made, so its parts may be callables.

    `version` names the state of the data. Where it is given, a client that holds that state is
    answered before any data form is made; the page itself does not ask for it. `canonical` is the path (with query) that search engines
    should keep, by default the path without its query.
    """

    template: str
    context: Mapping[str, Any] | Callable[[], Mapping[str, Any]] = field(default_factory=dict)
    data: Callable[[], object] | None = None
    rows: Callable[[], Rows] | None = None
    feed: Callable[[], Feed] | None = None
    version: Callable[[], str] | None = None
    canonical: str = ""


View = Callable[..., Answer | HttpResponseBase]
"""A view: the request and the parts of its path in, an answer (or a response of its own) out."""


def paths(route: str, view: View, *, name: str, forms: Sequence[str] = ("html", "json")) -> list[URLPattern]:
    """The URL patterns of a page and its twins, named `name` and `name.json`, `name.csv` …"""
    twins = tuple(form for form in forms if form != "html")
    patterns = [
        path(f"{route or HOME_TWIN}.{form}", _door(view, form, tuple(forms)), name=f"{name}.{form}") for form in twins
    ]
    return [*patterns, path(route, _door(view, "html", tuple(forms)), name=name)]


def twin_path(page: str, form: str) -> str:
    """The path of a page in another form: `/cities` in `json` is `/cities.json`."""
    if form == "html":
        return page
    return f"/{HOME_TWIN}.{form}" if page == "/" else f"{page}.{form}"


def page_path(request: HttpRequest, form: str) -> str:
    """The path of the page itself, whatever form of it was asked for, quoted as in an address: ids may have a `?`."""
    bare = request.path.removesuffix(f".{form}") if form != "html" else request.path
    return "/" if form != "html" and bare == f"/{HOME_TWIN}" else quote(bare, safe=_IN_PATHS)


def _door(view: View, form: str, forms: tuple[str, ...]) -> Callable[..., HttpResponseBase]:
    @require_safe
    @wraps(view)
    def door(request: HttpRequest, **parts: str) -> HttpResponseBase:
        try:
            return _answer(request, view, form, forms, parts)
        except NotFound as error:
            if form == "html" or not parts:
                raise
            missing = error
        # An id may itself end in ".json": then the shorter id does not exist, and this is its page.
        last = next(reversed(parts))
        try:
            return _answer(request, view, "html", forms, {**parts, last: f"{parts[last]}.{form}"})
        except NotFound:
            raise missing from None

    return door


def _answer(
    request: HttpRequest, view: View, form: str, forms: tuple[str, ...], parts: Mapping[str, str]
) -> HttpResponseBase:
    answer = view(request, **parts)
    if isinstance(answer, HttpResponseBase):
        return answer
    page = page_path(request, form)
    response = _made(request, answer, form, {each: _with_query(request, page, each) for each in forms})
    for name, value in _headers(answer, form, page, request, forms).items():
        response.headers[name] = value
    patch_cache_control(response, no_cache=True)
    return response


def _made(request: HttpRequest, answer: Answer, form: str, twins: Mapping[str, str]) -> HttpResponseBase:
    """The answer in the form asked for, or 304 when the client holds it already."""
    if form != "html" and answer.version:
        etag = _etag(form, answer.version())
        known = get_conditional_response(request, etag=etag)
        response = known or _written(request, answer, form, twins)
    else:
        response = _written(request, answer, form, twins)
        if not isinstance(response, HttpResponse):  # a stream is known only when it has been sent
            return response
        etag = _etag(form, response.content)
        modified = parse_http_date_safe(response.headers.get("Last-Modified", ""))
        response = get_conditional_response(request, etag=etag, last_modified=modified, response=response) or response
    response.headers["ETag"] = etag
    return response


def _written(request: HttpRequest, answer: Answer, form: str, twins: Mapping[str, str]) -> HttpResponseBase:
    media_type = MEDIA_TYPES[form]
    if form == "json" and answer.data:
        body = orjson.dumps(answer.data(), default=str, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
        return HttpResponse(body, content_type=media_type)
    if form == "csv" and answer.rows:
        return StreamingHttpResponse(csv_lines(answer.rows()), content_type=media_type)
    if form == "atom" and answer.feed:
        feed = answer.feed()
        headers = {"Last-Modified": http_date(feed.updated.timestamp())} if feed.updated else {}
        return HttpResponse(atom(feed, request, twins["html"]), content_type=media_type, headers=headers)
    if form != "html":
        raise Http404(f"This page has no .{form} form.")
    context = answer.context() if callable(answer.context) else answer.context
    page = {**context, "twins": twins, "canonical": answer.canonical or page_path(request, form)}
    return render(request, answer.template, page)


def _headers(answer: Answer, form: str, page: str, request: HttpRequest, forms: tuple[str, ...]) -> Mapping[str, str]:
    links = [
        f'<{_with_query(request, page, each)}>; rel="alternate"; type="{MEDIA_TYPES[each].partition(";")[0]}"'
        for each in forms
        if each != form
    ]
    links.append(f'<{absolute(answer.canonical or page)}>; rel="canonical"')
    headers = {"Link": ", ".join(links)}
    if form != "html":
        headers["Access-Control-Allow-Origin"] = "*"
        headers["Access-Control-Expose-Headers"] = "ETag, Last-Modified, Link"
        headers["X-Robots-Tag"] = "noindex"
    return headers


def _with_query(request: HttpRequest, page: str, form: str) -> str:
    query = request.META.get("QUERY_STRING", "")
    target = twin_path(page, form)
    return f"{target}?{query}" if query else target


def _etag(form: str, state: str | bytes) -> str:
    stamp = state.encode() if isinstance(state, str) else state
    digest = hashlib.blake2b(stamp, digest_size=12, person=form.encode(), key=__version__.encode())
    return f'"{digest.hexdigest()}"'


class _Echo:
    """A file that gives back what is written to it, so that rows are sent as they are made."""

    def write(self, line: str) -> str:
        return line


def csv_lines(rows: Rows) -> Iterator[str]:
    """The table as CSV lines (RFC 4180, header first).

    Cells come from many publishers and are opened in spreadsheets, where a text that begins with
    `=`, `+`, `-` or `@` runs as a formula. Such a text gets an apostrophe in front; numbers do not.
    The JSON form of the same page always has the exact text.
    """
    writer = csv.writer(_Echo())
    yield writer.writerow(rows.columns)
    for row in rows.cells:
        yield writer.writerow([_cell(value) for value in row])


def _cell(value: object) -> object:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r", "\n")):
        return f"'{value}"
    return value
