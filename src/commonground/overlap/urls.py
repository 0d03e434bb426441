"""The addresses of overlap's pages and their twins."""

from __future__ import annotations

from django.urls import URLPattern, path

from commonground.overlap.views import (
    columns,
    decide,
    decisions,
    elsewhere,
    inventory,
    matrix,
    review,
    subjects,
    suggestions,
)
from commonground.pages.twins import paths

TABLES = ("html", "json", "csv")

urlpatterns: list[URLPattern] = [
    *paths("overlap", matrix.matrix, name="overlap", forms=TABLES),
    path("overlap/subjects/new", subjects.new, name="new-subject"),
    path("overlap/subjects/<slug:slug>/edit", subjects.edit, name="edit-subject"),
    *paths("overlap/subjects/<slug:slug>", matrix.subject, name="overlap-subject", forms=TABLES),
    *paths("overlap/cities/<slug:slug>", matrix.city, name="overlap-city", forms=TABLES),
    *paths("overlap/cities/<slug:slug>/columns", inventory.of, name="overlap-columns", forms=TABLES),
    *paths("overlap/cities/<slug:slug>/without-subject", matrix.unplaced, name="overlap-unplaced", forms=TABLES),
    *paths("overlap/suggestions", suggestions.suggested, name="suggested-subjects", forms=TABLES),
    *paths("overlap/columns", columns.side_by_side, name="side-by-side", forms=TABLES),
    *paths("overlap/review", review.review, name="review", forms=TABLES),
    path("overlap/decide", decide.decide, name="decide"),
    path("overlap/undo", decide.undo, name="undo-decision"),
    *paths("overlap/decisions", decisions.decisions, name="decisions", forms=(*TABLES, "atom")),
    *paths("overlap/datasets/<str:portal>/<path:native_id>", elsewhere.of, name="elsewhere", forms=TABLES),
]
