"""Portals that do not keep their word about rows: told, survived, and read on from where it broke."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from werkzeug.wrappers import Request, Response

from commonground.errors import Disagrees, PortalError, Refused, Unreachable, Unreadable
from commonground.protocols.arcgis_hub import features, windows
from commonground.protocols.base import RowPage
from commonground.protocols.ckan import rows as ckan_rows
from commonground.protocols.registry import row_reader, server
from commonground.protocols.rows.reading import read_rows
from commonground.protocols.rows.recorded import RowFile
from commonground.protocols.socrata import rows as socrata_rows
from tests.protocols.rows.given import DIALECTS, as_csv, asking, between, codes, file, holdings, portal, together

COUNT = 25
PAGED = ("socrata", "ckan", "arcgis-hub")
Change = Callable[[Request, Response], Response]


@pytest.fixture(autouse=True)
def short_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages of ten rows, so that 25 make three."""
    monkeypatch.setattr(socrata_rows, "PAGE", 10)
    monkeypatch.setattr(ckan_rows, "PAGE", 10)
    monkeypatch.setattr(windows, "MOST", 10)
    monkeypatch.setattr(features, "MOST", 10)


@pytest.fixture
def source(tmp_path: Path) -> RowFile:
    """25 rows with object ids."""
    return file(
        tmp_path / "some.csv", as_csv(("OBJECTID", "word"), [(str(at), f"w{at}") for at in range(1, COUNT + 1)])
    )


def read(protocol: str, source: RowFile, change: Change, after: str = "", **manners: Any) -> list[RowPage]:
    """The pages of a portal whose answers are changed."""
    with asking(between(server(protocol)(holdings(protocol, source)), change), **manners) as client:
        return list(read_rows(portal(protocol, rows="pages"), DIALECTS[protocol][0], client, after))


def asks_rows(request: Request) -> bool:
    """Whether rows are asked for, and no count or description."""
    asked = request.args
    return bool(
        asked.get("$limit")
        or asked.get("limit", "0") not in {"0", ""}
        or asked.get("resultRecordCount")
        or "exports" in request.path
    )


def edited(response: Response, edit: Callable[[Any], Any]) -> Response:
    """The answer with its JSON edited."""
    told = json.dumps(edit(json.loads(response.get_data()))).encode()
    changed = Response(told, content_type=response.content_type)
    for name in ("X-SODA2-Fields",):
        if name in response.headers:
            changed.headers[name] = response.headers[name]
    return changed


def rows_of(answer: Any) -> list[Any]:
    """Where an answer has its rows."""
    found: list[Any] = (
        answer if isinstance(answer, list) else answer.get("features", answer.get("result", {}).get("records"))
    )
    return found


@pytest.mark.parametrize("protocol", PAGED)
def test_pages_say_where_to_go_on(protocol: str, source: RowFile) -> None:
    pages = read(protocol, source, lambda _, response: response)
    assert [one.rows.num_rows for one in pages] == [10, 10, 5]
    assert [one.came for one in pages] == [10, 20, 25]
    for number, page in enumerate(pages[:-1], 1):
        rest = read(protocol, source, lambda _, response: response, page.cursor)
        assert together(rest).equals(together(pages[number:]))
        assert rest[-1].came == COUNT
        assert codes(rest) == []


@pytest.mark.parametrize("protocol", PAGED)
def test_a_portal_that_fails_once_is_asked_again_from_there(protocol: str, source: RowFile) -> None:
    asked = []

    def third_fails(request: Request, response: Response) -> Response:
        asked.append(1) if asks_rows(request) else None
        return Response("down", 500) if asks_rows(request) and len(asked) == 2 else response

    pages = read(protocol, source, third_fails)
    assert together(pages)["word"].to_pylist() == [f"w{at}" for at in range(1, COUNT + 1)]
    assert codes(pages) == []


@pytest.mark.parametrize("protocol", PAGED)
def test_a_portal_that_stays_down_gives_what_came_and_a_cursor(protocol: str, source: RowFile) -> None:
    asked = []

    def second_fails(request: Request, response: Response) -> Response:
        asked.append(1) if asks_rows(request) else None
        return Response("down", 500) if asks_rows(request) and len(asked) > 1 else response

    came: list[RowPage] = []
    with (
        asking(between(server(protocol)(holdings(protocol, source)), second_fails)) as client,
        pytest.raises(Unreachable, match="500"),
    ):
        came.extend(read_rows(portal(protocol, rows="pages"), DIALECTS[protocol][0], client))
    assert [one.came for one in came] == [10]
    rest = read(protocol, source, lambda _, response: response, came[0].cursor)
    assert together([*came, *rest])["OBJECTID"].to_pylist() == [str(at) for at in range(1, COUNT + 1)]


