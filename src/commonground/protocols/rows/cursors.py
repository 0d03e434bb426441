"""Cursors: where a reading stands, as one line of text that its reader alone understands."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode


def written(**parts: str | int) -> str:
    """The parts that are not empty as `came=20000&id=row-1`; "" when all are."""
    return urlencode({name: part for name, part in parts.items() if part})


def parts(cursor: str) -> dict[str, str]:
    """What a cursor tells; nothing for an empty one."""
    return dict(parse_qsl(cursor, keep_blank_values=True))


def number(told: dict[str, str], name: str) -> int:
    """A count out of a cursor, 0 when it is not there or no count."""
    text = told.get(name, "")
    return int(text) if text.isdecimal() else 0
