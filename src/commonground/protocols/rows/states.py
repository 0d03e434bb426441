"""The state of a dataset's rows: one line of text that is the same as long as nothing about them has changed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from urllib.parse import urlencode


def written(**parts: str | int | None) -> str:
    """What a portal tells, as `rows=2024-05-06&count=12`; parts that it does not tell are left out."""
    return urlencode({name: part for name, part in parts.items() if part not in {None, ""}})


def columns(names: Iterable[str]) -> str:
    """Columns in short: a column that is renamed, added or moved makes another text. "" for none."""
    joined = "\x1f".join(names)
    return hashlib.sha256(joined.encode("utf-8", "surrogatepass")).hexdigest()[:16] if joined else ""
