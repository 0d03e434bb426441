"""Full addresses of our own pages: always under COMMONGROUND_URL, whatever host a request named."""

from __future__ import annotations

from django.conf import settings
from django.utils.encoding import iri_to_uri


def absolute(path: str) -> str:
    """A path of ours, perhaps with a query, as a full address."""
    return f"{settings.SITE_URL}{iri_to_uri(path)}"
