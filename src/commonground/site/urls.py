"""The addresses of the whole site: each room's own, the admin where it is wanted, the error pages."""

from __future__ import annotations

from django.conf import settings
from django.contrib import admin
from django.http import FileResponse, HttpRequest
from django.http.response import HttpResponseBase
from django.urls import URLPattern, URLResolver, include, path
from django.utils.cache import get_conditional_response, patch_cache_control
from django.views.decorators.http import require_safe

from commonground.catalog import export
from commonground.site.accounts import SignIn, SignOut
from commonground.site.health import PROBES


@require_safe
def data_json(request: HttpRequest) -> HttpResponseBase:
    """The whole catalog as DCAT-US 1.1: a file, streamed, or 304 to whoever has it."""
    path = export.current()
    etag = f'"{path.stem}"'
    response = get_conditional_response(request, etag=etag) or FileResponse(
        path.open("rb"), content_type="application/json; charset=utf-8"
    )
    response.headers["ETag"] = etag
    response.headers["Access-Control-Allow-Origin"] = "*"
    patch_cache_control(response, no_cache=True)
    return response


urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("commonground.catalog.urls")),
    path("", include("commonground.overlap.urls")),
    path("", include("commonground.tables.urls")),
    path("", include("commonground.api.urls")),
    path("data.json", data_json, name="data.json"),
    path("sign-in", SignIn.as_view(), name="sign-in"),
    path("sign-out", SignOut.as_view(), name="sign-out"),
    # Answered by the middleware before they come here; the manual reads them from this list.
    *(path(name, view, name=name) for name, view in PROBES.items()),
]
if settings.ADMIN:
    urlpatterns.append(path("admin/", admin.site.urls))

handler400 = "commonground.pages.errors.bad_request"
handler403 = "commonground.pages.errors.forbidden"
handler404 = "commonground.pages.errors.not_found"
handler500 = "commonground.pages.errors.broken"