@pytest.mark.parametrize(
    ("protocol", "declared", "code"), [(p, n, c) for p in PAGED for n, c in ((26, "rows-short"), (24, "rows-surplus"))]
)
def test_a_total_that_lies_is_told(protocol: str, declared: int, code: str, source: RowFile) -> None:
    def lie(request: Request, response: Response) -> Response:
        if "count(*)" in request.args.get("$select", ""):
            return edited(response, lambda _: [{"told": str(declared)}])
        if request.args.get("returnCountOnly"):
            return edited(response, lambda _: {"count": declared})
        if "datastore_search" in request.path:
            return edited(response, lambda told: {**told, "result": {**told["result"], "total": declared}})
        return response

    pages = read(protocol, source, lie)
    assert together(pages).num_rows == COUNT
    assert codes(pages) == [code]
    (found,) = pages[-1].findings
    assert (found.sample, found.detail, found.native_id) == ("25", str(declared), DIALECTS[protocol][0])


@pytest.mark.parametrize("protocol", PAGED)
def test_a_page_that_comes_short_does_not_end_the_reading(protocol: str, source: RowFile) -> None:
    def short(request: Request, response: Response) -> Response:
        if not asks_rows(request):
            return response

        def cut(told: Any) -> Any:
            del rows_of(told)[7:]
            return told

        return edited(response, cut)

    pages = read(protocol, source, short)
    assert together(pages)["OBJECTID"].to_pylist() == [str(at) for at in range(1, COUNT + 1)]
    assert codes(pages) == []


@pytest.mark.parametrize("protocol", PAGED)
def test_a_portal_that_gives_one_page_for_ever_is_left(protocol: str, source: RowFile) -> None:
    first: list[bytes] = []

    def same(request: Request, response: Response) -> Response:
        if not asks_rows(request):
            return response
        first.append(response.get_data())
        return Response(first[0], content_type=response.content_type)

    pages = read(protocol, source, same)
    assert together(pages).num_rows == 10
    assert codes(pages) == ["rows-repeated", "rows-short"]
    assert len(first) == 2


@pytest.mark.parametrize("protocol", [*PAGED, "opendatasoft"])
def test_a_page_for_people_instead_of_rows(protocol: str, source: RowFile) -> None:
    def html(request: Request, response: Response) -> Response:
        page = Response("<!DOCTYPE html><title>We are back soon</title>", content_type="text/html")
        return page if asks_rows(request) else response

    with pytest.raises(Unreadable, match="HTML"):
        read(protocol, source, html)


@pytest.mark.parametrize("protocol", PAGED)
def test_rows_that_are_no_objects_are_told(protocol: str, source: RowFile) -> None:
    def spoiled(request: Request, response: Response) -> Response:
        if not asks_rows(request):
            return response

        def spoil(told: Any) -> Any:
            rows_of(told)[1:2] = ["odd"] if len(rows_of(told)) == 10 else rows_of(told)[1:2]
            return told

        return edited(response, spoil)

    pages = read(protocol, source, spoiled)
    assert together(pages).num_rows == COUNT - 2
    assert sorted(codes(pages)) == ["record-unusable", "record-unusable", "rows-short"]


@pytest.mark.parametrize("protocol", DIALECTS)
def test_a_dataset_that_is_not_there(protocol: str, source: RowFile) -> None:
    wsgi = server(protocol)(holdings(protocol, source))
    with asking(wsgi) as client, pytest.raises(PortalError) as caught:
        list(read_rows(portal(protocol), "none-such", client))
    assert isinstance(caught.value, (Refused, Disagrees))


def test_an_error_of_a_layer_comes_with_status_200(source: RowFile) -> None:
    def error(request: Request, response: Response) -> Response:
        told = {"error": {"code": 400, "message": "Cannot perform query.", "details": ["Invalid URL"]}}
        return edited(response, lambda _: told) if asks_rows(request) else response

    with pytest.raises(Disagrees, match=r"400 Cannot perform query\. Invalid URL"):
        read("arcgis-hub", source, error)


