"""What is wrong, and who must fix it: one list, which its address narrows to a city, a portal or a dataset."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from commonground.catalog import findings as told
from commonground.catalog import sifting
from commonground.catalog.overview import city_name
from commonground.catalog.views.feeds import FEED_LENGTH
from commonground.pages.feeds import Entry, Feed
from commonground.pages.twins import Answer, Rows

Form = dict[str, Any]


def findings(request: HttpRequest) -> Answer:
    """What is wrong, where, and who must fix it: open and closed, of all portals or of those asked for."""
    asked = sifting.read(request.GET)
    wanted, paging = asked.wanted, asked.paging
    return Answer(
        "catalog/findings.html",
        lambda: sifting.page(asked),
        data=lambda: _data(asked),
        rows=lambda: Rows(told.COLUMNS, told.table(wanted)),
        feed=lambda: _feed(sifting.title(wanted), wanted),
        canonical=f"{reverse('findings')}{paging.link(paging.number)}",
    )


def _data(asked: sifting.Asked) -> Form:
    form = told.page(asked.wanted, asked.paging.start, asked.paging.size)
    paging = asked.paging.of(form["total"])
    address = f"{settings.SITE_URL}{reverse('findings.json')}"
    return {
        "total": form["total"],
        "page": paging.number,
        "size": paging.size,
        "next": f"{address}{paging.next_link}" if paging.next_link else None,
        "previous": f"{address}{paging.previous_link}" if paging.previous_link else None,
        "ignored": asked.ignored,
        "counts": sifting.counted(asked.wanted),
        "findings": form["findings"],
    }


def _feed(title: str, wanted: told.Wanted) -> Feed:
    lots = told.lots(wanted, FEED_LENGTH)
    return Feed(title, map(_entry, lots), updated=max((lot.at for lot in lots), default=None))


def _entry(lot: told.Lot) -> Entry:
    """One finding with what to do about it, or many of one sort together."""
    one, form = lot.newest, told.form(lot.newest)
    if lot.count > 1:
        whose, mark = (
            {"portal": one.portal, "code": one.code},
            f"{'closed' if lot.closed else 'opened'}-{lot.at.date()}",
        )
        many = _("Fixed %(count)s times: %(code)s") if lot.closed else _("To fix %(count)s times: %(code)s")
        said, subject = many % {"count": f"{lot.count:,}", "code": one.code}, one.portal
    else:
        whose, mark = {"dataset": form["id"]} if form["id"] else {"portal": one.portal}, f"finding-{one.pk}"
        mark = f"closed-{one.pk}" if lot.closed else mark
        single = _("Fixed: %(finding)s") if lot.closed else _("To fix: %(finding)s")
        said, subject = single % {"finding": form["message"]}, form["title"] or one.portal
    query = urlencode({**whose, "state": told.ALL})
    return Entry(
        title=f"{subject}. {said}",
        url=f"{reverse('findings')}?{query}#{mark}",
        updated=lot.at,
        summary=form["advice"],
        author=city_name(one.city),
        published=lot.at,
        categories=(one.severity, one.fixer, one.code),
    )
