"""Questions in SQL: a page to ask them, and their answers in four forms. Asked with GET, so that a link is a question."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from functools import partial
from http import HTTPStatus
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import get_conditional_response, patch_cache_control
from django.utils.http import urlencode
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from commonground import __version__
from commonground.api import published, turns
from commonground.api.answers import Answers
from commonground.api.written import Written, written
from commonground.catalog.browse import known_cities
from commonground.engine.query import ANSWER, EXPORT, Answer, Catalog, Form, ask, export
from commonground.engine.query.forms import MEDIA_TYPES
from commonground.errors import Crowded, NotFound, Usage
from commonground.pages.addresses import absolute
from commonground.pages.charts.amounts import told
from commonground.pages.errors import problem, too_many
from commonground.pages.limits import client

SHOWN: Final = 200
"""Rows on the page; its other forms have more."""
FEW: Final = 3
"""Fields of a city whose remainder stands beside an answer."""
_FLEETING: Final = re.compile(
    r"(?i)\b(?:now|today|ago|age|random|\w*uuid\w*|current_\w+|\w*transaction_\w+|tablesample|sample)\b"
)
"""Words by which the same question may have another answer a moment later."""
_shown: Final = Answers[Answer](lambda one: one.table.nbytes)
_written: Final = Answers[Written](lambda one: None if one.file else one.size)


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """The form, the tables, and the answer where `q` asks something; `draft` is written into the form only."""
    sql = request.GET.get("q", "").strip()
    context: dict[str, Any] = {
        "q": sql or request.GET.get("draft", ""),
        "tables": published.described(),
        "shown": SHOWN,
        "site": settings.SITE_URL,
        "most": ANSWER,
        "export": EXPORT,
        "canonical": reverse("sql"),
        "twins": {},
    }
    status = HTTPStatus.OK
    if sql:
        context["downloads"] = [{"form": form, "url": _link(form, sql)} for form in Form]
        try:
            context["answer"] = _answer(request, sql)
            context["beside"] = [_beside(one) for one in published.about(sql)]
        except Crowded as error:
            return too_many(request, wait=error.wait)
        except Usage as error:
            message, _, place = error.message.partition("\n")
            context["refused"] = {
                "message": message,
                "place": place,
                "advice": f"{error.advice} {_why(error, request)}",
            }
            status = HTTPStatus.BAD_REQUEST
    response = render(request, "api/sql.html", context, status=status)
    patch_cache_control(response, no_cache=True)
    return response


def _link(form: Form, sql: str) -> str:
    return f"{reverse(f'sql.{form}')}?{urlencode({'q': sql, 'limit': str(EXPORT.rows)})}"


def _answer(request: HttpRequest, sql: str) -> dict[str, Any]:
    """The first rows of an answer, as cells of a table."""
    who, catalog, limits = client(request), published.given(), replace(ANSWER, rows=SHOWN)
    with turns.turn(who, sql) as cancel:

        def make() -> Answer:
            return ask(catalog, sql, limits=limits, cancel=cancel, who=who)

        answer = make() if _FLEETING.search(sql) else _shown.of(_state(sql, catalog), make, cancel)
    rows = answer.rows()
    numeric = [one["type"] in {"integer", "number"} for one in answer.columns]
    return {
        "columns": [{**one, "numeric": right} for one, right in zip(answer.columns, numeric, strict=True)],
        "rows": [[*zip(row.values(), numeric, strict=True)] for row in rows],
        "truncated": answer.truncated,
        "seconds": answer.seconds,
        "left_out": answer.left_out.values(),
    }


def _beside(one: dict[str, Any]) -> dict[str, Any]:
    """What a reader of an answer must know of a table in it: release, what is missing of the fields named, terms."""
    known = known_cities()
    lost = {
        city: {name: told(100 * shares[name], "percent") for name in _most(shares)}
        for city, shares in one["remainder"].items()
    }
    return {
        **one,
        "lost": [(known[city].name if city in known else city, fields) for city, fields in lost.items() if fields],
    }


def _most(shares: dict[str, float]) -> list[str]:
    """The fields that lack most; the page of the table has all of them."""
    return sorted((name for name, share in shares.items() if share), key=lambda name: -shares[name])[:FEW]


@require_safe
def data(request: HttpRequest, form: Form) -> HttpResponseBase:
    """The answer in one form; `limit` rows of it, by default as many as an answer has."""
    try:
        return _data(request, form)
    except Crowded as error:
        return too_many(request, wait=error.wait)
    except Usage as error:
        return problem(request, 400, f"{error.message} {error.advice} {_why(error, request)}".strip())


def _why(error: Usage, request: HttpRequest) -> str:
    """Where a table is not found, why its rows are left out."""
    lacking = published.given().lacking(request.GET.get("q", "")) if isinstance(error, NotFound) else {}
    return " ".join(lacking.values())


def _data(request: HttpRequest, form: Form) -> HttpResponseBase:
    sql, rows = request.GET.get("q", "").strip(), _rows(request)
    if not sql:
        raise Usage(
            "No question is asked.", advice=f"Write it as ?q=, such as {absolute(reverse('sql'))}.json?q=SHOW+TABLES"
        )
    catalog = published.given()
    etag = "" if _FLEETING.search(sql) else f'"{_state(sql, catalog, form, str(rows))}"'
    response: HttpResponseBase | None = get_conditional_response(request, etag=etag) if etag else None
    response = response or _sent(_made(request, form, sql, rows, catalog, etag), form)
    if etag:
        response.headers["ETag"] = etag
    if left_out := catalog.lacking(sql):
        response.headers["X-Left-Out"] = ", ".join(left_out)
    for name, value in _headers(form, sql, catalog).items():
        response.headers[name] = value
    patch_cache_control(response, no_cache=True)
    return response


def _rows(request: HttpRequest) -> int:
    given = request.GET.get("limit", "")
    if not given:
        return ANSWER.rows
    if not re.fullmatch("[0-9]{1,9}", given) or not 0 < int(given) <= EXPORT.rows:
        raise Usage(f"limit={given[:20]} cannot be.", advice=f"Give a number from 1 to {EXPORT.rows:,}.")
    return int(given)


def _state(sql: str, catalog: Catalog, *more: str) -> str:
    """A digest of all that an answer depends on."""
    state = "\n".join((__version__, *more, catalog.version, sql))
    return hashlib.blake2b(state.encode(errors="replace"), digest_size=12).hexdigest()


def _made(request: HttpRequest, form: Form, sql: str, rows: int, catalog: Catalog, key: str) -> Written:  # noqa: PLR0913, PLR0917 - what an answer depends on
    limits = replace(EXPORT if rows > ANSWER.rows else replace(ANSWER, bytes=EXPORT.bytes), rows=rows)
    who = client(request)
    with turns.turn(who, sql) as cancel:

        def make() -> Written:
            about = published.about(sql) if form is Form.JSON else ()
            return written(partial(export, catalog, sql, form, limits=limits, cancel=cancel, who=who, about=about))

        return _written.of(key, make, cancel) if key else make()


def _sent(answer: Written, form: Form) -> HttpResponseBase:
    response = StreamingHttpResponse(answer.pieces(), content_type=MEDIA_TYPES[form])
    response.headers["Content-Length"] = str(answer.size)
    response.headers["Content-Disposition"] = f'inline; filename="answer.{form}"'
    response.headers["X-Rows"] = str(answer.told.rows)
    response.headers["X-Truncated"] = "true" if answer.told.truncated else "false"
    response.headers["X-Seconds"] = str(answer.told.seconds)
    return response


def _headers(form: Form, sql: str, catalog: Catalog) -> dict[str, str]:
    words = set(re.findall(r"\w+", sql.lower()))
    packages = [
        f'<{absolute(reverse("table-package", args=[one]))}>; rel="describedby"; type="application/json"'
        for one in catalog.tables
        if one in words
    ]
    query = urlencode({"q": sql})
    others = [
        f'<{reverse(f"sql.{each}")}?{query}>; rel="alternate"; type="{MEDIA_TYPES[each].partition(";")[0]}"'
        for each in Form
        if each != form
    ]
    page_link = f'<{reverse("sql")}?{query}>; rel="alternate"; type="text/html"'
    return {
        "Link": ", ".join([page_link, *others, *packages]),
        "Access-Control-Allow-Origin": "*",
        "Access-Control-Expose-Headers": "ETag, Link, X-Left-Out, X-Rows, X-Truncated, X-Seconds",
        "X-Robots-Tag": "noindex",
    }


# Another site that knew a visitor's question could call it off, and no more: there is nothing to guard with a token.
@csrf_exempt
@require_POST
def cancel(request: HttpRequest) -> HttpResponse:
    """Call off what this visitor asks with these words (`q`), and go back to the form with them in it."""
    sql = request.POST.get("q", "")
    turns.call_off(client(request), sql)
    return HttpResponseRedirect(f"{reverse('sql')}?{urlencode({'draft': sql})}", status=HTTPStatus.SEE_OTHER)
