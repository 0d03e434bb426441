"""Atom: what changed, newest first, for people and programs that follow a page."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from django.utils.feedgenerator import Atom1Feed
from django.utils.translation import get_language

from commonground.pages.addresses import absolute

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.http import HttpRequest

_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""What XML 1.0 cannot carry, even escaped."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that changed. `url` is a path of ours; it is also the entry's permanent id, unless `id` is another."""

    title: str
    url: str
    updated: datetime
    summary: str = ""
    author: str = ""
    published: datetime | None = None
    categories: tuple[str, ...] = ()
    id: str = ""


@dataclass(frozen=True, slots=True)
class Feed:
    """What a page's followers get. `updated` is the newest change; without one, the feed is empty."""

    title: str
    entries: Iterable[Entry]
    updated: datetime | None = None
    subtitle: str = ""


class _Atom(Atom1Feed):
    """Says when the newest change was, not when it was asked: an unchanged feed stays byte for byte the same."""

    changed: datetime

    def latest_post_date(self) -> datetime:
        return self.changed


def atom(feed: Feed, request: HttpRequest, page: str) -> bytes:
    """The feed as an Atom document; `page` is the path of the page that it follows."""
    document = _Atom(
        title=_xml(feed.title),
        link=absolute(page),
        description="",
        subtitle=_xml(feed.subtitle),
        feed_url=absolute(request.get_full_path()),
        language=get_language(),
    )
    document.changed = feed.updated or datetime(2000, 1, 1, tzinfo=UTC)
    for entry in feed.entries:
        url = absolute(entry.url)
        document.add_item(
            title=_xml(entry.title),
            link=url,
            description=_xml(entry.summary),
            unique_id=absolute(entry.id) if entry.id else url,
            updateddate=entry.updated,
            pubdate=entry.published,
            author_name=_xml(entry.author) or None,
            categories=[_xml(category) for category in entry.categories],
        )
    return document.writeString("utf-8").encode()


def _xml(text: str) -> str:
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)
