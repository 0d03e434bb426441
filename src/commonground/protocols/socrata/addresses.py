"""Which dataset an address of a Socrata portal names."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from commonground.words import Portal

_NAMED = re.compile(
    r"/(?:d|id|resource|download|stories/s|api/(?:v3/)?views|[^/]+/[^/]+)/([2-9a-z]{4}-[2-9a-z]{4})(?=[./]|$)"
)
"""`/d/<4x4>`, `/resource/<4x4>.json`, `/api/views/<4x4>/rows.csv`, `/<category>/<title>/<4x4>`."""


def named(portal: Portal, url: str) -> str:
    """The 4x4 of the dataset of this portal that an address names; "" when it names none."""
    parts = urlsplit(url)
    found = _NAMED.match(parts.path) if parts.hostname == portal.host else None
    return found[1] if found else ""
