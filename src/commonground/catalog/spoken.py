"""What people call the catalog's codes, in the reader's language."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from django.utils.timesince import timesince
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

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
        "withheld": _("Withheld"),
        "failed": _("Failed"),
        "never": _("Not read yet"),
    },
    "decision": {
        "": _("Withheld"),
        "released": _("Withheld, then released"),
        "discarded": _("Withheld, then discarded"),
        "superseded": _("Withheld, then overtaken by a newer run"),
    },
    "difference": {
        "not-listed": _("declared, but not listed"),
        "broken-off": _("declared, but the listing broke off before"),
        "listed-beyond": _("listed beyond what is declared"),
        "duplicate-id": _("with an id that was listed before"),
        "no-id": _("without an id"),
        "record-unusable": _("that are no record"),
        "wrong-domain": _("of another site"),
        "missing": _("not listed any more, kept for a grace period"),
        "withheld": _("not listed, kept until a person decides"),
        "discarded": _("not listed, kept because a person did not believe it"),
        "in-doubt": _("not listed, kept because as many records could not be told apart"),
        "not-reached": _("held before, and not reached by the last run"),
        "not-read": _("held before, and the portal could not be read"),
        "never-read": _("not read at all"),
        "under-way": _("by the run that is under way"),
        "dialect-poorer": _("told in less detail today, kept as they were"),
        "unexplained": _("not explained"),
    },
    "index": {
        "in step": _("The index has what the database has."),
        "behind": _("The index is behind the database, and follows."),
        "differs": _("The index differs from the database."),
        "broken": _("The index cannot be opened."),
    },
    "protocol": {
        "socrata": _("Socrata"),
        "ckan": _("CKAN"),
        "arcgis-hub": _("ArcGIS Hub"),
        "opendatasoft": _("Opendatasoft"),
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
    "reason": {
        "title": _("Titles are alike"),
        "columns": _("Columns are alike"),
        "description": _("Descriptions are alike"),
        "publisher": _("The publisher is the same"),
        "rows": _("Numbers of rows are alike"),
        "id": _("An id that is unique in the world is the same"),
        "link": _("The old record named the new one"),
    },
    "move": {
        "proposed": _("Waits for a person"),
        "confirmed": _("Confirmed"),
        "rejected": _("Rejected"),
    },
    "change": {
        "added": _("Added"),
        "changed": _("Changed"),
        "columns": _("Columns changed"),
        "updated": _("Updated"),
        "replaced": _("Another data set"),
        "missing": _("No longer listed"),
        "withdrawn": _("Withdrawn"),
        "returned": _("Listed again"),
        "moved": _("Moved"),
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
        "state": _("State"),
        "severity": _("Severity"),
        "fixer": _("To fix by"),
        "code": _("Kind of finding"),
        "dataset": _("Data set"),
    },
    "finding": {
        "open": pgettext_lazy("state of a finding", "To fix"),
        "closed": pgettext_lazy("state of a finding", "Fixed"),
        "all": pgettext_lazy("state of a finding", "All"),
    },
}
"""Codes of the catalog and what people call them, by family."""


def ago(moment: datetime) -> str:
    """How long ago, in the largest unit: 3 days ago."""
    return gettext("%(time)s ago") % {"time": timesince(moment, depth=1).replace("\xa0", " ")}


def word(code: str, family: str) -> str:
    """What people call a code; a code without a word is shown as it is."""
    return str(WORDS[family].get(code, code))
