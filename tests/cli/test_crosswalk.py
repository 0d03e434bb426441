"""`commonground crosswalk` through a real process: a draft from columns and values, and what trying one tells."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from commonground.cities import cities
from commonground.tables.drafting.reading import read
from tests.cli.conftest import Run, environment, runner

DATASET = "seattle/76t5-zqzr"
KEEP = """
import django; django.setup()
import pyarrow as pa
from commonground.tables import raw, store
columns = {
    "Permit Number": [f"P-{n}" for n in range(400)],
    "Status Current": [("Permit Issued", "Issued", "Left in the sun")[n % 3] for n in range(400)],
    "Issued Date": [f"03/{n % 28 + 1:02}/2024" for n in range(400)],
    "Est Project Cost": [f"${n + 1:,}.50" for n in range(400)],
    "Zip Code": [f"9810{n % 9}-1234" for n in range(400)],
    "Latitude": [f"47.6{n:04}" for n in range(400)],
    "Longitude": [f"-122.3{n:04}" for n in range(400)],
    "Applicant Name": ["Ann Lee"] * 400,
}
table = pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()})
written = raw.write(store.parts_folder("DATASET"), list(columns), iter([table]))
store.keep("DATASET", "permits.csv", written)
""".replace("DATASET", DATASET)


@pytest.fixture(scope="module")
def stocked(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """On a home where rows of one dataset were read."""
    home = tmp_path_factory.mktemp("stocked")
    run = runner(home)
    assert run("status", "--json").code == 0
    settings = {**environment(home), "DJANGO_SETTINGS_MODULE": "commonground.site.settings"}
    subprocess.run([sys.executable, "-c", KEEP], env=settings, check=True, timeout=60)
    return run


def test_a_draft_loads_and_is_tried(stocked: Run, tmp_path: Path) -> None:
    file = tmp_path / "seattle.toml"
    told = stocked("crosswalk", "suggest", DATASET, "--standard", "building_permits", "--output", file, "--json")
    assert told.code == 0, told.err
    form = told.json
    assert form["open"] == []
    used = {one["field"]: one for one in form["lines"] if one["used"]}
    assert used["permit_id"]["column"] == "Permit Number"
    assert used["issued_on"]["expression"] == '{ column = "Issued Date", formats = ["%m/%d/%Y"] }'
    assert used["estimated_cost"]["expression"] == '{ column = "Est Project Cost", as = "money" }'
    assert used["postal_code"]["expression"].startswith("{ match = ")
    assert form["personal"] == ["Applicant Name"]
    codes = {one["value"]: one["code"] for one in form["codes"]["status"]}
    assert codes == {"Permit Issued": "permit_issued", "Issued": "permit_issued", "Left in the sun": ""}
    text = file.read_text(encoding="utf-8")
    assert text == form["text"]
    assert "# sure, " in text
    found = read(text, cities()).crosswalk
    assert found is not None
    assert found.place[0].latitude == "Latitude"
    tried = stocked("crosswalk", "try", file, "--rows", "3", "--json").json
    assert (tried["read"], tried["mapped"], len(tried["rows"])) == (400, 400, 3)
    lost = {one["field"]: one["lost"] for one in tried["fields"]}
    assert (lost["issued_on"], lost["status"]) == (0, 133)
    assert tried["unmapped"]["status"] == {"Left in the sun": 133}
    row = {one["field"]: one for one in tried["rows"][0]["fields"]}
    assert row["estimated_cost"]["raw"] == {"Est Project Cost": f"${row['estimated_cost']['value']:,.2f}"}


def test_an_answer_for_people(stocked: Run, tmp_path: Path) -> None:
    told = stocked("crosswalk", "suggest", DATASET, "--standard", "building_permits")
    assert told.out.startswith(f"# A draft of how {DATASET} becomes rows of building_permits@1.0.0")
    (left,) = [one for one in told.err.splitlines() if "have none" in one]
    assert "completed_on" in left
    assert "Next: commonground crosswalk try FILE\n" in told.err
    file = tmp_path / "draft.toml"
    file.write_text(told.out, encoding="utf-8")
    people = stocked("crosswalk", "try", file, "--rows", "1")
    assert people.code == 0
    assert "400 rows read: 400 mapped, 0 withheld." in people.err
    assert "permit_id\t400\t0\t0.0%" in people.out
    assert stocked("crosswalk", "suggest", DATASET, "--standard", "building_permits", "--output", file).code == 2


def test_rows_of_no_vintage_come_with_a_way_out(stocked: Run, tmp_path: Path) -> None:
    text = stocked("crosswalk", "suggest", DATASET, "--standard", "building_permits").out
    file = tmp_path / "draft.toml"
    when = next(one for one in text.splitlines() if one.startswith("when = "))
    file.write_text(text.replace(when, 'when = ["Permit Nr"]'), encoding="utf-8")
    told = stocked("crosswalk", "try", file)
    assert "withheld, no_vintage (In columns that are not known): 400" in told.err
    assert "has no column “Permit Nr”, by which the vintage" in told.err
    assert "no_vintage: name in `when` columns that these rows have" in told.err


def test_an_older_reading_of_the_same_file_counts_no_more(tmp_path: Path) -> None:
    home = tmp_path / "home"
    again = runner(home)
    assert again("status", "--json").code == 0
    settings = {**environment(home), "DJANGO_SETTINGS_MODULE": "commonground.site.settings"}
    for script in (KEEP, KEEP.replace("400", "300")):
        subprocess.run([sys.executable, "-c", script], env=settings, check=True, timeout=60)
    file = tmp_path / "seattle.toml"
    drafted = again("crosswalk", "suggest", DATASET, "--standard", "building_permits", "--output", file)
    assert drafted.code == 0, drafted.err
    assert again("crosswalk", "try", file, "--json").json["raw"] == 300


def test_what_is_wrong_is_told_by_line(stocked: Run, tmp_path: Path) -> None:
    text = stocked("crosswalk", "suggest", DATASET, "--standard", "building_permits").out
    file = tmp_path / "draft.toml"
    file.write_text(text.replace("permit_id =", "permit_no ="), encoding="utf-8")
    told = stocked("crosswalk", "try", file)
    line = 1 + text.splitlines().index(next(one for one in text.splitlines() if one.startswith("permit_id")))
    assert told.code == 5
    assert f"{file}:{line}: fields.permit_no: building_permits@1.0.0 has no field “permit_no”" in told.err


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("try", "nowhere.toml"), 3, "There is no file nowhere.toml."),
        (("try", "building_permits/gotham"), 3, "No crosswalk from gotham"),
        (("suggest", "gotham/x", "--standard", "building_permits"), 3, "no city has a portal “gotham”"),
        (("suggest", "seattle/none-here", "--standard", "building_permits"), 3, "columns of seattle/none-here are not"),
        (("suggest", DATASET, "--standard", "spells"), 3, "No standard “spells”"),
    ],
)
def test_what_cannot_be(stocked: Run, arguments: tuple[str, ...], code: int, said: str) -> None:
    told = stocked("crosswalk", *arguments)
    assert told.code == code
    assert said in told.err


@pytest.mark.whole
def test_real_rows_of_a_recording(run: Run, recordings: Path) -> None:
    told = run("crosswalk", "try", "building_permits/chicago", "--rows", "2", "--replay", recordings, "--json")
    assert told.code == 0, told.err
    form = told.json
    assert form["read"] == form["mapped"] + form["withheld"] == 32_918
    assert len(form["rows"]) == 2
    assert run("sql", "show tables", "--json").json["rows"] == []
