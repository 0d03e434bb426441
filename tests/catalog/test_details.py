"""What only a further request tells: a host that is down takes no column away, and is asked again."""

from __future__ import annotations

import pytest
from werkzeug.wrappers import Request, Response

from commonground.catalog import browse, index, tasks
from commonground.catalog.models import Dataset
from tests.catalog.faults import Answerer, as_json, client_for, codes, fixed, portal

pytestmark = pytest.mark.usefixtures("home")

ITEM = "0a" * 16
LAYER = {"type": "Table", "fields": [{"name": "KIND", "type": "esriFieldTypeString", "alias": "Kind of tree"}]}


def layer(request: Request) -> Response:
    return as_json({"count": 7} if "query" in request.path else LAYER)


def run(title: str, layers: Answerer) -> Dataset:
    way = {"accessURL": "https://layers.example/arcgis/rest/services/Trees/FeatureServer/3", "format": "Esri REST"}
    listed = {"identifier": f"https://bad.example/datasets/{ITEM}_3", "title": title, "distribution": [way]}
    with client_for({"bad": lambda _: as_json({"dataset": [listed]}), "layers": layers}) as client:
        (one,) = tasks.harvest(tasks.Order([portal("bad", "arcgis-hub")], client))
    assert one.outcome == "complete"
    index.follow()
    return browse.dataset(f"bad/{ITEM}_3")


def columns(row: Dataset) -> list[str]:
    return [column["name"] for column in browse.dataset_form(row)["columns"]]


def test_a_changed_record_whose_layer_is_down() -> None:
    assert columns(run("Trees", layer)) == ["Kind of tree"]
    row = run("City trees", fixed("no", 500))
    form = browse.dataset_form(row)
    assert (form["title"], form["columns_known"], columns(row)) == ("City trees", True, ["Kind of tree"])
    assert row.incomplete
    assert "host-unreachable" in codes()
    row = run("City trees", fixed("no", 500))
    assert row.incomplete
    row = run("City trees", layer)
    assert (row.incomplete, columns(row), row.revisions.count()) == (False, ["Kind of tree"], 2)
    assert "host-unreachable" not in codes()


def test_a_new_record_whose_layer_is_down() -> None:
    row = run("Trees", fixed("no", 500))
    assert (browse.dataset_form(row)["columns_known"], row.incomplete) == (False, True)
    row = run("Trees", layer)
    assert (columns(row), row.incomplete, row.revisions.count()) == (["Kind of tree"], False, 1)
