"""The catalog app, its words in the navigation, and its work."""

from collections.abc import Callable

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from commonground.pages import navigation
from commonground.work.registry import register


class CatalogConfig(AppConfig):
    """Datasets, revisions, findings, harvests, search."""

    name = "commonground.catalog"
    label = "catalog"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Higher rooms put their words between ours: Overlap 20, Tables 30, Discuss 40, 311 50."""
        navigation.add("search", _("Search"), order=10)
        navigation.add("cities", _("Cities"), order=60)
        navigation.add("harvests", _("Harvests"), order=70)
        navigation.add("about", _("About"), order=80)
        navigation.add("developers", _("Developers"), order=90)
        register("harvest", _harvest, _schedule)
        register("links", _links, _schedule_links)


def _harvest(subject: str, beat: Callable[[], bool]) -> None:
    from commonground.catalog import tasks  # what it needs is imported when it runs

    tasks.run_harvest(subject, beat)


def _schedule() -> None:
    from commonground.catalog import tasks

    tasks.schedule()


def _links(subject: str, beat: Callable[[], bool]) -> None:
    from commonground.catalog import links

    links.run_links(subject, beat)


def _schedule_links() -> None:
    from commonground.catalog import links

    links.schedule()
