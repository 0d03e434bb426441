"""Records that hold what nobody expects: each through HTTP into the database and out on the pages' forms."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from django.test import Client as Browser

from commonground.catalog import browse, forms
from commonground.catalog.models import Dataset, Revision
from commonground.catalog.search import Query
from tests.catalog.faults import Answerer, as_json, codes, discovery, findings, harvest, record

pytestmark = pytest.mark.usefixtures("home")

ATTACK = (
    "<script>alert(1)</script><img src=x onerror=alert(1)><a href=\"javascript:alert(1)\" onclick='x()'>t</a>"
    "<svg onload=alert(1)></svg><iframe src=//evil.example></iframe><style>*{}</style>"
)
ODD = "a\x00b\ud800c\x1b[31m\u202etext"
DANGEROUS = re.compile(r"<script|<img|<svg|<iframe|<style|<[^>]*\son\w+\s*=|<[^>]*javascript:", re.IGNORECASE)


def poisoned(value: Any, poison: str) -> Any:
    """The value with the poison at the end of each of its texts."""
    if isinstance(value, str):
        return f"{value}{poison}"
    if isinstance(value, dict):
        return {key: poisoned(one, poison) for key, one in value.items()}
    if isinstance(value, list):
        return [poisoned(one, poison) for one in value]
    return value


def texts(value: Any) -> Iterator[str]:
    """All texts in some JSON, keys too."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, one in value.items():
            yield key
            yield from texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from texts(one)


def recorded(folder: Path, protocol: str) -> dict[str, Any]:
    """A real record, with all its fields."""
    path = {
        "socrata": "portals/chicago/data.cityofchicago.org/2022-07-23.socrata.jsonl.gz",
        "ckan": "portals/boston/data.boston.gov/2017-08-01.ckan.jsonl.gz",
        "arcgis-hub": "portals/washington_dc/opendata.dc.gov/2020-11-18.arcgis-hub.json.gz",
        "dcat-us": "portals/chicago/data.cityofchicago.org/2020-07-22.dcat-us.json.gz",
    }[protocol]
    with gzip.open(folder / path) as file:
        found = json.load(file)["dataset"][3] if path.endswith(".json.gz") else json.loads(file.readlines()[3])
    assert isinstance(found, dict)
    return found


def listing(protocol: str, raw: Any) -> Answerer:
    """A portal of that protocol that lists one record."""
    if protocol == "socrata":
        return discovery([raw])
    if protocol == "ckan":
        return lambda _: as_json({"success": True, "result": {"count": 1, "results": [raw]}})
    return lambda _: as_json({"dataset": [raw]})


@pytest.mark.parametrize("protocol", ["socrata", "ckan", "arcgis-hub", "dcat-us"])
@pytest.mark.parametrize("poison", [ATTACK, ODD], ids=["attack", "odd"])
def test_a_poison_in_every_text(protocol: str, poison: str, recordings: Path) -> None:
    raw = poisoned(recorded(recordings, protocol), poison)
    if protocol == "socrata":
        raw["metadata"]["domain"] = "bad.example"
    if protocol == "ckan":
        raw["id"] = "one"
    if protocol == "arcgis-hub":
        raw["identifier"] = "https://hub.arcgis.com/datasets/" + "ab" * 16 + "_0"
    form = harvest(listing(protocol, raw), protocol=protocol)
    assert (form["outcome"], form["held"]) == ("complete", 1), form
    assert "record-unusable" not in codes()
    row = Dataset.objects.select_related("revision").get(portal="bad")
    assert row.revision
    # The parser of data.json streams writes a question mark for a lone surrogate.
    assert row.revision.raw in (raw, json.loads(json.dumps(raw).replace("\\ud800", "?")))
    assert row.revision.normal == forms.load(row.revision.form)
    kept = list(texts(row.revision.form))
    assert not [one for one in kept if re.search("[\x00-\x08\x0b-\x1f\ud800-\udfff\u202e]", one)]
    assert not DANGEROUS.search(row.revision.form["description_html"])
    assert not [one for one in kept if "javascript:" in one.lower() and one.lower().startswith("javascript")]
    if poison is ODD:
        odd = [one for one in findings() if one["code"] == "odd-characters"]
        assert odd
        assert {one["id"] for one in odd} == {row.key}
        assert all(one["place"] and "\ufffd" in one["sample"] for one in odd)
        assert harvest(listing(protocol, raw), protocol=protocol)["unchanged"] == 1
    page = Browser().get(browse.path(row))
    assert page.status_code == 200
    shown = re.sub(r"<script[^>]*(?:src=\"/static|type=\"application/ld\+json\")[^>]*>", "", page.content.decode())
    assert not re.search(r"<script|<img src=x|<svg onload|<iframe|<[^>]*\sonerror=|href=\"javascript", shown)


