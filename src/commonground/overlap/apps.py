"""The overlap app: its words in the navigation, its panels on the pages of lower rooms, its work."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.apps import AppConfig
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from commonground.pages import navigation, panels
from commonground.words import City
from commonground.work.registry import register

if TYPE_CHECKING:
    from commonground.catalog.models import Dataset


class OverlapConfig(AppConfig):
    """Subjects, matches, decisions."""

    name = "commonground.overlap"
    label = "overlap"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """What is needed to answer is imported when it is asked for."""
        register("overlap", _compare, _schedule)
        navigation.add("overlap", _("Overlap"), order=20)
        panels.add("home", "overlap", render=_home, order=20)
        panels.add("city", "overlap", render=_city, order=20)
        panels.add("dataset", "overlap", render=_dataset, order=20)
        panels.add("account", "overlap", render=_account, order=20)
        panels.add("about", "overlap", render=_about, order=20)
        panels.add("overlap-city", "columns", render=_columns, order=20)


def _compare(subject: str, beat: Callable[[], bool]) -> None:
    from commonground.overlap import tasks

    tasks.run_overlap(subject, beat)


def _schedule() -> None:
    from commonground.overlap import tasks

    tasks.schedule()


def _home(request: HttpRequest) -> str:
    from commonground.overlap.views import matrix

    return matrix.home_panel(request)


def _city(request: HttpRequest, city: City) -> str:
    from commonground.overlap.views import matrix

    return matrix.city_panel(request, city)


def _account(request: HttpRequest) -> str:
    from commonground.overlap.views import matrix

    return matrix.account_panel(request)


def _about(request: HttpRequest) -> str:
    from commonground.overlap.views import matrix

    return matrix.about_panel(request)


def _columns(request: HttpRequest, city: City) -> str:
    from commonground.overlap.views import inventory

    return inventory.panel(request, city)


def _dataset(request: HttpRequest, row: Dataset, form: dict[str, Any]) -> str:
    from commonground.overlap.views import elsewhere

    return elsewhere.panel(request, row, form)
