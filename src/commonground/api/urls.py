"""The addresses of the doors for programs."""

from __future__ import annotations

from django.urls import URLPattern, path

from commonground.api.views import sql
from commonground.engine.query import Form

urlpatterns: list[URLPattern] = [
    path("sql", sql.page, name="sql"),
    path("sql/cancel", sql.cancel, name="sql-cancel"),
    *(path(f"sql.{form}", sql.data, {"form": form}, name=f"sql.{form}") for form in Form),
]
