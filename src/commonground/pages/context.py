"""What the frame of every page knows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.utils.translation import get_language_info

from commonground import __version__
from commonground.pages import navigation
from commonground.pages.paging import changed

if TYPE_CHECKING:
    from django.http import HttpRequest


def frame(request: HttpRequest) -> dict[str, Any]:
    """Navigation, the languages with their links, the version."""
    languages = [
        {"code": code, "name": get_language_info(code)["name_local"], "url": changed(request.GET, lang=code)}
        for code, _ in settings.LANGUAGES
    ]
    return {"navigation": navigation.places(request), "languages": languages, "version": __version__}
