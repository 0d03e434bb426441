"""The pages app."""

from django.apps import AppConfig


class PagesConfig(AppConfig):
    """Holds the frame of every page; the entries of the navigation come from the rooms."""

    name = "commonground.pages"
    label = "pages"
