"""Which package an address of a CKAN portal names."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from commonground.words import Portal

_NAMED = re.compile(r"/dataset/([0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12})(?![0-9a-f])", re.IGNORECASE)


def named(portal: Portal, url: str) -> str:
    """The id of the package of this portal that an address names; "" when it names none, or names it by its name,
    which may change.
    """
    parts = urlsplit(url)
    found = _NAMED.search(parts.path) if parts.hostname == portal.host else None
    return found[1].lower() if found else ""
