"""Overlap in the admin: to look at, not to change; persons decide on the pages, where they see what they decide."""

from __future__ import annotations

from django.contrib import admin

from commonground.catalog.admin import ReadOnly
from commonground.overlap.models import Decision, Match, Placement, Standing, SubjectVersion


@admin.register(Decision)
class DecisionAdmin(ReadOnly):
    list_display = ("at", "by", "kind", "verdict", "relation", "subject", "a", "b", "why", "undoes")
    list_filter = ("kind", "verdict", "by")
    search_fields = ("matter", "why")


@admin.register(Standing)
class StandingAdmin(ReadOnly):
    list_display = ("matter", "decision", "newest")
    search_fields = ("matter",)
    list_select_related = ("decision", "newest")


@admin.register(Placement)
class PlacementAdmin(ReadOnly):
    list_display = ("subject", "dataset", "city", "score", "band", "fits", "method")
    list_filter = ("band", "city")
    search_fields = ("subject", "dataset__key")
    list_select_related = ("dataset",)


@admin.register(Match)
class MatchAdmin(ReadOnly):
    list_display = ("a", "b", "score", "band", "method")
    list_filter = ("band",)
    search_fields = ("a__key", "b__key")
    list_select_related = ("a", "b")


@admin.register(SubjectVersion)
class SubjectVersionAdmin(ReadOnly):
    list_display = ("slug", "number", "by", "at", "merged_into", "why")
    search_fields = ("slug",)
