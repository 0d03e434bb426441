"""What crawlers should read: the fixed pages, the cities and portals, and every dataset, ten thousand a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from django.conf import settings
from django.contrib.sitemaps import Sitemap
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from commonground.catalog import browse, overview
from commonground.catalog.models import Dataset
from commonground.pages.addresses import absolute

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from django.db.models import QuerySet

PER_FILE: Final = 10_000


class _Here:
    """Addresses are ours, whatever host a crawler named."""

    def get_protocol(self, protocol: str | None = None) -> str:
        del protocol
        return str(settings.SITE_URL).partition("://")[0]

    def get_domain(self, site: object = None) -> str:
        del site
        return str(settings.SITE_URL).partition("://")[2]


class Pages(_Here, Sitemap[str]):
    """Pages that are there whatever was harvested."""

    def items(self) -> list[str]:
        fixed = [reverse(name) for name in ("home", "cities", "harvests", "about", "developers")]
        members = [reverse("city", args=[slug]) for slug in browse.known_cities()]
        return [*fixed, *members, *(reverse("harvest", args=[slug]) for slug in browse.known_portals())]

    def location(self, item: str) -> str:
        return item


class Datasets(_Here, Sitemap[Dataset]):
    """Every dataset that its portal lists."""

    limit = PER_FILE

    def items(self) -> QuerySet[Dataset]:
        return browse.kept().only("portal", "native_id", "last_changed").order_by("pk")

    def location(self, item: Dataset) -> str:
        return browse.path(item)

    def lastmod(self, item: Dataset) -> datetime:
        return item.last_changed

    def get_latest_lastmod(self) -> datetime | None:
        """By one query; Django would read every dataset."""
        return overview.newest_change()


SECTIONS: Final[Mapping[str, type[Sitemap[Any]]]] = {"pages": Pages, "datasets": Datasets}


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """The files of the sitemap, each with its newest change."""
    files = [
        {"location": absolute(f"{reverse('sitemap', args=[name])}?p={number}"), "last_mod": changed}
        for name, section in SECTIONS.items()
        for changed in [section().get_latest_lastmod()]
        for number in section().paginator.page_range
    ]
    return render(request, "sitemap_index.xml", {"sitemaps": files}, content_type="application/xml")
