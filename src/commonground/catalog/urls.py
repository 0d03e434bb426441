"""The addresses of the catalog's pages and their twins."""

from __future__ import annotations

from django.contrib.sitemaps.views import sitemap as section
from django.urls import path

from commonground.catalog import sitemap
from commonground.catalog.views import dataset, findings, harvest, history, home, identity, search, series, status
from commonground.pages.twins import paths

urlpatterns = [
    *paths("", home.home, name="home", forms=("html", "json", "csv", "atom")),
    *paths("search", search.search, name="search", forms=("html", "json", "csv", "atom")),
    *paths("cities", home.cities, name="cities", forms=("html", "json", "csv", "atom")),
    *paths("cities/<slug:slug>", home.city, name="city", forms=("html", "json", "atom")),
    *paths(
        "datasets/<str:portal>/<path:native_id>", dataset.dataset, name="dataset", forms=("html", "json", "csv", "atom")
    ),
    *paths("history/<str:portal>/<path:native_id>", history.of, name="history", forms=("html", "json", "csv", "atom")),
    *paths("harvests", harvest.harvests, name="harvests", forms=("html", "json", "csv", "atom")),
    *paths("harvests/<slug:slug>", harvest.harvest, name="harvest", forms=("html", "json", "csv", "atom")),
    *paths("harvests/<slug:slug>/withheld", status.withheld, name="withheld", forms=("html", "json", "csv")),
    *paths("harvests/<slug:slug>/missing", status.missing, name="missing", forms=("html", "json", "csv")),
    *paths("status", status.status, name="status", forms=("html", "json", "csv")),
    *paths("moves", identity.moves, name="moves", forms=("html", "json", "csv")),
    *paths("series/<str:portal>/<str:key>", series.of, name="series", forms=("html", "json", "csv")),
    *paths("findings", findings.findings, name="findings", forms=("html", "json", "csv", "atom")),
    *paths("about", home.about, name="about"),
    *paths("developers", home.developers, name="developers"),
    path("raw/<str:portal>/<path:native_id>", dataset.raw, name="raw"),
    path("robots.txt", home.robots, name="robots"),
    path("sitemap.xml", sitemap.index, name="sitemaps"),
    path("sitemap-<section>.xml", section, {"sitemaps": sitemap.SECTIONS}, name="sitemap"),
]
