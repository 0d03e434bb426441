"""Datasets against datasets and against subjects: what counts, what adds up, and what odd records do."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonground import cities
from commonground.overlap import entries
from commonground.overlap.entries import Entry
from commonground.overlap.facets import Band, Grain, Part
from commonground.overlap.judging import evaluation, gold
from commonground.overlap.matching import scoring
from commonground.overlap.matching.embedder import SIZE, Vectors
from commonground.overlap.matching.lexical import Corpus, bag
from commonground.overlap.matching.matcher import Matcher
from commonground.overlap.matching.texts import Reading, place_names
from commonground.overlap.nature import grain
from commonground.overlap.subjects import Subject, packaged
from commonground.words import Column
from tests.search import corpus

PLACES: Final = place_names(cities.load().values())


def entry(key: str, title: str, description: str = "", columns: Sequence[str] | None = None) -> Entry:
    city = key.partition("/")[0]
    told = None if columns is None else tuple(Column(name, name) for name in columns)
    return Entry(key=key, city=city, portal=city, title=title, description=description, columns=told)


def matcher(*entries: Entry) -> Matcher:
    return Matcher(entries, [grain.guess(one) for one in entries], PLACES)


def explained(found: Matcher, a: int, b: int) -> list[Part]:
    """What adds up to the log-odds of b for a."""
    evidence = next(found.evidence([a]))[1]
    return found.explained(a, b, {name: float(values[0, b]) for name, values in evidence.items()})


PERMITS = ("permit_number", "issued_date", "work_type", "estimated_cost")
CITY = (
    entry("chicago/1", "Building Permits", "Permits issued by the Department of Buildings.", PERMITS),
    entry("chicago/2", "Crimes - 2001 to Present", "Reported incidents of crime.", ["case number", "iucr"]),
    entry("boston/1", "Approved Building Permits", "Permits to build.", ["permitnumber", "worktype", "issued_date"]),
    entry("boston/2", "Crime Incident Reports", "Incidents that officers reported.", ["incident_number", "offense"]),
    entry("seattle/1", "Public Toilets", "Where they are.", ["location"]),
)


# Texts


def test_cities_and_years_say_nothing() -> None:
    reading = Reading(PLACES)
    assert reading.terms("City of Chicago Building Permits 2019") == reading.terms("building permit")
    assert reading.terms("NYC NYPD Complaints FY2020 Q3") == reading.terms("police complaints")
    assert reading.terms("311 and 42 calls") == reading.terms("311 calls")
    assert reading.terms("BuildingPermits") == reading.terms("Building permits")


@given(st.text(max_size=200))
def test_any_text_can_be_read(text: str) -> None:
    terms = Reading(PLACES).terms(text)
    assert all(terms)
    assert Reading(PLACES).terms(text) == terms


def test_other_languages_are_read() -> None:
    reading = Reading()
    assert reading.terms("Permis de construire délivrés") == reading.terms("permis de construire delivres")
    assert len(reading.terms("建築許可 строительство")) == 2


# Words


@given(st.lists(st.lists(st.sampled_from("abcdefgh"), max_size=12), min_size=1, max_size=8))
def test_nothing_says_more_than_itself_and_shares_add_up(texts: list[list[str]]) -> None:
    corpus = Corpus.of([{word: text.count(word) for word in text} for text in texts])
    every = range(len(texts))
    said = corpus.said_of(every)
    assert np.isfinite(said).all()
    assert (said >= 0).all()
    for at in every:
        if texts[at]:
            assert said[at, at] == pytest.approx(1, abs=1e-4)
            whole = sum(corpus.shared(at, at).values())
            assert whole == pytest.approx(float(corpus.whole[at]), rel=1e-4)
    assert np.allclose(corpus.said_by(every), said.T, atol=1e-5)


def test_a_question_is_answered_fully_by_its_own_title() -> None:
    reading = Reading()
    corpus = Corpus.of([bag(reading.views(one)) for one in CITY])
    asked = corpus.asked(dict.fromkeys(reading.terms("public toilets"), 1))
    assert asked.argmax() == 4
    assert asked[4] > 0.8
    assert corpus.asked({"unheard": 1}).max() == 0
    assert corpus.asked({}).max() == 0


# Pairs


def test_like_finds_like_and_parts_add_up_to_the_score() -> None:
    found = matcher(*CITY)
    for a, b in ((0, 2), (1, 3), (2, 0), (0, 4)):
        parts = explained(found, a, b)
        assert sum(one.points for one in parts) == pytest.approx(float(found.pair_scores(a)[b]), abs=1e-3)
    assert found.pair_scores(0)[[1, 2, 3, 4]].argmax() == 1
    names = next(one for one in explained(found, 0, 2) if one.what == "names")
    assert set(names.detail) == {"building", "permits"}
    assert not any(one.what == "names" for one in explained(found, 0, 4))


def test_what_stands_nearer_is_held_against_a_pair() -> None:
    nearer = entry("boston/3", "Building Permits", "Permits issued by the Department of Buildings.", PERMITS)
    before, after = matcher(*CITY), matcher(*CITY, nearer)
    assert after.pair_scores(0)[2] < before.pair_scores(0)[2]
    told = {one.what: one for one in explained(after, 0, 2)}
    assert told["nearest"].points < 0
    assert told["nearest"].detail == ("boston",)


def test_members_of_other_cities_only_speak_for_a_dataset() -> None:
    found = matcher(*CITY)
    assert found.members([0])[2] > 0.3
    assert found.members([2])[2] == 0, "its own city says nothing"


# Subjects


def test_a_subject_finds_its_datasets_and_parts_add_up() -> None:
    found, subjects = matcher(*CITY), list(packaged().subjects.values())
    evidence = found.register(subjects)
    odds = found.subjects.log_odds(evidence)
    row = [one.slug for one in subjects].index("building-permits")
    assert set(np.argsort(-odds[row])[:2]) == {0, 2}
    told = found.why(subjects[row], 0, {name: float(values[row, 0]) for name, values in evidence.items()})
    assert sum(one.points for one in told) == pytest.approx(float(odds[row, 0]), abs=1e-3)


def test_a_subject_by_a_name_that_no_register_has() -> None:
    scores = matcher(*CITY).subject_scores("toilets for everybody")
    assert scores.argmax() == 4


def test_a_subject_without_words_finds_nothing() -> None:
    found = matcher(*CITY)
    score = scoring.score(found.subject_scores("??"))
    assert found.subjects.band(float(score.max())) is not Band.SURE


# Odd records


def test_odd_records_are_matched_like_others() -> None:
    odd = (
        entry("chicago/none", ""),
        entry("boston/one", "x"),
        entry("seattle/wide", "Survey", columns=[f"question {number}" for number in range(10_000)]),
        entry("chicago/long", "permit " * 5_000, "word " * 50_000),
        entry("boston/empty", "???", columns=[]),
        entry("seattle/other", "Permis de construire délivrés", "Les permis."),
    )
    found = matcher(*CITY, *odd)
    scores = np.vstack([block for _, block in found.scores(range(len(found.keys)))])
    assert np.isfinite(scores).all()
    assert np.isfinite(found.subjects.log_odds(found.register([Subject.named("permits")]))).all()


def test_one_title_in_five_hundred_datasets_ranks_all_alike() -> None:
    same = [entry(f"chicago/{number}", "Annual Report") for number in range(500)]
    found = matcher(*same, entry("boston/1", "Annual Report"), entry("boston/2", "Street Trees"))
    scores = found.pair_scores(500)[:500]
    assert np.ptp(scores) == pytest.approx(0, abs=1e-4)
    assert found.pair_scores(0)[500] > found.pair_scores(0)[501]


@pytest.mark.parametrize("count", [0, 1])
def test_with_nobody_to_compare_nothing_is_found(count: int) -> None:
    found = matcher(*CITY[:count])
    assert [len(some) for some, _ in found.scores(range(count))] == [1] * count
    assert found.subject_scores("permits").shape == (count,)


class Letters:
    """Stands for a model: counts letters."""

    name = "letters"

    def encode(self, texts: Sequence[str]) -> Vectors:
        found = np.zeros((len(texts), SIZE), np.float32)
        for row, text in enumerate(texts):
            for letter in text.lower():
                found[row, ord(letter) % SIZE] += 1
        return np.asarray(found / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-6), np.float32)


def test_meaning_is_one_more_part() -> None:
    found = Matcher(CITY, [grain.guess(one) for one in CITY], PLACES, Letters())
    parts = explained(found, 0, 2)
    assert sum(one.points for one in parts) == pytest.approx(float(found.pair_scores(0)[2]), abs=1e-3)
    assert any(one.what == "meaning" for one in parts)
    assert found.register([Subject.named("permits")])["meaning"].shape == (1, len(CITY))


# Weights


@pytest.mark.parametrize("task", ["pairs", "subjects"])
@pytest.mark.parametrize("meaning", [False, True])
def test_all_evidence_has_a_weight_and_none_speaks_against_its_sense(task: scoring.Task, *, meaning: bool) -> None:
    method = scoring.method(task, meaning=meaning)
    found = Matcher(CITY, [grain.guess(one) for one in CITY], PLACES, Letters() if meaning else None)
    evidence = next(found.evidence([0]))[1] if task == "pairs" else found.register([Subject.named("permits")])
    assert evidence.keys() <= method.weights.keys()
    assert all(weight >= 0 for name, weight in method.weights.items() if name != scoring.BASE)
    assert method.band(0.99) is Band.SURE
    assert method.band(0.001) is None
    assert method.name.startswith("meaning" if meaning else "plain")


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
def test_more_evidence_is_never_a_smaller_score(one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert 0 <= scoring.score(low) <= scoring.score(high) <= 1


def test_a_kind_of_rows_that_is_not_known_speaks_neither_for_nor_against() -> None:
    subject = Subject("permits", "Permits", "t", "Permits.", "one permit", Grain.RECORDS)
    found = matcher(entry("chicago/1", "Q"), entry("boston/1", "Permits by ZIP Code", columns=["zip", "count"]))
    assert found.about(subject)["grain"].tolist() == [0, -1]


# Against gold


@pytest.mark.slow
@pytest.mark.recordings
def test_gold_is_found_without_a_model(recordings: Path) -> None:
    """Above the best that textbook methods reach; bench/overlap.py has them beside ours."""
    every = [entries.of(one) for one in corpus.documents(recordings / "portals")]
    ground = evaluation.Ground(gold.read(recordings / "gold", cities.load()), [one.key for one in every])
    found = Matcher(every, [grain.guess(one) for one in every], PLACES)
    assert evaluation.datasets(ground, found.pair_scores)["map"].value >= 0.74
    joins = evaluation.hits(ground, lambda case: found.member_scores(case.members.tolist()))
    assert joins["hit_at_1"].value >= 0.84
    assert joins["hit_at_5"].value >= 0.95
