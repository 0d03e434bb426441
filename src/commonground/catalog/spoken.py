"""What people call the catalog's codes, in the reader's language."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.utils.functional import _StrPromise

WORDS: Final[Mapping[str, Mapping[str, _StrPromise]]] = {
    "kind": {
        "table": _("Table"),
        "map_layer": _("Map layer"),
        "file": _("File"),
        "filtered_view": _("Filtered view"),
        "chart": _("Chart"),
        "story": _("Story"),
        "external_link": _("External link"),
        "service": _("Service"),
        "other": _("Other"),
    },
    "type": {
        "text": _("Text"),
        "number": _("Number"),
        "integer": _("Whole number"),
        "money": _("Money"),
        "percent": _("Percent"),
        "boolean": _("Yes or no"),
        "date": _("Date"),
        "datetime": _("Date and time"),
        "time": _("Time of day"),
        "point": _("Point"),
        "line": _("Line"),
        "polygon": _("Area"),
        "geometry": _("Shape"),
        "address": _("Address"),
        "url": _("Web address"),
        "email": _("E-mail address"),
        "phone": _("Phone number"),
        "file": _("File"),
        "json": _("Nested data"),
        "id": _("Id"),
    },
    "outcome": {
        "running": _("Running now"),
        "complete": _("Read to the end"),
        "partial": _("Read in part"),
        "failed": _("Failed"),
        "never": _("Not read yet"),
    },
    "protocol": {
        "socrata": _("Socrata"),
        "ckan": _("CKAN"),
        "arcgis-hub": _("ArcGIS Hub"),
        "dcat-us": _("DCAT-US data.json"),
    },
    "source": {
        "live": _("From the live portal"),
        "replay": _("From a recording"),
        "demo": _("Sample, made for demonstration"),
    },
    "severity": {"note": _("Note"), "warning": _("Warning"), "error": _("Error")},
    "fixer": {
        "city": _("The city can fix these"),
        "us": _("We must fix these"),
        "nobody": _("Nobody needs to fix these"),
    },
    "to fix": {
        "city": pgettext_lazy("who must fix it", "the city"),
        "us": pgettext_lazy("who must fix it", "us"),
        "nobody": pgettext_lazy("who must fix it", "nobody"),
    },
    "facet": {
        "city": _("City"),
        "kind": _("Kind"),
        "publisher": _("Publisher"),
        "theme": _("Theme"),
        "format": _("Format"),
        "license": _("License"),
        "portal": _("Portal"),
        "since": _("Updated since"),
    },
}
"""Codes of the catalog and what people call them, by family."""


def word(code: str, family: str) -> str:
    """What people call a code; a code without a word is shown as it is."""
    return str(WORDS[family].get(code, code))
