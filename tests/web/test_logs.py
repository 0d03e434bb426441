"""One line an event, in JSON or in text; a request's lines carry its id, and none tells who asked."""

from __future__ import annotations

import io
import json
import logging
import logging.config
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client

from commonground.site import logs
from commonground.site.requests import Requests

SECRET = "my-own-search"


@pytest.fixture
def told() -> Iterator[io.StringIO]:
    """What a service writes as JSON."""
    out = io.StringIO()
    yield from _configured("json", out)


def _configured(form: str, out: io.StringIO) -> Iterator[io.StringIO]:
    told = logs.configuration(form)
    told["handlers"]["console"]["stream"] = out
    root, before = logging.getLogger(), logging.getLogger().handlers[:]
    logging.config.dictConfig(told)
    yield out
    logging.config.dictConfig(logs.configuration(""))
    root.handlers[:] = before


def lines(out: io.StringIO, logger: str) -> list[dict[str, Any]]:
    every = [json.loads(line) for line in out.getvalue().splitlines()]
    return [one for one in every if one["logger"] == logger]


@pytest.mark.django_db
def test_a_request_is_one_line(told: io.StringIO) -> None:
    headers = {"referer": "https://elsewhere.example/", "user-agent": "Somebody/1.0"}
    client = Client(REMOTE_ADDR="203.0.113.77", headers=headers)
    response = client.get("/cities", {"q": SECRET})
    [line] = lines(told, "commonground.requests")
    assert line["request_id"] == response.headers["X-Request-ID"]
    assert (line["level"], line["method"], line["route"]) == ("INFO", "GET", "cities")
    assert (line["path"], line["status"]) == ("/cities", 200)
    assert line["milliseconds"] > 0
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+\+00:00", line["time"])
    for private in (SECRET, "203.0.113.77", "elsewhere", "Somebody"):
        assert private not in told.getvalue()


@pytest.mark.django_db
def test_an_error_can_be_found_by_its_request(told: io.StringIO) -> None:
    response = Client(headers={"x-request-id": "proxy-0123.abc"}).get("/no-such-page")
    assert response.headers["X-Request-ID"] == "proxy-0123.abc"
    assert response.status_code == 404
    [problem], [request] = lines(told, "commonground.pages"), lines(told, "commonground.requests")
    assert problem["request_id"] == request["request_id"] == "proxy-0123.abc"
    assert (request["route"], request["status"]) == ("none", 404)


@pytest.mark.parametrize("given", ["short", "x" * 65, "with space in it", 'quote"and{brace}', "-dash-first-"])
def test_odd_ids_are_replaced(given: str) -> None:
    request = HttpRequest()
    request.META["HTTP_X_REQUEST_ID"] = given
    answered = Requests(lambda _: HttpResponse())(request).headers["X-Request-ID"]
    assert re.fullmatch("[0-9a-f]{16}", answered)
    assert logs.REQUEST.get() == ""


def test_probes_are_not_told(told: io.StringIO) -> None:
    Client().get("/healthz")
    assert lines(told, "commonground.requests") == []


def test_a_mistake_is_told_with_its_trace_on_one_line(told: io.StringIO) -> None:
    try:
        1 // 0  # noqa: B018 - a mistake
    except ZeroDivisionError:
        logging.getLogger("commonground.work").exception("The run broke.", extra={"run": 7, "portal": "boston"})
    [line] = lines(told, "commonground.work")
    assert (line["run"], line["portal"], line["level"]) == (7, "boston", "ERROR")
    assert "ZeroDivisionError" in line["exc_info"]
    assert told.getvalue().count("\n") == 1


def test_text_is_for_people() -> None:
    for form, expected in (("text", "plain\nWarning: odd 1\n"), ("", "Warning: odd 1\n")):
        out = io.StringIO()
        for _ in _configured(form, out):
            log = logging.getLogger("commonground.anything")
            log.debug("unsaid")
            log.info("plain", extra={"run": 7})
            log.warning("odd %d", 1)
        assert out.getvalue() == expected
