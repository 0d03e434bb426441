"""Charts and maps as files and frames: media types, ETags, who may frame what, formulas in CSV."""

from __future__ import annotations

import csv
import io
import xml.etree.ElementTree as ET

import pytest
from django.http import HttpResponse
from django.template import Context, Template
from django.test import Client, RequestFactory, override_settings

from commonground.errors import NotFound
from commonground.pages.charts import Chart, Series
from commonground.pages.pictures import as_file

SITE = override_settings(ROOT_URLCONF="tests.browser.figures_site")


@pytest.mark.parametrize(
    ("form", "media", "start"),
    [
        ("svg", "image/svg+xml; charset=utf-8", b"<svg xmlns"),
        ("png", "image/png", b"\x89PNG"),
        ("csv", "text/csv; charset=utf-8", b"Hour,Boston,Chicago"),
    ],
)
def test_a_chart_comes_as_a_file(client: Client, form: str, media: str, start: bytes) -> None:
    with SITE:
        answer = client.get(f"/figures/hours.{form}")
        assert answer.headers["Content-Type"] == media
        assert answer.content.startswith(start)
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        again = client.get(f"/figures/hours.{form}", headers={"If-None-Match": answer.headers["ETag"]})
        assert (again.status_code, again.content) == (304, b"")


def test_the_forms_of_a_chart_have_etags_of_their_own(client: Client) -> None:
    with SITE:
        assert len({client.get(f"/figures/hours.{form}").headers["ETag"] for form in ("svg", "png", "csv")}) == 3


def test_a_map_comes_as_places(client: Client) -> None:
    with SITE:
        rows = list(csv.reader(io.StringIO(client.get("/figures/map.csv").content.decode())))
        assert rows[0] == ["city", "longitude", "latitude"]
        assert len(rows) == 1 + 6 * 600
        ET.fromstring(client.get("/figures/map.svg").content)


def test_only_an_embed_may_be_framed_and_it_runs_no_scripts(client: Client) -> None:
    with SITE:
        page, frame = client.get("/figures/"), client.get("/figures/hours.embed")
    assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]
    assert page.headers["X-Frame-Options"] == "DENY"
    assert "frame-ancestors *" in frame.headers["Content-Security-Policy"]
    assert "script-src 'none'" in frame.headers["Content-Security-Policy"]
    assert "X-Frame-Options" not in frame.headers
    text = frame.content.decode()
    assert "<script" not in text
    for part in ("At what hour", "1,750 of 69,940 rows", "Source:", "The whole page"):
        assert part in text


def test_a_label_that_is_a_formula_is_told_as_text(rf: RequestFactory) -> None:
    chart = Chart("T", "", "Rows", "Kind", (Series("Boston", (("=cmd()", 1.0),)),), "")
    answer = as_file(rf.get("/x"), chart, "csv", name="x")
    assert isinstance(answer, HttpResponse)
    assert answer.content.decode().splitlines() == ["Kind,Boston", "'=cmd(),1.0"]
    with pytest.raises(NotFound, match="pdf"):
        as_file(rf.get("/x"), chart, "pdf", name="x")


def test_city_texts_cannot_break_out_of_a_figure() -> None:
    bad = '</svg><script>alert("x")</script>'
    chart = Chart(bad, bad, bad, bad, (Series(bad, ((bad, 1.0),)),), bad, bad, note=bad)
    text = Template("{% load figures %}{% chart chart %}").render(Context({"chart": chart}))
    assert "<script" not in text
