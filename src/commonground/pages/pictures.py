"""A chart or a row of maps as a file (SVG, PNG, CSV), and as a page that others may show in a frame of theirs.

def requests_by_month(request: HttpRequest, form: str) -> HttpResponse:
    chart = ...
    if form == "embed":
        return embedded(request, chart, page="/tables/service_requests")
    return as_file(request, chart, form, name="requests-by-month")
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from csp.constants import NONE
from csp.decorators import csp_replace
from django.http import HttpResponse, HttpResponseBase
from django.template.loader import render_to_string
from django.utils.cache import get_conditional_response, patch_cache_control
from django.views.decorators.clickjacking import xframe_options_exempt

from commonground.errors import NotFound
from commonground.pages import charts, maps
from commonground.pages.maps.model import MapRow
from commonground.pages.maps.numbers import CELLS, PLACES
from commonground.pages.twins import Rows, csv_lines

if TYPE_CHECKING:
    from django.http import HttpRequest

    from commonground.pages.charts import Chart

MEDIA: Final = {"svg": "image/svg+xml; charset=utf-8", "png": "image/png", "csv": "text/csv; charset=utf-8"}
"""The forms of a picture, and what each calls itself on the wire."""

FRAMED: Final = {"frame-ancestors": ["*"], "script-src": [NONE], "connect-src": [NONE], "form-action": [NONE]}
"""What a framed page may do, in place of the directives of the other pages."""


def as_file(request: HttpRequest, figure: Chart | MapRow, form: str, *, name: str) -> HttpResponseBase:
    """The figure in a form of `MEDIA`, by ETag; readable from any origin. Raises `NotFound` for another form.

    The CSV of a chart has its numbers; of a map, the places or cells that are drawn.
    """
    if form not in MEDIA:
        raise NotFound(f"A picture has no form “{form}”.", advice=f"Forms: {', '.join(MEDIA)}.")
    content = _csv(figure) if form == "csv" else _svg(figure)
    etag = f'"{hashlib.blake2b(content.encode(errors="replace"), digest_size=12, person=form.encode()).hexdigest()}"'
    response = get_conditional_response(request, etag=etag)
    if response is None:  # only now is a PNG worth its drawing
        body = charts.png(content) if form == "png" else content
        response = HttpResponse(body, content_type=MEDIA[form])
        response.headers["Content-Disposition"] = f'inline; filename="{name}.{form}"'
    response.headers["ETag"] = etag
    response.headers["Access-Control-Allow-Origin"] = "*"
    patch_cache_control(response, no_cache=True)
    return response


def embedded(request: HttpRequest, figure: Chart | MapRow, *, page: str) -> HttpResponseBase:
    """The figure as a page without scripts that any site may frame; only this answer says so.

    `page` is the path of the page where the figure stands.
    """
    kind = "row" if isinstance(figure, MapRow) else "chart"

    @xframe_options_exempt
    @csp_replace(FRAMED)
    def framed(_: HttpRequest) -> HttpResponseBase:
        # Not the frame of our pages, so nothing is asked of the database for it.
        shown = {kind: figure, "figure": figure, "page": page}
        return HttpResponse(render_to_string("pages/figures/embed.html", shown))

    return framed(request)


def _svg(figure: Chart | MapRow) -> str:
    return maps.picture(figure) if isinstance(figure, MapRow) else charts.picture(figure)


def _csv(figure: Chart | MapRow) -> str:
    if isinstance(figure, MapRow):
        return "".join(csv_lines(Rows(CELLS if figure.kind == "grid" else PLACES, maps.places(figure))))
    numbers = charts.numbers(figure)
    return "".join(csv_lines(Rows(numbers.header, numbers.rows)))
