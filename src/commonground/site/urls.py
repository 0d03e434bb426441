"""The addresses of the whole site: each room's own, the admin where it is wanted, the error pages."""

from __future__ import annotations

from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest, StreamingHttpResponse
from django.urls import URLPattern, URLResolver, include, path
from django.views.decorators.http import require_safe

from commonground.catalog import export


@require_safe
def data_json(_request: HttpRequest) -> StreamingHttpResponse:
    """The whole catalog as DCAT-US 1.1, streamed."""
    headers = {"Access-Control-Allow-Origin": "*"}
    return StreamingHttpResponse(export.document(), content_type="application/json; charset=utf-8", headers=headers)


urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("commonground.catalog.urls")),
    path("data.json", data_json, name="data.json"),
    path("language/", include("django.conf.urls.i18n")),
]
if settings.ADMIN:
    urlpatterns.append(path("admin/", admin.site.urls))

handler400 = "commonground.pages.errors.bad_request"
handler403 = "commonground.pages.errors.forbidden"
handler404 = "commonground.pages.errors.not_found"
handler500 = "commonground.pages.errors.broken"