def test_a_hub_without_its_layer_gives_its_file(source: RowFile) -> None:
    def gone(request: Request, response: Response) -> Response:
        return Response("no", 404) if "FeatureServer" in request.path else response

    (page,) = read("arcgis-hub", source, gone)
    assert page.rows.equals(source.table())
    assert [one.code for one in page.findings] == ["rows-by-file"]


@pytest.mark.parametrize("cut", [3, 100])
def test_a_layer_that_keeps_no_order_is_read_by_its_ids(cut: int, source: RowFile) -> None:
    """As servers before 10.1: nothing is told of orders and limits, and an answer may be cut short."""
    asked: list[str] = []

    def old(request: Request, response: Response) -> Response:
        if request.path.endswith("FeatureServer/3"):
            return edited(
                response, lambda told: {key: told[key] for key in ("name", "type", "fields", "objectIdField")}
            )
        if (
            "query" in request.path
            and not request.args.get("returnCountOnly")
            and not request.args.get("returnIdsOnly")
        ):
            asked.append(request.args["where"])
            return edited(response, lambda told: {**told, "features": told["features"][:cut]})
        return response

    pages = read("arcgis-hub", source, old)
    assert together(pages)["word"].to_pylist() == [f"w{at}" for at in range(1, COUNT + 1)]
    assert codes(pages) == []
    assert asked[0] == "OBJECTID>=1 AND OBJECTID<=10"
    assert len(asked) == 3 if cut == 100 else len(asked) > 3
    rest = read("arcgis-hub", source, old, pages[0].cursor)
    assert together([pages[0], *rest]).equals(together(pages))


@pytest.mark.parametrize("way", ["404", "html", "down", "empty", "no-zip"])
def test_without_the_whole_file_socrata_is_read_by_pages(way: str, source: RowFile) -> None:
    def no_file(request: Request, response: Response) -> Response:
        if not request.path.endswith("rows.csv"):
            return response
        ways = {"404": Response("", 404), "html": Response("<html>"), "down": Response("", 500)}
        return {**ways, "empty": Response(""), "no-zip": Response(b"PK\3\4 cut off")}[way]

    with asking(between(server("socrata")(holdings("socrata", source)), no_file)) as client:
        pages = list(read_rows(portal("socrata"), DIALECTS["socrata"][0], client))
    assert together(pages).equals(source.table())
    assert codes(pages) == ["rows-by-pages"]


def test_only_what_changed_since(tmp_path: Path) -> None:
    old = file(tmp_path / "old.csv", as_csv(("a",), [("1",)]), dated="2024-05-06")
    new = file(tmp_path / "new.csv", as_csv(("a",), [("1",), ("2",)]), dated="2024-05-07")
    reader = row_reader("socrata")
    native_id = DIALECTS["socrata"][0]
    for options in ({}, {"rows": "pages"}):
        with asking(server("socrata")(holdings("socrata", old))) as client:
            (page,) = reader.rows(portal("socrata", **options), native_id, client)
            again = list(read_rows(portal("socrata"), native_id, client, page.cursor))
            assert [(one.rows.num_rows, one.declared, one.findings) for one in again] == [(0, 0, ())]
            assert again[-1].cursor == page.cursor
        with asking(server("socrata")(holdings("socrata", new))) as client:
            (later,) = read_rows(portal("socrata"), native_id, client, page.cursor)
            assert (later.rows["a"].to_pylist(), later.declared) == (["1", "2"], 2)


@pytest.mark.parametrize("protocol", ["socrata", "ckan", "arcgis-hub", "opendatasoft"])
def test_counts(protocol: str, source: RowFile) -> None:
    with asking(server(protocol)(holdings(protocol, source))) as client:
        assert row_reader(protocol).count(portal(protocol), DIALECTS[protocol][0], client) == COUNT


def test_layers_without_object_ids_are_paged(tmp_path: Path) -> None:
    rows = [("1", "a"), ("1", "b"), ("2", "c")] * 9
    source = file(tmp_path / "some.csv", as_csv(("OBJECTID", "word"), rows))
    pages = read("arcgis-hub", source, lambda _, response: response)
    assert [one.rows.num_rows for one in pages] == [10, 10, 7]
    assert together(pages).equals(source.table())
