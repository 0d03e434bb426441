"""The row of short words at the head of every page. Each room adds its own when its app is ready:

`navigation.add("overlap", gettext_lazy("Overlap"), order=20)`
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.urls import reverse

if TYPE_CHECKING:
    from django.http import HttpRequest
    from django.utils.functional import _StrPromise

_entries: dict[str, Entry] = {}


@dataclass(frozen=True, slots=True)
class Entry:
    """One word of the navigation: the URL name of a page, the word, and its place in the row. `covers` names other pages
    that belong to it, though their addresses do not lie under its own.
    """

    url_name: str
    word: str | _StrPromise
    order: int
    covers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Place:
    """An entry as one page shows it; `current` where the page lies at or under it."""

    url: str
    word: str
    current: bool


def add(url_name: str, word: str | _StrPromise, *, order: int, covers: tuple[str, ...] = ()) -> None:
    """Add a word, or replace the one that leads to the same page."""
    _entries[url_name] = Entry(url_name, word, order, covers)


def places(request: HttpRequest) -> list[Place]:
    """The navigation of one page, in order."""
    return [
        Place(url, str(entry.word), current=any(_at(request, one) for one in (url, *map(reverse, entry.covers))))
        for entry in sorted(_entries.values(), key=lambda entry: entry.order)
        for url in [reverse(entry.url_name)]
    ]


def _at(request: HttpRequest, url: str) -> bool:
    """Whether a page lies at or under an address."""
    return request.path == url or request.path.startswith((f"{url}/", f"{url}."))
