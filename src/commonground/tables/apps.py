"""The tables app: its words in the navigation, its panels on the pages of lower rooms, its work."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.apps import AppConfig
from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from commonground.pages import navigation, panels
from commonground.work.registry import register

if TYPE_CHECKING:
    from commonground.catalog.models import Dataset
    from commonground.words import City


class TablesConfig(AppConfig):
    """Raw parts, builds, releases."""

    name = "commonground.tables"
    label = "tables"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """What is needed to answer is imported when it is asked for."""
        navigation.add("tables", _("Tables"), order=30, covers=("compare", "sql", "check"))
        panels.add("home", "tables", render=_home, order=30)
        panels.add("city", "tables", render=_city, order=30)
        panels.add("dataset", "tables", render=_dataset, order=30)
        register("build", _build, _schedule, after=("harvest",))
        if settings.TABLES_NO_DOWNLOAD:  # a slip of the pen would give away what is to be kept
            from commonground.tables import giving

            giving.check_listed()


def _build(subject: str, beat: Callable[[], bool]) -> None:
    from commonground.tables import due

    due.run_build(subject, beat)


def _schedule() -> None:
    from commonground.tables import due

    due.schedule()


def _home(request: HttpRequest) -> str:
    from commonground.tables.views import tables

    return tables.home_panel(request)


def _city(request: HttpRequest, city: City) -> str:
    from commonground.tables.views import tables

    return tables.city_panel(request, city)


def _dataset(request: HttpRequest, row: Dataset, form: dict[str, Any]) -> str:
    from commonground.tables.views import tables

    return tables.dataset_panel(request, row, form)
