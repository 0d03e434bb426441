"""What differs between versions: how much it matters, and which rows change."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from commonground.errors import Usage
from commonground.standards import files
from commonground.standards.differences import (
    Bump,
    comparison,
    differences,
    expected_bump,
    misnumbered,
    next_version,
)
from commonground.standards.model import Standard
from tests.standards.trees import field, trees, write

Change = Callable[[Any], object]


def codes(content: dict[str, Any]) -> list[dict[str, str]]:
    found: list[dict[str, str]] = content["codelists"]["species"]["codes"]
    return found


def versions(folder: Path, change: Change, version: str = "1.1.0") -> tuple[Standard, Standard]:
    content = {**trees(), "version": version}
    change(content)
    return files.standard("trees", "1.0.0", folder), files.read(write(folder, content))


CHANGES: list[tuple[str, Change, Bump, str]] = [
    ("field_added", lambda d: d["fields"].append(field("girth", "number")), Bump.MINOR, "Every row gains girth, empty"),
    (
        "field_added",
        lambda d: d["fields"].append(field("girth", constraints={"required": True})),
        Bump.MAJOR,
        "Every row needs girth: rows of cities that do not publish it are withheld.",
    ),
    ("field_removed", lambda d: d["fields"].pop(8), Bump.MAJOR, "Every row loses note."),
    (
        "field_renamed",
        lambda d: d["fields"][6].update(name="tall"),
        Bump.MAJOR,
        "Every row has the value of height under the name tall.",
    ),
    (
        "field_retyped",
        lambda d: d["fields"][7].update(type="string"),
        Bump.MAJOR,
        "Rows with a value of alive have it as string; where it is none, it becomes empty.",
    ),
    ("code_added", lambda d: codes(d).append({"code": "fir", "label": "Fir"}), Bump.MINOR, "become fir in species"),
    (
        "code_removed",
        lambda d: codes(d).pop(1),
        Bump.MAJOR,
        "Rows whose species is maple become unmapped, until crosswalks give them another code.",
    ),
    ("code_renamed", lambda d: codes(d)[1].update(code="acer"), Bump.MAJOR, "Rows whose species is maple become acer."),
    ("code_relabeled", lambda d: codes(d)[1].update(label="Maples"), Bump.PATCH, "No row changes."),
    ("code_redefined", lambda d: codes(d)[1].update(definition="Any."), Bump.PATCH, "No row changes."),
    ("code_regrouped", lambda d: codes(d)[1].update(group="A"), Bump.MINOR, "species is maple are counted under “A”"),
    ("required_tightened", lambda d: must(d, 2, required=True), Bump.MAJOR, "Rows without planted_on are withheld."),
    ("minimum_tightened", lambda d: must(d, 6, minimum=3), Bump.MAJOR, "Rows whose height is below 3 have it empty."),
    ("minimum_loosened", lambda d: must(d, 6, minimum=-5), Bump.MINOR, "Rows whose height is below 0 keep it"),
    ("maximum_tightened", lambda d: must(d, 6, maximum=9), Bump.MAJOR, "Rows whose height is above 9 have it empty."),
    ("maximum_loosened", lambda d: must(d, 6, maximum=999), Bump.MINOR, "Rows whose height is above 400 keep it"),
    ("pattern_tightened", lambda d: must(d, 8, pattern="a+"), Bump.MAJOR, "whose note does not match a+ have it empty"),
    (
        "ahead_loosened",
        lambda d: d["fields"][2].update(ahead=True),
        Bump.MINOR,
        "planted_on lies in the future keep it",
    ),
    (
        "earliest_tightened",
        lambda d: d["fields"][2].update(earliest=1980),
        Bump.MAJOR,
        "planted_on is before 1980 have",
    ),
    (
        "unit_changed",
        lambda d: d["fields"][6].update(unit="meters"),
        Bump.MAJOR,
        "Rows with a height have another number",
    ),
    (
        "free_text_changed",
        lambda d: d["fields"][8].pop("free_text"),
        Bump.MINOR,
        "note passes the privacy screen no longer",
    ),
    ("grain_changed", lambda d: d.update(grain="one forest"), Bump.MAJOR, "Every row is made anew"),
    ("time_changed", lambda d: d.update(time=""), Bump.MAJOR, "Charts by month count every row anew"),
    ("kind_changed", lambda d: d.update(kind=""), Bump.MINOR, "Charts by kind count every row anew"),
    ("order_loosened", lambda d: d.update(orders=[]), Bump.MINOR, "planted_on is after felled_at lose a finding"),
    ("columns_moved", lambda d: d["fields"].append(d["fields"].pop(8)), Bump.MINOR, "columns in another order"),
    ("title_changed", lambda d: d.update(title="All trees"), Bump.PATCH, "No row changes."),
    ("title_changed", lambda d: d["fields"][6].update(title="How tall"), Bump.PATCH, "No row changes."),
    ("based_on_changed", lambda d: d.update(based_on=[]), Bump.PATCH, "No row changes."),
    ("source_changed", lambda d: d["codelists"]["species"].update(source="Linné"), Bump.PATCH, "No row changes."),
    (
        "field_recoded",
        lambda d: (d["fields"][4].pop("codelist"), d["fields"][4].pop("raw"), d.update(codelists={}, kind="")),
        Bump.MAJOR,
        "Rows with a value of species have plain words there instead.",
    ),
]


def must(content: dict[str, Any], position: int, **bounds: Any) -> None:
    content["fields"][position].setdefault("constraints", {}).update(bounds)


@pytest.mark.parametrize(("what", "change", "bump", "rows"), CHANGES, ids=[f"{one[0]}-{one[2]}" for one in CHANGES])
def test_each_change_says_how_much_it_matters_and_which_rows_change(
    folder: Path, what: str, change: Change, bump: Bump, rows: str
) -> None:
    before, after = versions(folder, change)
    found = [one for one in differences(before, after) if one.what == what]
    assert len(found) == 1, differences(before, after)
    assert found[0].bump is bump
    assert rows in found[0].rows
    assert found[0].says.endswith(".") or found[0].says.endswith("”.")


@pytest.mark.parametrize(
    ("change", "opposite"),
    [
        (lambda d: must(d, 2, required=True), "required_loosened"),
        (lambda d: must(d, 8, pattern="a+"), "pattern_loosened"),
        (lambda d: d["fields"][2].update(ahead=True), "ahead_tightened"),
        (lambda d: d["fields"][2].update(earliest=1980), "earliest_loosened"),
        (lambda d: must(d, 6, minimum=3), "minimum_loosened"),
        (lambda d: d.update(orders=[]), "order_tightened"),
        (lambda d: codes(d).pop(1), "code_added"),
        (lambda d: d["fields"].pop(8), "field_added"),
    ],
)
def test_the_way_back_is_the_opposite(folder: Path, change: Change, opposite: str) -> None:
    before, after = versions(folder, change)
    assert [one.what for one in differences(after, before)] == [opposite]


def test_nothing_differs_between_equals(folder: Path) -> None:
    before, after = versions(folder, lambda _: None)
    assert differences(before, after) == ()
    assert expected_bump(()) is Bump.NONE
    assert misnumbered(before, after) == "1.1.0 says the same as 1.0.0. Do not publish it."


def test_a_renamed_field_is_the_same_in_key_orders_and_codes(folder: Path) -> None:
    def change(content: dict[str, Any]) -> None:
        content["fields"][1].update(name="id")
        content["fields"][2].update(name="planted")
        content["fields"][5].update(name="words")
        content["fields"][4].update(raw="words")
        content.update(primaryKey=["city", "id"], time="planted", orders=[["planted", "felled_at"]])

    before, after = versions(folder, change)
    assert [one.what for one in differences(before, after)] == ["field_renamed"] * 3


def test_a_list_of_another_name_is_the_same_list(folder: Path) -> None:
    def change(content: dict[str, Any]) -> None:
        content["codelists"] = {"kinds": content["codelists"]["species"]}
        content["fields"][4]["codelist"] = "kinds"

    before, after = versions(folder, change)
    assert differences(before, after) == ()


def test_the_key_may_be_wider(folder: Path) -> None:
    def change(content: dict[str, Any]) -> None:
        content["primaryKey"].append("species")
        must(content, 4, required=True)

    before, after = versions(folder, change)
    found = {one.what: one for one in differences(before, after)}
    assert set(found) == {"key_changed", "required_tightened"}
    assert found["key_changed"].says == "The key is city, tree_id and species; it was city and tree_id."


@pytest.mark.parametrize(
    ("change", "version", "said"),
    [
        (lambda d: d.update(title="T"), "1.0.1", ""),
        (lambda d: d.update(title="T"), "1.1.0", ""),
        (lambda d: d.update(title="T"), "2.0.0", ""),
        (lambda d: d.update(title="T"), "1.0.2", "Number it 1.0.1."),
        (lambda d: d["fields"].append(field("girth")), "1.0.1", "what changed since 1.0.0 is minor. Number it 1.1.0."),
        (lambda d: d["fields"].append(field("girth")), "1.1.0", ""),
        (lambda d: d["fields"].pop(8), "1.1.0", "what changed since 1.0.0 is major. Number it 2.0.0."),
        (lambda d: d["fields"].pop(8), "2.0.0", ""),
        (lambda d: d["fields"].pop(8), "2.1.0", "Number it 2.0.0."),
        (lambda d: d["fields"].pop(8), "0.9.0", "Number it 2.0.0."),
    ],
)
def test_the_number_fits_what_changed(folder: Path, change: Change, version: str, said: str) -> None:
    before, after = versions(folder, change, version)
    told = misnumbered(before, after)
    assert told.endswith(said) if said else not told


def test_the_whole_is_json_with_what_matters_most_first(folder: Path) -> None:
    def change(content: dict[str, Any]) -> None:
        content["title"] = "T"
        content["fields"].append(field("girth"))
        content["fields"].pop(8)

    form = json.loads(json.dumps(comparison(*versions(folder, change))))
    assert (form["standard"], form["before"], form["after"], form["expected"]) == ("trees", "1.0.0", "1.1.0", "major")
    assert [one["bump"] for one in form["changes"]] == ["major", "minor", "patch"]
    assert form["misnumbered"].endswith("Number it 2.0.0.")


def test_two_standards_are_not_compared(folder: Path) -> None:
    with pytest.raises(Usage, match="are two standards"):
        differences(files.standard("trees", folder=folder), files.standard("building_permits"))


def test_the_numbers_of_packaged_versions_fit() -> None:
    for name in files.standards():
        for older, newer in pairwise(files.versions(name)):
            assert not misnumbered(files.standard(name, older), files.standard(name, newer)), (name, newer)


def test_numbers_follow_each_other() -> None:
    assert [next_version("1.2.3", one) for one in Bump] == ["2.0.0", "1.3.0", "1.2.4", "1.2.3"]


def test_large_bounds_are_written_out() -> None:
    before = files.standard("building_permits")
    fields = tuple(replace(one, maximum=1_500_000.0) if one.name == "estimated_cost" else one for one in before.fields)
    (change,) = differences(before, replace(before, version="2.0.0", fields=fields))
    assert "1,500,000" in change.says
    assert change.rows == "Rows whose estimated_cost is above 1,500,000 have it empty."
