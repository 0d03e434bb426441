"""Charts and maps on a page, each with its table and its files. `{% load figures %}`.

`{% chart chart level=2 svg=url png=url csv=url embed=url %}`, `{% map_row row … %}` with the same words, and
`{% large_map city source=url %}` for the map of one city that can be moved.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from django import template
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from commonground.pages import charts, maps
from commonground.pages.maps.geojson import of_outline
from commonground.pages.maps.row import breaks, placed_of, scale_words

if TYPE_CHECKING:
    from commonground.pages.charts import Chart
    from commonground.pages.maps import CityMap, MapRow

register = template.Library()


@register.inclusion_tag("pages/figures/chart.html")
def chart(chart: Chart, *, level: int = 2, embedded: bool = False, **urls: str) -> dict[str, Any]:
    """A chart with its heading, its numbers in `details`, and links to the forms whose address is given."""
    sizes = zip(charts.panels(chart), charts.panels(chart, narrow=True), strict=True)
    return {
        "chart": chart,
        "panels": [tuple({"name": one.name, "drawn": _safe(one.svg())} for one in pair) for pair in sizes],
        "numbers": charts.numbers(chart),
        **_frame(chart, level, urls, embedded=embedded),
    }


@register.inclusion_tag("pages/figures/maprow.html")
def map_row(row: MapRow, *, level: int = 2, embedded: bool = False, **urls: str) -> dict[str, Any]:
    """Every city at one scale, with the scale bar, the breaks of a grid, and the same as a table."""
    drawn = maps.drawings(row)
    return {
        "row": row,
        "maps": [{"city": one.city, "drawn": _safe(one.svg()), "caption": one.caption} for one in drawn],
        "beyond": [one for one in drawn if one.beyond],
        "scale": scale_words(),
        "breaks": breaks(row).legend(),
        "numbers": maps.numbers(row),
        **_frame(row, level, urls, embedded=embedded),
    }


@register.inclusion_tag("pages/figures/largemap.html")
def large_map(city: CityMap, source: str) -> dict[str, Any]:
    """A city's map that opens to one that can be moved; `source` answers `?bbox=&zoom=` with GeoJSON of ours."""
    west, south, east, north = city.frame
    row = maps.MapRow(city.name, "", "", (city,), "", kind="grid" if city.cells else "dots")
    (drawn,) = maps.drawings(row)
    return {
        "title": _("Map of %(city)s") % {"city": city.name},
        "source": source,
        "bounds": json.dumps([[west, south], [east, north]]),
        "outline": json.dumps(of_outline(city)),
        "words": json.dumps(_words()),
        "still": _safe(drawn.svg()),
        "caption": placed_of(city),
    }


def _words() -> dict[str, Any]:
    """What the script says; {shown} and {total} are filled in there."""
    return {
        "cells": _("{total} rows in view, in {shown} squares."),
        "points": _("{total} rows in view, each a point."),
        "some": _("{shown} of {total} rows in view are drawn. Zoom in to see the others."),
        "none": _("No row is in view."),
        "nothing": _("Nothing lies there."),
        "failed": _("The rows of this part could not be read. Move the map to try again."),
        "missing": _("This browser cannot show the map that moves. The drawing and the table tell the same."),
        "controls": {
            "NavigationControl.ZoomIn": _("Zoom in"),
            "NavigationControl.ZoomOut": _("Zoom out"),
            "Popup.Close": _("Close"),
            "CooperativeGesturesHandler.WindowsHelpText": _("Use Ctrl and scroll to zoom the map"),
            "CooperativeGesturesHandler.MacHelpText": _("Use ⌘ and scroll to zoom the map"),
            "CooperativeGesturesHandler.MobileHelpText": _("Use two fingers to move the map"),
        },
    }


def _frame(figure: Chart | MapRow, level: int, urls: dict[str, str], *, embedded: bool) -> dict[str, Any]:
    """What charts and maps share: the id of the heading, its level, and the links."""
    words = {"svg": _("SVG"), "png": _("PNG"), "csv": _("CSV"), "embed": _("Embed")}
    digest = hashlib.blake2b(f"{figure.title}{figure.unit}".encode(errors="replace"), digest_size=5).hexdigest()
    forms = [(words[form], url) for form, url in urls.items() if url]
    return {"name": f"figure-{digest}", "level": level, "forms": forms, "embedded": embedded}


def _safe(svg: str) -> SafeString:
    return mark_safe(svg)  # noqa: S308 - made by us; every text in it is escaped
