"""The addresses of the catalog's pages and their twins."""

from __future__ import annotations

from django.contrib.sitemaps.views import sitemap as section
from django.urls import path

from commonground.catalog import sitemap, views
from commonground.pages.twins import paths

urlpatterns = [
    *paths("", views.home, name="home", forms=("html", "json", "csv", "atom")),
    *paths("search", views.search, name="search", forms=("html", "json", "csv", "atom")),
    *paths("cities", views.cities, name="cities", forms=("html", "json", "csv", "atom")),
    *paths("cities/<slug:slug>", views.city, name="city", forms=("html", "json", "atom")),
    *paths(
        "datasets/<str:portal>/<path:native_id>", views.dataset, name="dataset", forms=("html", "json", "csv", "atom")
    ),
    *paths("harvests", views.harvests, name="harvests", forms=("html", "json", "csv", "atom")),
    *paths("harvests/<slug:slug>", views.harvest, name="harvest", forms=("html", "json", "csv", "atom")),
    *paths("about", views.about, name="about"),
    *paths("developers", views.developers, name="developers"),
    path("raw/<str:portal>/<path:native_id>", views.raw, name="raw"),
    path("robots.txt", views.robots, name="robots"),
    path("sitemap.xml", sitemap.index, name="sitemaps"),
    path("sitemap-<section>.xml", section, {"sitemaps": sitemap.SECTIONS}, name="sitemap"),
]
