"""The api app."""

from __future__ import annotations

from django.apps import AppConfig


class ApiConfig(AppConfig):
    """Doors for programs; it keeps nothing."""

    name = "commonground.api"
    label = "api"
