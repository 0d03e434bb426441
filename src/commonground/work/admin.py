"""Runs in the admin: what is due, under way, done or failed."""

from __future__ import annotations

from django.contrib import admin

from commonground.work.models import Run


@admin.register(Run)
class RunAdmin(admin.ModelAdmin[Run]):
    list_display = ("task", "subject", "state", "due", "attempt", "owner", "started", "finished", "error")
    list_filter = ("task", "state")
