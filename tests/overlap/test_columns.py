"""Columns of two lists: which are the same, how sure, and why."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as given_that
from hypothesis import strategies as st

from commonground import cities
from commonground.errors import Misconfigured, NotFound
from commonground.overlap import entries
from commonground.overlap.columns.alignment import align, scored
from commonground.overlap.columns.following import following, standards
from commonground.overlap.columns.reasons import SENTENCES
from commonground.overlap.columns.weighing import weights
from commonground.overlap.facets import Band
from commonground.overlap.judging import assessment, gold
from commonground.words import Column, ColumnType
from tests.search import corpus

CHICAGO = [
    Column("ISSUE_DATE", "issue_date", ColumnType.DATETIME),
    Column("PERMIT#", "permit_", ColumnType.TEXT),
    Column("LATITUDE", "latitude", ColumnType.NUMBER),
    Column("REPORTED_COST", "reported_cost", ColumnType.NUMBER),
    Column("WARD", "ward", ColumnType.NUMBER),
    Column("SUBTOTAL_WAIVED", "subtotal_waived", ColumnType.NUMBER),
]
BOSTON = [
    Column("lat", "lat", ColumnType.NUMBER),
    Column("PermitNumber", "permitnumber", ColumnType.TEXT),
    Column("ISSUED_DATE", "issued_date", ColumnType.DATETIME),
    Column("DECLARED_VALUATION", "declared_valuation", ColumnType.NUMBER),
    Column("city_council_district", "city_council_district", ColumnType.TEXT),
    Column("OCCUPANCYTYPE", "occupancytype", ColumnType.TEXT),
]
KINDS = ("Date", "Code", "Name", "Ward")
SAME = {
    "ISSUE_DATE": "ISSUED_DATE",
    "PERMIT#": "PermitNumber",
    "LATITUDE": "lat",
    "REPORTED_COST": "DECLARED_VALUATION",
    "WARD": "city_council_district",
}
COLUMNS = st.lists(
    st.builds(
        Column,
        st.text(max_size=20) | st.sampled_from(["Date", "ZIP", "ward", "Name"]),
        st.text(max_size=8),
        st.sampled_from(ColumnType),
    ),
    max_size=8,
)


def named(*names: str) -> list[Column]:
    return [Column(one, one) for one in names]


def test_columns_are_paired_whatever_they_are_called() -> None:
    found = align(CHICAGO, BOSTON)
    assert {one.a.name: one.b.name for one in found.pairs} == SAME
    assert [one.name for one in found.left_a] == ["SUBTOTAL_WAIVED"]
    assert [one.name for one in found.left_b] == ["OCCUPANCYTYPE"]


def test_parts_add_up_to_the_score() -> None:
    for pair in align(CHICAGO, BOSTON).pairs:
        odds = sum(part.points for part in pair.parts)
        assert pair.score == pytest.approx(1 / (1 + np.exp(-odds)), abs=1e-5)


def test_reasons_can_be_argued_with() -> None:
    pairs = {one.a.name: one for one in align(CHICAGO, BOSTON).pairs}
    assert "Both say “permit”, “number”." in pairs["PERMIT#"].why
    assert "In other words, both speak of “council district”." in pairs["WARD"].why
    assert "Both have the type date." in pairs["ISSUE_DATE"].why
    assert all("%" not in sentence for pair in pairs.values() for sentence in pair.why)


def test_what_speaks_against_comes_last_and_says_but() -> None:
    found = scored(named("Offense Code", "Offense"), named("Offense Description"))
    why = found.pair(0, 0).why
    assert any(sentence.startswith("But one name speaks of a code") for sentence in why)
    against = [sentence.startswith("But") for sentence in why]
    assert against == sorted(against)


def test_every_piece_of_evidence_has_a_weight_and_a_sentence() -> None:
    for meaning in (False, True):
        assert weights(meaning=meaning).points.keys() - {"base"} <= SENTENCES.keys()
        assert scored(CHICAGO, BOSTON).evidence.keys() <= weights(meaning=meaning).points.keys()


def test_json_has_published_names() -> None:
    form = json.loads(json.dumps(align(CHICAGO, BOSTON).form()))
    assert set(form["pairs"][0]) >= {"a", "b", "score", "band", "why"}
    assert form["candidates"][0]["a"] == "ISSUE_DATE"
    assert form["candidates"][0]["b"] == "ISSUED_DATE"


def test_what_other_cities_confirmed_decides() -> None:
    ours, fields = named("Rpt Dist No"), named("police_beat", "case_number")
    assert not [one for one in align(ours, fields).pairs if one.band is Band.SURE]
    memory = {"police_beat": {"Reporting District"}, "case_number": {"DR_NO"}}
    (pair,) = align(ours, fields, memory=memory).pairs
    assert pair.b.name == "police_beat"
    assert any("Persons confirmed “Reporting District” of other cities" in sentence for sentence in pair.why)


def test_memory_works_in_both_directions() -> None:
    ours, theirs, memory = named("CAMIS"), named("facility_id"), {"CAMIS": {"Facility Identifier"}}
    bare, told = scored(ours, theirs).log_odds[0, 0], scored(ours, theirs, memory=memory).log_odds[0, 0]
    assert told > bare + 1
    assert scored(theirs, ours, memory=memory).log_odds[0, 0] == pytest.approx(told, abs=1e-4)


def test_persons_have_the_last_word() -> None:
    found = scored(CHICAGO, BOSTON)
    rejected = found.paired(never=[("ISSUE_DATE", "ISSUED_DATE")])
    assert "ISSUE_DATE" not in {one.a.name for one in rejected.pairs if one.b.name == "ISSUED_DATE"}
    assert ("ISSUE_DATE", "ISSUED_DATE") not in {(one.a.name, one.b.name) for one in rejected.candidates}
    confirmed = found.paired(always=[("SUBTOTAL_WAIVED", "OCCUPANCYTYPE")])
    assert {one.a.name: one.b.name for one in confirmed.pairs} == {**SAME, "SUBTOTAL_WAIVED": "OCCUPANCYTYPE"}


def test_one_of_two_that_fit_is_told_of_the_other() -> None:
    found = scored(named("Closed Date", "Closed Date Time Zone"), named("Closed Date"))
    assert [one.a.name for one in found.paired().pairs] == ["Closed Date"]
    assert any("fit each other better" in one for one in found.pair(1, 0).why)


def test_what_the_portal_computes_is_not_taken_for_the_citys() -> None:
    ours = [Column("Zip Codes", ":@computed_region_1"), Column("Incident Zip", "incident_zip")]
    (pair,) = align(ours, named("zip_code")).pairs
    assert pair.a.name == "Incident Zip"


def test_the_same_name_twice_is_paired_twice_at_most() -> None:
    found = align(named("Date", "Date", "Date"), named("Date", "Date"))
    assert len(found.pairs) == 2
    assert len({one.places for one in found.pairs}) == 2
    assert len(found.left_a) == 1


def test_a_column_called_name() -> None:
    assert align(named("name"), named("name")).pairs


@pytest.mark.parametrize(("a", "b"), [((), ()), (CHICAGO, ()), ((), BOSTON)])
def test_no_columns_are_no_pairs(a: Sequence[Column], b: Sequence[Column]) -> None:
    found = align(a, b, memory={"lat": {"y"}})
    assert not found.pairs
    assert (list(found.left_a), list(found.left_b)) == (list(a), list(b))


@given_that(max_examples=40)
@given(COLUMNS, COLUMNS)
def test_pairs_are_one_to_one_and_nothing_is_lost(a: list[Column], b: list[Column]) -> None:
    found = align(a, b)
    for side, given_, left in ((0, a, found.left_a), (1, b, found.left_b)):
        places = [one.places[side] for one in found.pairs]
        assert len(set(places)) == len(places)
        assert len(places) + len(left) == len(given_)
    assert all(0 <= one.score <= 1 for one in found.pairs)
    assert all(0 <= one.score <= 1 for one in found.candidates)


@given_that(max_examples=20)
@given(COLUMNS, COLUMNS)
def test_which_list_comes_first_does_not_matter(a: list[Column], b: list[Column]) -> None:
    assert scored(a, b).scores == pytest.approx(scored(b, a).scores.T, abs=1e-5)


def test_very_many_columns() -> None:
    many = named(*(f"Measure {number} {KINDS[number % 4]}" for number in range(10_000)))
    start = time.process_time()
    found = align(many, BOSTON)
    assert len(found.left_a) + len(found.pairs) == 10_000
    both = align(many, many)
    assert "columns were not compared" in both.note
    assert time.process_time() - start < 20


class Vectors:
    """A model that only knows one thing: which names are of cats."""

    def encode(self, texts: Sequence[str]) -> Any:
        return np.array([[1, 0] if one in {"kitten", "feline"} else [0, 1] for one in texts], np.float32)


def test_a_model_is_evidence_among_others() -> None:
    found = scored(named("Feline", "Dog"), named("Kitten", "Lamp"), embedder=Vectors())
    assert found.log_odds[0, 0] > found.log_odds[0, 1] + 1
    assert "A language model finds the names near in meaning." in found.pair(0, 0).why
    assert found.weights.method.startswith("meaning")


def test_a_standard_that_is_followed_comes_first(tmp_path: Path) -> None:
    schema = {"fields": [{"name": "permit_num", "type": "string", "constraints": {"required": True}}]}
    schema["fields"] += [{"name": one, "type": "string"} for one in ("issued_date", "reported_costs", "hold_date")]
    (tmp_path / "permits.schema.json").write_text(json.dumps(schema), encoding="utf-8")
    other = {"fields": [{"name": one, "type": "string", "level": "required"} for one in ("latitude", "grade", "score")]}
    (tmp_path / "scores.json").write_text(json.dumps(other), encoding="utf-8")
    (tmp_path / "notes.json").write_text('{"properties": []}', encoding="utf-8")
    first, second = following(CHICAGO, standards(tmp_path))
    assert (first.standard.slug, second.standard.slug) == ("permits", "scores")
    assert first.required_found == 1
    assert first.found == 0.75
    assert [one.name for one in first.missing] == ["hold_date"]
    assert second.required_found == pytest.approx(1 / 3)
    assert second.literal == pytest.approx(1 / 3)
    assert json.loads(json.dumps(second.form()))["missing_required"] == ["grade", "score"]


def test_required_fields_count_before_all_others(tmp_path: Path) -> None:
    def write(slug: str, required: Sequence[str], others: Sequence[str]) -> None:
        fields = [{"name": one, "constraints": {"required": True}} for one in required]
        (tmp_path / f"{slug}.json").write_text(json.dumps({"fields": [*fields, *({"name": one} for one in others)]}))

    write("general", ("latitude", "agency", "event_type"), ("issued_date", "reported_cost", "ward"))
    write("permits", ("permit_number", "issued_date"), ("inspector",))
    assert [one.standard.slug for one in following(CHICAGO, standards(tmp_path))] == ["permits", "general"]


def test_a_folder_of_standards_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        standards(tmp_path / "none")
    (tmp_path / "bad.json").write_text('{"fields": [{}]}', encoding="utf-8")
    with pytest.raises(Misconfigured, match=r"bad\.json"):
        standards(tmp_path)


@pytest.mark.whole
def test_known_standards_of_the_recordings(recordings: Path) -> None:
    known = standards(recordings / "standards/table-schemas")
    assert len(known) == 7
    wanted = ("san-francisco/pyih-qa8i",)
    (one,) = (one for one in map(entries.of, corpus.documents(recordings / "portals")) if one.key in wanted)
    best = following(one.columns or (), known)[0]
    assert best.standard.slug == "lives-flattened-2016"
    assert best.required_found == 1
    assert best.literal >= 0.75


@pytest.mark.whole
def test_columns_of_the_gold(recordings: Path) -> None:
    truth = gold.read(recordings / "gold", cities.load())
    wanted = {one.key for one in truth.fields}
    held = [one for one in map(entries.of, corpus.documents(recordings / "portals")) if one.key in wanted]
    told = assessment.of_columns(truth, held)
    assert told["columns"]["mrr"]["value"] >= 0.85
    assert told["fields"]["top_1"]["value"] >= 0.85
    assert told["fields"]["top_3"]["value"] >= 0.95
    assert told["bands_of_columns"]["sure"]["right"] >= 0.75


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("Permit Number", "Job Number"),
        ("PERMIT#", "Job Filing Number"),
        ("permit_number", "Application Number"),
        ("CONTACT_1_ZIPCODE", "Zip"),
        ("Owner State", "State"),
        ("Applicant City", "City"),
        ("Owner's Street Address", "Street Address"),
        ("Tax Block", "Block"),
    ],
)
def test_what_names_mix_up_is_weak_at_most(ours: str, theirs: str) -> None:
    for pair in align(named(ours), named(theirs)).pairs:
        assert pair.band is Band.WEAK
        assert sum(part.points for part in pair.parts) == pytest.approx(np.log(pair.score / (1 - pair.score)), abs=1e-4)
    assert scored(named(ours), named(ours)).pair(0, 0).band is Band.SURE


def test_what_keeps_two_apart_is_said() -> None:
    (pair,) = align(named("Permit Number"), named("Job Number")).pairs
    assert "But one is of the permit, the other of the job: weak at most." in pair.why


def test_a_block_beside_a_lot_is_a_tax_block() -> None:
    street, tax = named("Block", "Date"), named("Block", "Lot")
    assert scored(street, tax).pair(0, 0).band is Band.WEAK
    assert scored(tax, tax).pair(0, 0).band is Band.SURE


def test_descriptions_that_agree_outweigh_other_words_for_a_number() -> None:
    said = "Number that the department assigns when work is approved"
    ours, theirs = (Column(name, name, description=said) for name in ("Permit Number", "Job Number"))
    assert scored([ours], [theirs]).pair(0, 0).band is Band.SURE


def test_memory_outweighs_what_names_mix_up() -> None:
    memory = {"permit_num": {"Job Number"}}
    (pair,) = align(named("Job No"), named("permit_num"), memory=memory).pairs
    assert pair.band is not Band.WEAK
