"""Where a page ended: a text that only this table understands, and that another page goes on from."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import Any, Self

import orjson

from commonground.errors import Usage


@dataclass(frozen=True, slots=True)
class Cursor:
    """The last row of a page in an order: the values of what it is ordered by, texts or None, and the release."""

    order: str
    release: int
    city: str
    place: int
    values: tuple[str | None, ...] = ()

    def told(self) -> str:
        """As an address has it."""
        plain = orjson.dumps([self.order, self.release, self.city, self.place, *self.values])
        return base64.urlsafe_b64encode(plain).decode().rstrip("=")

    @classmethod
    def read(cls, text: str, order: str = "") -> Self:
        """The cursor of a text. Raises `Usage` for what `told` did not write, and for one of another order."""
        try:
            plain: Any = orjson.loads(base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True))
        except (ValueError, binascii.Error):
            plain = None
        if not _sound(plain):
            raise Usage("after: this is no cursor of a table.", advice="Take it from “next” of the page before.")
        found = cls(plain[0], plain[1], plain[2], plain[3], tuple(plain[4:]))
        if order and found.order != order:
            raise Usage(
                f"after: this cursor is of the order “{found.order}”.", advice=f"Write order={found.order} as well."
            )
        return found


def _sound(plain: Any) -> bool:  # noqa: ANN401 - JSON is anything
    """Whether it has the shape of a cursor; what it names is compared as values, so that no value can do harm."""
    return (
        isinstance(plain, list)
        and len(plain) >= 4  # noqa: PLR2004 - what every order has
        and all(isinstance(one, kind) for one, kind in zip(plain, (str, int, str, int), strict=False))
        and plain[1] > 0
        and abs(plain[3]) < 2**63
        and all(one is None or isinstance(one, str) for one in plain[4:])
    )
