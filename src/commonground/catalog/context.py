"""What every page tells of the catalog as a whole."""

from __future__ import annotations

from django.http import HttpRequest

from commonground.catalog.models import Harvest


def source(request: HttpRequest) -> dict[str, str]:
    """Where the catalog comes from: live portals, recordings, or the demonstration; empty before the first harvest."""
    del request
    return {"catalog_source": Harvest.objects.order_by("-pk").values_list("source", flat=True).first() or ""}
