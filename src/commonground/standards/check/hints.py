"""What a wrong value was meant to be, where that is plain."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from commonground.standards.model import FieldType
from commonground.standards.telling import nearest

_DATES: Final = (
    "%m/%d/%Y",
    "%m/%d/%y",
    "%m-%d-%Y",
    "%Y/%m/%d",
    "%Y%m%d",
    "%d-%b-%Y",
    "%d-%b-%y",
    "%b %d, %Y",
    "%B %d, %Y",
    "%b %d %Y",
)
_TIMES: Final = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p", " %H:%M:%S.%f", " %H:%M:%S%z")
_TRUTHS: Final = {"x": "true", "si": "true", "on": "true", "off": "false"}


def meant(value: str, wanted: FieldType) -> str:
    """The value as the standard writes it, or ""."""
    match wanted:
        case FieldType.DATE | FieldType.DATETIME:
            return _date(value, day=wanted is FieldType.DATE)
        case FieldType.NUMBER | FieldType.INTEGER:
            plain = re.sub(r"[$€£,%\s]", "", value)
            plain = f"-{plain[1:-1]}" if plain.startswith("(") and plain.endswith(")") else plain
            pattern = r"[+-]?\d+" if wanted is FieldType.INTEGER else r"[+-]?(\d+\.?\d*|\.\d+)"
            return plain if plain != value and re.fullmatch(pattern, plain) else ""
        case FieldType.BOOLEAN:
            return _TRUTHS.get(value.casefold(), "")
        case _:
            return ""


def code(value: str, codes: Mapping[str, str]) -> str:
    """The code that was meant: by its own letters, or by its label; "" where none is near."""
    # A label may be another code's name; the code is meant then.
    by_name = {label.casefold(): code for code, label in codes.items()} | {code.casefold(): code for code in codes}
    plain = value.strip().casefold()
    found = plain if plain in by_name else nearest(plain.replace(" ", "_"), by_name) or nearest(plain, by_name)
    return by_name.get(found, "")


def _date(value: str, *, day: bool) -> str:
    for date in _DATES:
        for time in _TIMES:
            try:
                found = datetime.strptime(value, date + time)  # noqa: DTZ007 - no zone is told, and none made up
            except ValueError:
                continue
            return found.date().isoformat() if day else found.isoformat()
    return ""