@pytest.mark.parametrize(
    "given",
    [
        "a/b/c",
        "a//b",
        "https://data.example.gov/api/views/abcd-1234",
        'it\'s "quoted" & <b>bold</b>',
        "percent%2Fslash%20",
        "question?mark#hash",
        "ends.json",
        "ends.csv",
        "../../etc/passwd",
        "..",
        ".",
        "/leading",
        "trailing/",
        "日本語 ümlaut",
        "back\\slash",
        "semi;colon=1",
        "plus+and space",
        "tab\tand\nline",
        "  spaces  ",
        "-dash",
        "'; DROP TABLE catalog_dataset; --",
        "{braces} %s %d",
        "x" * 5000,
        "nul\x00byte",
        "lone\ud800surrogate",
    ],
)
def test_an_odd_id_has_a_page(given: str) -> None:
    form = harvest(discovery([record(given, "Oddly named")]))
    assert (form["outcome"], form["held"]) == ("complete", 1)
    row = Dataset.objects.get(portal="bad")
    assert len(row.native_id) <= 300
    if row.native_id != given:
        [finding] = [one for one in findings() if one["code"] == "id-changed"]
        assert finding["id"] == row.key
    assert browse.dataset(row.key).pk == row.pk
    found = browse.search_form(Query.read([("q", "oddly named")])[0])
    assert found["results"][0]["id"] == row.key
    path = browse.path(row)
    assert "/../" not in unquote(path).replace("%", "")
    answer = Browser().get(path)
    assert answer.status_code == 200, path
    assert "Oddly named" in answer.content.decode()
    twin = Browser().get(f"{path}.json")
    assert twin.status_code == 200
    assert twin.json()["id"] == row.key
    assert harvest(discovery([record(given, "Oddly named")]))["unchanged"] == 1


@pytest.mark.parametrize("given", ["", "   ", "\x00", "\n", None, 7, [], {}])
def test_an_id_that_is_none(given: Any) -> None:
    form = harvest(discovery([record("bad-0001"), record(given, "Nameless")]))
    assert (form["seen"], form["held"], form["outcome"]) == (2, 1, "complete")
    [finding] = findings()
    assert finding["code"] == "no-id"
    assert "Nameless" in finding["detail"]


@pytest.mark.parametrize(
    "date",
    ["0000-01-01", "0000-00-00T00:00:00Z", "9999-12-31T23:59:59Z", "10000-01-01", "soon", -1e300, 10**30, 7, True],
)
@pytest.mark.parametrize("protocol", ["socrata", "ckan", "dcat-us"])
def test_dates_out_of_this_world(date: Any, protocol: str) -> None:
    raw: dict[str, Any] = {
        "socrata": record("bad-0001", "Dated", data_updated_at=date, metadata_updated_at=date, createdAt=date),
        "ckan": {"id": "bad-0001", "title": "Dated", "metadata_modified": date, "metadata_created": date},
        "dcat-us": {
            "identifier": "bad-0001",
            "title": "Dated",
            "modified": date,
            "issued": date,
            "temporal": f"{date}/{date}",
        },
    }[protocol]
    form = harvest(listing(protocol, raw), protocol=protocol)
    assert (form["outcome"], form["held"]) == ("complete", 1)
    row = Dataset.objects.get(portal="bad")
    assert row.updated is None or 1600 < row.updated.year < 2200
    assert row.updated or {"date-out-of-range", "date-unreadable", "wrong-type"} & set(codes())
    assert Browser().get(f"{browse.path(row)}.json").status_code == 200
    assert Browser().get("/search.json?order=updated").status_code == 200


