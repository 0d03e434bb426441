"""How good the order is: the labelled queries over the recorded catalogs, against plain rankings."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from commonground.catalog.search import Index, Query, search
from tests.search import baselines, corpus

if TYPE_CHECKING:
    from collections.abc import Callable

FLOOR = 0.80
GRADES = {"exact": 3, "useful": 2, "related": 1}
Labelled = dict[str, dict[str, int]]


@pytest.fixture(scope="module")
def documents(recordings: Path) -> list[dict[str, Any]]:
    return corpus.documents(recordings / "portals")


@pytest.fixture(scope="module")
def index(documents: list[dict[str, Any]], tmp_path_factory: pytest.TempPathFactory) -> Index:
    found = Index(tmp_path_factory.mktemp("home") / "search")
    found.rebuild(documents, generation=1)
    return found


@pytest.fixture(scope="module")
def labelled() -> Labelled:
    given = tomllib.loads(Path(__file__).with_name("queries.toml").read_text("utf-8"))["query"]
    return {one["words"]: {id_: grade for name, grade in GRADES.items() for id_ in one.get(name, ())} for one in given}


def figure(ranking: Callable[[str], list[str]], labelled: Labelled) -> float:
    """The mean nDCG@10."""
    return sum(baselines.ndcg(ranking(words), labels) for words, labels in labelled.items()) / len(labelled)


def test_every_label_is_in_the_recordings(documents: list[dict[str, Any]], labelled: Labelled) -> None:
    held = {one["id"] for one in documents}
    assert len(labelled) >= 60
    assert {id_ for labels in labelled.values() for id_ in labels} <= held
    assert all(3 in labels.values() for labels in labelled.values())


def test_the_order_is_good(
    index: Index, documents: list[dict[str, Any]], labelled: Labelled, capsys: pytest.CaptureFixture[str]
) -> None:
    titles = baselines.bm25(documents, baselines.title_of)
    texts = baselines.bm25(documents, baselines.text_of)
    ours = figure(lambda words: [hit.id for hit in search(index, Query(words=words, limit=10)).hits], labelled)
    plain = figure(lambda words: titles(words, 10), labelled)
    full = figure(lambda words: texts(words, 10), labelled)
    with capsys.disabled():
        print(  # noqa: T201 - the figure is the point
            f"\nnDCG@10 over {len(labelled)} queries: search {ours:.3f}, BM25 on titles {plain:.3f}, on all text {full:.3f}"
        )
    assert ours >= FLOOR
    assert ours > plain + 0.1


def test_views_and_indicator_feeds_do_not_crowd_out_tables(index: Index, documents: list[dict[str, Any]]) -> None:
    """Seattle's performance portal has 905 feeds of two or three columns with the titles of everything."""
    kinds = {one["id"]: (one["portal"], one["kind"]) for one in documents}
    for words in ("building permits", "crime", "311 service requests", "traffic crashes", "public art"):
        best = [kinds[hit.id] for hit in search(index, Query(words=words, limit=5)).hits]
        assert all(portal != "seattle-performance" and kind not in {"chart", "filtered_view"} for portal, kind in best)


@pytest.mark.parametrize(
    ("words", "first"),
    [
        ("i98e-djp9", "san-francisco/i98e-djp9"),
        ("data.cityofchicago.org/ijzp-q8t2", "chicago/ijzp-q8t2"),
        ("boston building permits", "boston/df69c4f6-5546-592e-90cf-895d66ffa42c"),
        ("chicago crimes 2001 to present", "chicago/ijzp-q8t2"),
        ("LADBS inspections", "los-angeles/9w5z-rg2h"),
        ("seattle pet license", "seattle/jguv-t9rb"),
    ],
)
def test_known_items_come_first(index: Index, words: str, first: str) -> None:
    assert search(index, Query(words=words, limit=1)).hits[0].id == first


def test_to_narrow_a_search_never_makes_it_find_more(index: Index, labelled: Labelled) -> None:
    """What a facet counts is what its link finds, whether all words were asked for or only some."""
    for words in list(labelled)[::4]:
        whole = search(index, Query(words=words, limit=1))
        for count in whole.facets["city"][:3]:
            narrowed = search(index, Query(words=words, city=(count.value,), limit=1), facets=False)
            assert narrowed.total == count.count <= whole.total, (words, count)
