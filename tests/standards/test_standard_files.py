"""Standards are read whole, or refused with every fault, its place and its fix."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from commonground.errors import Misconfigured, NotFound
from commonground.overlap.subjects import packaged
from commonground.standards import files
from commonground.standards.model import FieldType, Order
from tests.standards.trees import field, trees, write

PRIVATE = re.compile(
    r"(^|_)(first|last|middle|given|family|full|owner|applicant|contractor|contact|complainant|victim|suspect|person|"
    r"inspector|officer|driver|requester|reporter)_name(_|$)|phone|e?mail(_|$)|birth|ssn|surname"
)
Change = Callable[[Any], object]


def test_a_standard_is_read_whole(folder: Path) -> None:
    found = files.standard("trees", folder=folder)
    assert (found.id, found.key, found.time, found.kind) == (
        "trees@1.0.0",
        ("city", "tree_id"),
        "planted_on",
        "species",
    )
    assert found.review_by == date(2027, 11, 30)
    assert found.orders == (Order("planted_on", "felled_at"),)
    height = found.named["height"]
    assert (height.type, height.unit, height.minimum, height.maximum) == (FieldType.NUMBER, "feet", 0, 400)
    assert (found.named["species"].raw, found.named["species"].based_on) == ("species_raw", "SPEC")
    assert found.named["note"].free_text
    assert found.codes("species") == {"oak": "Oak", "maple": "Maple", "pine": "Pine"}
    assert found.codelists["species"].codes[0].group == "Broad-leaved"
    assert found.has_place


def test_versions_are_ordered_by_number_and_the_newest_is_taken(folder: Path) -> None:
    for version in ("1.10.0", "1.9.0", "2.0.0"):
        write(folder, {**trees(), "version": version})
    assert files.versions("trees", folder) == ("1.0.0", "1.9.0", "1.10.0", "2.0.0")
    assert files.standard("Trees", folder=folder).version == "2.0.0"
    assert files.standard("trees", "1.9.0", folder).version == "1.9.0"
    assert files.standards(folder)["trees"].version == "2.0.0"


def test_another_folder_adds_and_replaces(folder: Path) -> None:
    packaged_names = set(files.standards())
    assert set(files.standards(folder)) == {*packaged_names, "trees"}
    path = files.PACKAGED / "library/building_permits/1.0.0.json"
    changed = {**json.loads(path.read_text(encoding="utf-8")), "title": "Permits of ours"}
    write(folder, changed)
    assert files.standard("building_permits", folder=folder).title == "Permits of ours"
    assert files.standard("building_permits").title != "Permits of ours"


def test_what_is_not_there_is_named_with_the_nearest(folder: Path) -> None:
    with pytest.raises(NotFound, match=r"No standard “tree”. Did you mean “trees”\?"):
        files.standard("tree", folder=folder)
    with pytest.raises(NotFound, match=r"No version 3.0.0 of trees. There is 1.0.0."):
        files.standard("trees", "3.0.0", folder)
    with pytest.raises(NotFound, match="No folder"):
        files.standards(folder / "nowhere")


WRONG: list[tuple[str, Change, str]] = [
    ("field twice", lambda d: d["fields"].append(field("note")), r"fields: “note” stands twice"),
    (
        "city not first",
        lambda d: d["fields"].insert(0, d["fields"].pop(1)),
        r"fields\[0\]: the first field is “tree_id”",
    ),
    ("key without city", lambda d: d.update(primaryKey=["tree_id", "city"]), r"primaryKey: begins with “tree_id”"),
    ("key of nothing", lambda d: d.update(primaryKey=["city", "tree"]), r"no field “tree”. Did you mean “tree_id”\?"),
    (
        "key not required",
        lambda d: d["fields"][1].pop("constraints"),
        r"fields.tree_id.constraints.required: .* Write true",
    ),
    ("time is no date", lambda d: d.update(time="felled_at"), r"time: “felled_at” is of type datetime"),
    (
        "time of nothing",
        lambda d: d.update(time="planted"),
        r"time: there is no field “planted”. Did you mean “planted_on”",
    ),
    ("kind is not coded", lambda d: d.update(kind="note"), r"kind: “note” has no codelist"),
    ("kind of nothing", lambda d: d.update(kind="kind"), r"kind: there is no field “kind”"),
    (
        "codelist of nothing",
        lambda d: d["fields"][4].update(codelist="specie"),
        r"fields.species.codelist: .*“species”",
    ),
    ("no twin", lambda d: d["fields"][4].pop("raw"), r"fields.species.raw is missing: .*“species_raw”"),
    ("twin of nothing", lambda d: d["fields"][4].update(raw="raw"), r"fields.species.raw: there is no field “raw”"),
    (
        "twin no string",
        lambda d: d["fields"][4].update(raw="height"),
        r"fields.species.raw: “height” is not a plain string",
    ),
    (
        "twin alone",
        lambda d: d["fields"][8].update(raw="species_raw"),
        r"fields.note.raw: only a coded field has a twin",
    ),
    (
        "coded number",
        lambda d: d["fields"][4].update(type="integer"),
        r"fields.species.type: .* Write string, not integer",
    ),
    (
        "unused list",
        lambda d: d["codelists"].update(more=d["codelists"]["species"]),
        r"codelists.more: no field uses it",
    ),
    (
        "code twice",
        lambda d: codes(d).append({"code": "OAK", "label": "Oak"}),
        r"codelists.species.codes: “oak” stands twice",
    ),
    (
        "unmapped listed",
        lambda d: codes(d).append({"code": "Unmapped", "label": "No"}),
        r"“unmapped” is legal in every list",
    ),
    ("spaces", lambda d: codes(d).append({"code": "fir ", "label": "Fir"}), r"“fir ” has spaces around it"),
    ("parent of nothing", lambda d: codes(d)[0].update(parent="map"), r"the parent “map” of “oak” .* mean “maple”"),
    ("circle", lambda d: (codes(d)[0].update(parent="pine"), codes(d)[2].update(parent="oak")), r"in a circle"),
    ("own parent", lambda d: codes(d)[0].update(parent="oak"), r"“oak” → “oak” are parents of each other in a circle"),
    ("bounds", lambda d: d["fields"][6]["constraints"].update(minimum=500), r"minimum 500 is above the maximum 400"),
    (
        "bounds of a text",
        lambda d: d["fields"][8].update(constraints={"minimum": 1}),
        r"fields.note.constraints.minimum",
    ),
    ("unit of a text", lambda d: d["fields"][8].update(unit="feet"), r"fields.note.unit: a string has no unit"),
    ("pattern", lambda d: d["fields"][8].update(constraints={"pattern": "(a"}), r"“\(a” is no regular expression"),
    ("pattern of a number", lambda d: d["fields"][6]["constraints"].update(pattern="a"), r"only a string has one"),
    ("free number", lambda d: d["fields"][6].update(free_text=True), r"fields.height.free_text"),
    ("ahead of a text", lambda d: d["fields"][8].update(ahead=True), r"fields.note.ahead: a string is no time"),
    (
        "earliest of a text",
        lambda d: d["fields"][8].update(earliest=1900),
        r"fields.note.earliest: a string is no time",
    ),
    (
        "order of nothing",
        lambda d: d.update(orders=[["planted", "felled_at"]]),
        r"orders\[0\]: there is no field “planted”",
    ),
    ("order of texts", lambda d: d.update(orders=[["note", "felled_at"]]), r"orders\[0\]: “note” is of type string"),
    (
        "orders in a circle",
        lambda d: d["orders"].append(["felled_at", "planted_on"]),
        r"orders: .* cannot all be one before",
    ),
    ("half a place", lambda d: d["fields"].pop(), r"there is “latitude” alone"),
    (
        "place of texts",
        lambda d: d["fields"][9].update(type="string", constraints={}),
        r"fields.latitude.type: degrees",
    ),
    (
        "place too far",
        lambda d: d["fields"][9]["constraints"].update(maximum=91),
        r"fields.latitude.constraints: degrees",
    ),
    ("another version", lambda d: d.update(version="1.0.1"), r"version: 1.0.1 in a file that is named 1.0.0.json"),
    ("another name", lambda d: d.update(name="shrubs"), r"name: “shrubs” in the folder trees"),
    (
        "version",
        lambda d: d.update(version="1.0"),
        r"version: '1.0' will not do .* Write the version as the file is named",
    ),
    ("date", lambda d: d.update(review_by="soon"), r"review_by: 'soon' will not do .* Write the date"),
    ("subject", lambda d: d.update(subject="Street trees"), r"subject: .* Write a slug of the register"),
    (
        "type",
        lambda d: d["fields"][8].update(type="text"),
        r"fields\[8\].type: 'text' will not do .* Write one of string, ",
    ),
    (
        "typing error",
        lambda d: d["fields"][8].update(constraint={}),
        r"fields\[8\].constraint is no key .* “constraints”",
    ),
    ("missing", lambda d: d.pop("grain"), r"grain is missing. Write what one row is, such as “one permit”"),
    ("nothings", lambda d: d.update(missingValues=["", "NA"]), r"missingValues is \[\"\"\]"),
    (
        "strictness",
        lambda d: d["fields"][1]["constraints"].update(required="yes"),
        r"constraints.required: 'yes' will not do",
    ),
]


def codes(content: dict[str, Any]) -> list[dict[str, str]]:
    found: list[dict[str, str]] = content["codelists"]["species"]["codes"]
    return found


@pytest.mark.parametrize(("change", "said"), [one[1:] for one in WRONG], ids=[one[0] for one in WRONG])
def test_what_is_wrong_is_told_with_its_fix(folder: Path, change: Change, said: str) -> None:
    content = trees()
    path = write(folder, content)
    change(content)
    path.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(Misconfigured) as refused:
        files.read(path)
    assert re.search(said, refused.value.message), refused.value.message
    assert all(line.startswith(f"{path}: ") for line in refused.value.message.splitlines())


def test_all_faults_are_told_at_once(folder: Path) -> None:
    path = write(folder, {**trees(), "time": "x", "kind": "y"})
    with pytest.raises(Misconfigured) as refused:
        files.read(path)
    assert len(refused.value.message.splitlines()) == 2


@pytest.mark.parametrize("text", ["{", "[]", '{"name": }', "[" * 100_000, "\ufeff{}"])
def test_what_is_no_json_object_is_refused(folder: Path, text: str) -> None:
    path = write(folder, trees())
    path.write_text(text, encoding="utf-8")
    with pytest.raises(Misconfigured, match=re.escape(str(path))):
        files.read(path)


def test_a_file_named_by_no_version_is_refused(folder: Path) -> None:
    write(folder, {**trees(), "version": "newest"})
    with pytest.raises(Misconfigured, match=r"“newest” is none. Name it by three numbers"):
        files.versions("trees", folder)


def test_a_code_under_a_parent_is_in_the_group_of_its_topmost_ancestor(folder: Path) -> None:
    content = trees()
    more = ({"code": "red", "label": "Red oak", "parent": "oak"}, {"code": "old", "label": "Old", "parent": "red"})
    codes(content).extend(more)
    found = files.read(write(folder, content)).codelists["species"].codes
    assert [one.group for one in found[-2:]] == ["Oak", "Oak"]


def test_every_packaged_version_is_read(recordings: Path) -> None:
    profile = json.loads((recordings / "schemas/frictionless/2.0/tableschema.json").read_text(encoding="utf-8"))
    for name in files.standards():
        for version in files.versions(name):
            content = json.loads((files.PACKAGED / "library" / name / f"{version}.json").read_text(encoding="utf-8"))
            jsonschema.validate(content, profile)


@pytest.mark.parametrize("name", sorted(files.standards()))
def test_a_packaged_standard_keeps_the_house_rules(name: str) -> None:
    found = files.standard(name)
    assert packaged().find(found.subject), f"{found.subject} is no subject of the register"
    assert 12 <= len(found.fields) <= 30
    assert not [one.name for one in found.fields if PRIVATE.search(one.name)], "a private person's"
