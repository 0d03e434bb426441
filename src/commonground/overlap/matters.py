"""What a decision can be about, and its name in the database. Pure."""

from __future__ import annotations

import hashlib
from dataclasses import astuple, dataclass
from typing import Final
from urllib.parse import quote

LONGEST: Final = 900


@dataclass(frozen=True, slots=True)
class Matter:
    """One question that a person answers: its kind, and what it is about. Made by the functions of `decisions`."""

    kind: str
    subject: str = ""
    a: str = ""
    b: str = ""
    column_a: str = ""
    column_b: str = ""

    @property
    def key(self) -> str:
        """Its name, of no other matter: “place building-permits chicago/ydr8-5enu”; a long one ends in a digest."""
        parts: tuple[str, ...] = astuple(self)
        # Lone surrogates cannot be quoted otherwise. An empty part between others keeps its place.
        name = " ".join(quote(part, safe="/:.", errors="surrogatepass") or "*" for part in parts).rstrip(" *")
        if len(name) <= LONGEST:
            return name
        digest = hashlib.blake2b(name.encode(), digest_size=16).hexdigest()
        return f"{self.kind} {digest}"
