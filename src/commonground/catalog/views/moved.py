"""From an address that names a thing otherwise to its permanent one."""

from __future__ import annotations

from urllib.parse import quote

from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect


def moved(request: HttpRequest, asked: str, there: str) -> HttpResponse:
    """To the same form of the permanent address, from one that names a city or a portal otherwise."""
    before, _sep, after = request.path.partition(asked)
    query = request.META.get("QUERY_STRING", "")
    response = HttpResponsePermanentRedirect(f"{before}{quote(there)}{quote(after)}{'?' if query else ''}{query}")
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response