def test_thirty_megabytes_of_description() -> None:
    huge = record("bad-0001", "Huge", description="<p>word & more</p>" * 1_700_000)
    form = harvest(discovery([huge, record("bad-0002")]))
    assert (form["outcome"], form["held"]) == ("complete", 2)
    [finding] = findings()
    assert (finding["code"], finding["id"], finding["place"]) == (
        "text-too-long",
        "bad/bad-0001",
        "resource.description",
    )
    row = browse.dataset("bad/bad-0001")
    assert row.revision
    assert len(row.revision.form["description_html"]) < 200_000
    assert row.revision.raw == huge
    assert len(row.revision.packed) < 1_000_000
    assert harvest(discovery([huge, record("bad-0002")]))["unchanged"] == 2


def test_a_megabyte_in_every_other_text() -> None:
    long = "long words " * 100_000
    raw = poisoned(record("bad-0001", "Long"), long)
    raw["resource"]["id"] = "bad-0001"
    form = harvest(discovery([raw]))
    assert (form["outcome"], form["held"]) == ("complete", 1)
    row = browse.dataset("bad/bad-0001")
    assert row.revision
    assert row.revision.raw == raw
    assert Browser().get(browse.path(row)).status_code == 200


def nested(depth: int) -> Any:
    value: Any = "deep"
    for _ in range(depth):
        value = {"in": [value]}
    return value


@pytest.mark.parametrize("protocol", ["socrata", "ckan", "arcgis-hub", "dcat-us"])
@pytest.mark.parametrize("depth", [50, 130, 300, 500])
def test_a_record_nested_deep(protocol: str, depth: int) -> None:
    """As deep as the parser takes it; one such record costs itself at most, and says so."""
    odd = {
        "id": "odd-0001",
        "identifier": "odd-0001",
        "title": "Odd",
        **record("odd-0001", "Odd"),
        "deep": nested(depth),
    }
    good = {"id": "bad-0001", "identifier": "bad-0001", "title": "Good", **record("bad-0001", "Good")}
    answers: dict[str, Any] = {
        "socrata": {"results": [odd, good], "resultSetSize": 2},
        "ckan": {"success": True, "result": {"count": 2, "results": [odd, good]}},
    }
    form = harvest(lambda _: as_json(answers.get(protocol, {"dataset": [odd, good]})), protocol=protocol)
    if form["outcome"] == "complete":
        assert form["held"] == 2
        kept = browse.revision(browse.dataset("bad/odd-0001")).raw
        assert kept["deep"] == odd["deep"]
    else:
        assert "bad.example" in form["error"]


def test_every_field_of_another_type(recordings: Path) -> None:
    """Each field of a real record in turn is a number, a list, an object, null: the record is always kept."""
    whole = recorded(recordings, "socrata")
    whole["metadata"]["domain"] = "bad.example"
    odd: list[Any] = []
    oddities: tuple[Any, ...] = (7, ["x", None, {}], {"a": [1]}, None, True, "text", -1e308)
    for part in ("resource", "classification", "metadata", None):
        for name in whole[part] if part else whole:
            for value in oddities:
                one = json.loads(json.dumps(whole))
                (one[part] if part else one)[name] = value
                if isinstance(one["resource"], dict) and name != "id":
                    one["resource"]["id"] = f"odd-{len(odd):04}"
                odd.append(one)
    form = harvest(discovery(odd))
    unusable = [one for one in findings() if one["code"] == "record-unusable"]
    assert not unusable, unusable[:3]
    no_id = sum(one["code"] == "no-id" for one in findings())
    assert form["held"] + no_id >= len(odd) - 10
    assert Revision.objects.filter(dataset__portal="bad").count() == form["held"]
