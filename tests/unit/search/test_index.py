"""The index on disk: rebuilt aside, changed, noticed by other readers, locked against other writers."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from commonground.catalog import forms
from commonground.catalog.search import Index, Query, schema, search
from commonground.catalog.search import index as index_module
from commonground.errors import IndexBroken, Usage
from tests.unit.search.documents import DOCUMENTS, make

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def found(index: Index, words: str) -> set[str]:
    return {hit.id for hit in search(index, Query(words=words), facets=False).hits}


def test_without_an_index_search_says_what_to_do(tmp_path: Path) -> None:
    empty = Index(tmp_path / "none")
    assert empty.generation is None
    with pytest.raises(IndexBroken, match="commonground index"):
        search(empty, Query())
    with pytest.raises(IndexBroken, match="no search index"):
        empty.apply([], [], generation=1)


def test_changes_are_applied_by_document(index: Index) -> None:
    changed = make("chicago/ydr8-5enu", "Demolition Orders")
    added = make("chicago/new-0001", "Lighthouses")
    assert index.apply([changed, added], ["chicago/97t6-zrhs", "chicago/unknown"], generation=2) == 2
    assert index.generation == index.snapshot().generation == 2
    assert found(index, "demolition") == {"chicago/ydr8-5enu"}
    assert found(index, "lighthouses") == {"chicago/new-0001"}
    assert "chicago/ydr8-5enu" not in found(index, "building permits")
    assert "chicago/97t6-zrhs" not in index.ids()
    assert len(index.ids()) == len(DOCUMENTS)
    assert search(index, Query(city=("chicago",))).total == sum(one["city"] == "chicago" for one in DOCUMENTS)


def test_applying_twice_is_applying_once(index: Index) -> None:
    for _ in range(2):
        index.apply([DOCUMENTS[0], make("chicago/new-0001", "Lighthouses")], [], generation=2)
    assert len(index.ids()) == len(DOCUMENTS) + 1


def test_fingerprints_are_those_of_the_forms(index: Index) -> None:
    assert index.fingerprints() == {one["id"]: forms.digest(one) for one in DOCUMENTS}
    changed = make("chicago/ydr8-5enu", "Building Permits", description="New.")
    index.apply([changed], [], generation=2)
    assert index.fingerprints()["chicago/ydr8-5enu"] == forms.digest(changed)


def test_other_readers_notice(index: Index) -> None:
    reader = Index(index.folder)
    assert reader.snapshot().generation == 1
    assert not reader.reload_if_changed()
    index.apply([make("chicago/new-0001", "Lighthouses")], [], generation=2)
    assert found(reader, "lighthouses") == {"chicago/new-0001"}
    index.rebuild(DOCUMENTS[:3], generation=3)
    assert reader.snapshot().generation == 3
    assert len(reader.ids()) == 3


def test_looking_for_a_change_costs_next_to_nothing(shared: Index) -> None:
    shared.reload_if_changed()
    start = time.process_time()
    for _ in range(1_000):
        shared.reload_if_changed()
    assert time.process_time() - start < 1


def test_a_snapshot_outlives_what_follows(index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index_module, "_GRACE", 0.0)
    held = index.snapshot()
    index.rebuild(DOCUMENTS[:1], generation=2)
    index.rebuild(DOCUMENTS[:2], generation=3)
    assert held.searcher.num_docs == len(DOCUMENTS)
    assert held.searcher.doc_freq("title", "permit") == 6


def test_replaced_indexes_are_swept_away(index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index_module, "_GRACE", 0.0)
    (index.folder / "0123456789ab-99").mkdir()
    index.rebuild(DOCUMENTS, generation=2)
    index.apply([], [], generation=3)
    assert [path.name for path in index.folder.iterdir() if path.is_dir()] == [f"{schema.signature()}-2"]


def test_a_broken_off_rebuild_changes_nothing(index: Index) -> None:
    def documents() -> Iterator[dict[str, Any]]:
        yield DOCUMENTS[0]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        index.rebuild(documents(), generation=2)
    with pytest.raises(KeyboardInterrupt):
        index.apply(documents(), ["chicago/ijzp-q8t2"], generation=2)
    assert index.generation == 1
    assert len(Index(index.folder).ids()) == len(DOCUMENTS)
    index.apply([], [], generation=2)
    assert index.generation == 2


def test_an_index_of_another_schema_is_none(index: Index) -> None:
    (index.folder / "current").write_text(json.dumps({"folder": "0123456789ab-1", "generation": 7}))
    reader = Index(index.folder)
    assert reader.generation is None
    with pytest.raises(IndexBroken, match="another version"):
        reader.apply([], [], generation=8)
    reader.rebuild(DOCUMENTS, generation=8)
    assert reader.snapshot().generation == 8


@pytest.mark.parametrize("content", ["", "{", "[]", '{"folder": "x"}', '{"folder": "x", "generation": "y"}'])
def test_a_damaged_pointer_is_told(index: Index, content: str) -> None:
    (index.folder / "current").write_text(content)
    reader = Index(index.folder)
    with pytest.raises(IndexBroken, match="cannot be read"):
        reader.snapshot()
    assert reader.generation is None
    reader.rebuild(DOCUMENTS, generation=2)
    assert reader.snapshot().generation == 2


def test_a_damaged_index_is_told(index: Index) -> None:
    folder = next(path for path in index.folder.iterdir() if path.is_dir())
    (folder / "meta.json").write_text("{")
    with pytest.raises(IndexBroken, match="cannot be opened"):
        Index(index.folder).snapshot()


HOLDER = """
import sys, time
from pathlib import Path
from commonground.catalog.search import Index
with Index(Path(sys.argv[1]))._writing():
    print("held", flush=True)
    time.sleep(60)
"""


def test_one_writer_at_a_time(index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index_module, "PATIENCE", 0.1)
    with subprocess.Popen([sys.executable, "-c", HOLDER, str(index.folder)], stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(Usage, match="Another process"):
            index.apply([], [], generation=2)
        other.kill()
    index.apply([], [], generation=2)  # the system lets go of a dead process's lock
    assert index.generation == 2


def test_odd_documents_are_kept(tmp_path: Path) -> None:
    index = Index(tmp_path)
    odd = {
        **make("chicago/odd", "Odd \ud800 \x00 title" + "x" * 70_000, columns=None, updated=None),
        "publisher": None,
        "keywords": None,
        "themes": ["", 7, "A\tB"],
        "license": None,
        "distributions": [None, {"format": None}],
        "description": "word " * 100_000,
        "modified": {"at": "no date", "text": ""},
    }
    index.rebuild([odd, {}], generation=1)
    assert search(index, Query(words="odd")).hits[0].id == "chicago/odd"
    assert search(index, Query(theme=("A B",))).total == 1
