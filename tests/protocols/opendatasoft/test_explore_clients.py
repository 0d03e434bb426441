"""Other people's client against our Explore API: Opendatasoft's own, for JavaScript."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from commonground.words import Raw

REPOSITORY = Path(__file__).resolve().parents[3]
CLIENT = REPOSITORY / "node_modules" / "@opendatasoft" / "api-client"
ASK = """
const api = require("@opendatasoft/api-client");
const { all, date, dateTime, exactMatch, not, one, string, textSearch, textStartWith } = api;
const client = new api.ApiClient({ domain: process.argv[1] });
const catalog = api.fromCatalog();
const kind = (error) => ["NotFoundError", "UserError", "ServerError"].find((name) => error instanceof api[name]);
const told = (query) => client.get(query).catch((error) => ({
  kind: kind(error), status: error.response.status, ...error.details,
}));
const day = { year: 2015, month: 4, day: 10 };
const since = all(`modified >= ${date(day)}`, `modified < ${dateTime(new Date("2020-01-01T00:00:00Z"))}`);
const queries = {
  first: catalog.datasets().orderBy("dataset_id").limit(2),
  second: catalog.datasets().orderBy("dataset_id").limit(2).offset(2),
  words: catalog.datasets().where(all("has_records = true", textSearch("test-a", ["title"]))),
  start: catalog.datasets().where(all(textStartWith("test", ["title"]), not(exactMatch("title", "test-c")))),
  either: catalog.datasets().where(one(exactMatch("publisher", "test"), `theme in (${string("None")})`)),
  since: catalog.datasets().where(since).orderBy("-dataset_id").limit(100).lang("en").timezone("UTC"),
  refined: catalog.datasets().refine("theme:Environment").exclude("keyword:nothing"),
  one: catalog.dataset("test-b").itself(),
  exported: catalog.export("json").orderBy("dataset_id"),
  facets: catalog.facets().facet("theme"),
  none: catalog.dataset("no-such-dataset").itself(),
  wrong: catalog.datasets().limit(1000),
  unclear: catalog.datasets().where("("),
};
Promise.all(Object.values(queries).map(told)).then((answers) =>
  console.log(JSON.stringify(Object.fromEntries(Object.keys(queries).map((name, at) => [name, answers[at]])))));
"""


@pytest.fixture(scope="module")
def answers(serving: Any, recorded: list[Raw]) -> dict[str, Any]:
    """What the client was told, by the name of the question."""
    node = shutil.which("node", path=f"{REPOSITORY / '.venv/bin'}{os.pathsep}{os.environ['PATH']}")
    if node is None:
        pytest.skip("No Node on this machine, which the client needs.")
    assert CLIENT.is_dir(), "Fetch the client first: npm ci --ignore-scripts"
    with serving(recorded) as (address, _):
        done = subprocess.run(
            [node, "-e", ASK, address],
            cwd=REPOSITORY,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def names(answer: Any) -> list[str]:
    return [one["dataset_id"] for one in answer["results"]]


def test_pages(answers: dict[str, Any], recorded: list[Raw]) -> None:
    every = [one["dataset_id"] for one in recorded]
    assert (names(answers["first"]), names(answers["second"])) == (every[:2], every[2:4])
    assert answers["first"]["total_count"] == len(recorded)


def test_searches(answers: dict[str, Any]) -> None:
    assert names(answers["words"]) == names(answers["either"]) == ["test-a"]
    assert set(names(answers["start"])) == {
        "test-a",
        "test-attachments",
        "test-b",
        "test-shp-limit",
        "with-attachments",
    }
    assert names(answers["since"]) == ["test-empty", "test-c", "inspire", "empty"]
    assert names(answers["refined"]) == ["test-a"]


def test_one_and_all(answers: dict[str, Any], recorded: list[Raw]) -> None:
    assert answers["one"] == next(one for one in recorded if one["dataset_id"] == "test-b")
    assert answers["exported"] == recorded


def test_facets(answers: dict[str, Any]) -> None:
    (facet,) = answers["facets"]["facets"]
    counted = {one["value"]: one["count"] for one in facet["facets"]}
    assert counted["Environment"] == 1
    assert counted["Spatial planning, Town planning, Buildings, Equipment, Housing"] == 4


def test_errors_are_opendatasofts_own(answers: dict[str, Any]) -> None:
    assert (answers["none"]["kind"], answers["none"]["status"]) == ("NotFoundError", 404)
    assert (answers["wrong"]["kind"], answers["wrong"]["error_code"]) == ("UserError", "InvalidRESTParameterError")
    assert (answers["unclear"]["kind"], answers["unclear"]["error_code"]) == ("UserError", "ODSQLSyntaxError")
