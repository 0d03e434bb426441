"""The catalog in the admin: to look at, not to change; harvests change it."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

from commonground.catalog.models import Dataset, Finding, Harvest


class ReadOnly(admin.ModelAdmin[Model]):
    """Rows that only a harvest writes."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody: nothing that a city said is lost."""
        return False


@admin.register(Harvest)
class HarvestAdmin(ReadOnly):
    list_display = ("portal", "source", "outcome", "started", "declared", "seen", "held", "changed", "error")
    list_filter = ("portal", "outcome", "source")


@admin.register(Dataset)
class DatasetAdmin(ReadOnly):
    list_display = ("key", "title", "kind", "state", "updated", "last_changed")
    list_filter = ("portal", "state", "kind")
    search_fields = ("key", "title")


@admin.register(Finding)
class FindingAdmin(ReadOnly):
    list_display = ("portal", "native_id", "code", "severity", "fixer", "place", "first_seen", "closed")
    list_filter = ("portal", "severity", "fixer", "code")
