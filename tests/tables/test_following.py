"""Rows of a live portal from build to build: nothing is read twice, and what is built is what the portal has now."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from commonground.errors import Unreachable
from commonground.protocols.base import RowPage
from commonground.protocols.socrata import rows as socrata
from commonground.standards.crosswalk import Crosswalk
from commonground.tables import following, spool
from commonground.tables.gather import Gathered, gather
from commonground.tables.models import Part, Reading
from commonground.words import Finding
from tests.tables.live import SOURCE, Rows, live
from tests.tables.made import build
from tests.tables.test_build import crosswalk, standard

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _home(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.HOME = tmp_path / "home"
    monkeypatch.setattr(socrata, "PAGE", 4)


@pytest.fixture
def rows() -> Rows:
    """Ten trees."""
    found = Rows()
    found.put("2026-01-01T00:00:00.000Z", *({"Id": f"{n:02}", "Kind": "Tree", "Note": "old"} for n in range(10)))
    return found


def walk(**more: Any) -> Crosswalk:
    told = crosswalk(
        fields={"id": "Id", "kind": {"column": "Kind", "codes": "kinds"}, "note": "Note"}, place=[], **more
    )
    (source,) = told.sources
    return told.model_copy(update={"sources": (source.model_copy(update={"dataset": SOURCE}),)})


def read(rows: Rows, *, whole: bool = False, used: Crosswalk | None = None) -> Gathered:
    with live(rows, whole=whole) as portals:
        found = gather(standard(), used or walk(), portals, None)
    assert found.failed == {}
    return found


def notes(found: Gathered, folder: Path, used: Crosswalk | None = None) -> dict[str, str]:
    """What is built: the note of each row by its key. None of the rows that came is lost."""
    made = build(folder, standard(), used or walk(), found.raws)
    result = made.result
    assert result.read == result.mapped + sum(result.withheld.values())
    return {row["id"]: row["note"] for row in made.rows("id, note")}


def present(rows: Rows) -> dict[str, str]:
    return {key: row["Note"] for key, (_, row) in rows.held.items()}


def test_what_is_unchanged_is_not_read_again(rows: Rows) -> None:
    first = read(rows)
    assert first.ways == {SOURCE: "whole"}
    pages = rows.pages()
    again = read(rows)
    assert again.ways == {SOURCE: "unchanged"}
    assert again.parts == first.parts
    assert rows.pages() == pages == 3
    assert read(rows, whole=True).ways == {SOURCE: "whole"}
    assert Part.objects.count() == 1, "the same rows are one part"


def test_only_what_changed_is_read(rows: Rows, tmp_path: Path) -> None:
    read(rows)
    rows.put("2026-01-02T00:00:00.000Z", {"Id": "03", "Kind": "Lamp", "Note": "new"}, {"Id": "10", "Note": "new"})
    found = read(rows)
    assert found.ways == {SOURCE: "changes"}
    assert [one.rows for one in found.parts] == [10, 2]
    assert [one.overwritten for one in found.raws] == [(4,), ()]
    assert notes(found, tmp_path) == present(rows)
    assert read(rows).ways == {SOURCE: "unchanged"}
    rows.put("2026-01-03T00:00:00.000Z", {"Id": "03", "Kind": "Tree", "Note": "newer"})
    third = read(rows)
    assert [one.rows for one in third.parts] == [10, 2, 1]
    assert notes(third, tmp_path / "third") == present(rows)


def test_a_row_that_goes_back_to_what_it_was_wins_again(rows: Rows, tmp_path: Path) -> None:
    read(rows)
    for day, note in enumerate(("a", "b", "a"), 2):
        rows.put(f"2026-01-0{day}T00:00:00.000Z", {"Id": "03", "Kind": "Tree", "Note": note})
        found = read(rows)
        assert found.ways == {SOURCE: "changes"}
    assert notes(found, tmp_path) == present(rows)


def test_a_changed_row_that_leaves_the_scope_leaves_the_table(rows: Rows, tmp_path: Path) -> None:
    used = walk(keep=[{"column": "Kind", "in": ["Tree"]}])
    read(rows, used=used)
    rows.put("2026-01-02T00:00:00.000Z", {"Id": "03", "Kind": "Lamp", "Note": "old"})
    found = read(rows, used=used)
    assert found.ways == {SOURCE: "changes"}
    assert "03" not in notes(found, tmp_path, used)


def test_deleted_rows_are_seen_by_their_number(rows: Rows, tmp_path: Path) -> None:
    read(rows)
    rows.drop("05")
    rows.put("2026-01-02T00:00:00.000Z", {"Id": "03", "Kind": "Tree", "Note": "new"})
    found = read(rows)
    assert found.ways == {SOURCE: "whole"}
    assert notes(found, tmp_path) == present(rows)
    assert Part.objects.count() == 2, "what came of the changes alone became no part"


def test_a_renamed_column_is_read_whole(rows: Rows) -> None:
    read(rows)
    rows.renamed["Note"] = "Remark"
    assert read(rows).ways == {SOURCE: "whole"}


def test_many_changes_are_read_whole(rows: Rows) -> None:
    read(rows)
    rows.put("2026-01-02T00:00:00.000Z", *({"Id": f"{n:02}", "Kind": "Tree", "Note": "new"} for n in range(6)))
    assert read(rows).ways == {SOURCE: "whole"}


def test_everything_is_read_anew_now_and_then(rows: Rows, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "MOST_PARTS", 2)
    read(rows)
    ways = []
    for day in range(2, 6):
        rows.put(f"2026-01-0{day}T00:00:00.000Z", {"Id": "03", "Kind": "Tree", "Note": f"day {day}"})
        ways.append(read(rows).ways[SOURCE])
    assert ways == ["changes", "changes", "whole", "changes"]
    Reading.objects.update(whole=timezone.now() - timedelta(days=15))
    assert read(rows).ways == {SOURCE: "whole"}


def test_without_a_key_of_columns_all_is_read(rows: Rows) -> None:
    used = walk()
    (vintage,) = used.vintages
    fields = {**vintage.fields, "id": vintage.fields["id"].model_validate({"constant": "one"})}
    used = used.model_copy(update={"vintages": (vintage.model_copy(update={"fields": fields}),)})
    read(rows, used=used)
    rows.put("2026-01-02T00:00:00.000Z", {"Id": "03", "Kind": "Tree", "Note": "new"})
    assert read(rows, used=used).ways == {SOURCE: "whole"}


def page(number: int, cursor: str) -> RowPage:
    import pyarrow as pa

    table = pa.table({"Id": [str(number)]})
    return RowPage(("Id",), table, 3, cursor, (Finding("rows-odd", str(number)),), number)


def test_a_broken_reading_is_gone_on_with(tmp_path: Path) -> None:
    asked: list[str] = []

    def broken(cursor: str) -> Any:
        asked.append(cursor)
        yield page(1, "after 1")
        yield page(2, "after 2")
        raise Unreachable("gone", url="")

    def mended(cursor: str) -> Any:
        asked.append(cursor)
        yield page(2, "after 2")
        yield page(3, "later")

    with pytest.raises(Unreachable):
        spool.read(tmp_path, "rows", broken)
    found = spool.read(tmp_path, "rows", mended)
    assert asked == ["", "after 1"]
    assert [row["Id"] for table in found.batches() for row in table.to_pylist()] == ["1", "2", "3"]
    assert [one.place for one in found.findings] == ["1", "2", "3"]
    assert (found.cursor, found.done) == ("later", True)
    other = spool.read(tmp_path, "rows", lambda _: iter([page(9, "")]))
    assert other.pages == 1, "it is another's while that one has it"
    found.close()
    assert spool.read(tmp_path, "rows", broken).pages == 3, "what was read to its end is not asked for again"


def test_a_spool_of_yesterday_goes(tmp_path: Path) -> None:
    import os

    spool.read(tmp_path, "rows", lambda _: iter([page(1, "")])).close()
    (folder,) = tmp_path.iterdir()
    spool.sweep(tmp_path)
    assert folder.is_dir()
    os.utime(folder, (0, 0))
    spool.sweep(tmp_path)
    assert not folder.exists()
