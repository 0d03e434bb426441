"""Search, and its feed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from commonground.catalog import browse, index, searching
from commonground.catalog.search import ids
from commonground.catalog.views.feeds import feed
from commonground.pages.feeds import Feed
from commonground.pages.twins import Answer

if TYPE_CHECKING:
    from commonground.catalog.search import Query

Form = dict[str, Any]


def search(request: HttpRequest) -> Answer:
    """Hits, facets, and the way on when there are none."""
    wanted = searching.read(request.GET)
    query, paging = wanted.query, wanted.paging
    title = _("Data sets with “%(words)s”") % {"words": query.words} if query.words else _("Data sets")
    return Answer(
        "catalog/search.html",
        lambda: searching.page(wanted),
        data=lambda: _search_data(wanted),
        rows=lambda: searching.table(query),
        feed=lambda: _search_feed(title, query),
        version=lambda: f"{index.ready().generation} {timezone.now().date()}",
        canonical=f"{reverse('search')}{paging.link(paging.number)}",
    )


def _search_data(wanted: searching.Asked) -> Form:
    form = browse.search_form(wanted.query)
    paging = wanted.paging.of(form["total"])
    address = reverse("search.json")
    pages = {
        "page": paging.number,
        "size": paging.size,
        "next": f"{settings.SITE_URL}{address}{paging.next_link}" if paging.next_link else None,
        "previous": f"{settings.SITE_URL}{address}{paging.previous_link}" if paging.previous_link else None,
    }
    return {**form, **pages}


def _search_feed(title: str, query: Query) -> Feed:
    """The newest changes of what is found."""
    if not query.words and not query.filters:
        return feed(title)
    return feed(title, among=set(ids(index.ready(), query)))
