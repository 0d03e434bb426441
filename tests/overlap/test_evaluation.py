"""Measures against cases counted by hand, and what must hold of any scores."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from commonground import cities
from commonground.errors import Misconfigured, NotFound
from commonground.overlap.judging import column_evaluation, evaluation, gold
from commonground.overlap.judging.evaluation import Case, Ground, Scores
from commonground.overlap.judging.gold import NEAR, SAME, ColumnPair, FieldLabel, Gold, Label

POOL = {
    "a/1": "athens",
    "a/2": "athens",
    "b/1": "berlin",
    "b/2": "berlin",
    "b/3": "berlin",
    "c/1": "cairo",
    "c/2": "cairo",
}
KEYS = [*POOL, "a/unlabeled"]
LABELS = (
    Label("permits", "athens", "a/1", SAME),
    Label("permits", "berlin", "b/1", SAME),
    Label("permits", "berlin", "b/2", NEAR),
    Label("permits", "cairo", "c/1", SAME),
    Label("trees", "athens", "a/2", SAME),
    Label("trees", "berlin", "b/3", SAME),
    Label("alone", "cairo", "c/2", SAME),
)
GOLD = Gold(POOL, LABELS, (), ())
scores_of_keys = hnp.arrays(np.float64, len(KEYS), elements=st.one_of(st.floats(-5, 5), st.just(np.nan)))


@pytest.fixture
def ground() -> Ground:
    return Ground(GOLD, KEYS)


def by_key(ground: Ground, **scores: float) -> Scores:
    """Scores by the key without its stroke; all else has 0."""
    found = np.zeros(len(ground.keys))
    for name, score in scores.items():
        found[ground.keys.index(f"{name[0]}/{name[1:]}")] = score
    return found


def test_ranks_among_equals_are_what_chance_gives() -> None:
    right = np.array([True, False, True, False])
    assert evaluation.ranks(np.array([1.0, 1.5, 0.5, 0.1]), right).tolist() == [2, 3]
    assert evaluation.ranks(np.array([np.nan, 0.0, 3.0, 0.0]), right).tolist() == [1, 4]
    many = np.arange(1_000) % 2 == 0
    assert abs(evaluation.ranks(np.zeros(1_000), many).mean() - 500) < 25


def test_a_query_is_worth_what_its_ranks_say() -> None:
    worth = evaluation.retrieval(np.array([2, 4]))
    assert worth == {"map": pytest.approx((1 / 2 + 2 / 4) / 2), "mrr": 0.5, "p_at_1": 0.0, "r_at_10": 1.0}
    assert evaluation.retrieval(np.array([1, 11]))["r_at_10"] == 0.5
    assert evaluation.retrieval(np.arange(1, 21))["r_at_10"] == 1.0


def test_datasets_counted_by_hand(ground: Ground) -> None:
    """a/1 finds c/1 first and b/1 third, for the related b/2 is left out; the others find theirs last."""
    asked = {"a/1": by_key(ground, c1=5, b2=4, b3=3, b1=2), "b/1": by_key(ground, a1=-1, c1=-1)}
    asked |= {"c/1": by_key(ground, a1=-1, b1=-1), "a/2": by_key(ground, b3=-1), "b/3": by_key(ground, a2=-1)}
    figures = evaluation.datasets(ground, lambda query: asked[KEYS[query]])
    # b/1 asks a/1, a/2, c/1, c/2: right at 3 and 4. c/1 asks a/1, a/2, b/1, b/3 (not b/2): 3 and 4.
    last = (1 / 3 + 2 / 4) / 2
    assert figures["map"].by_subject["permits"] == pytest.approx(((1 + 2 / 3) / 2 + 2 * last) / 3)
    assert set(figures["map"].by_subject) == {"permits", "trees"}
    # a/2 asks berlin and cairo: five, one right, last; b/3 asks athens and cairo: four.
    assert figures["mrr"].by_subject["trees"] == pytest.approx((1 / 5 + 1 / 4) / 2)
    assert figures["map"].value == pytest.approx(np.mean(list(figures["map"].by_subject.values())))


def test_a_city_is_asked_with_the_members_of_the_others(ground: Ground) -> None:
    found = {(case.subject, case.city): case for case in evaluation.cases(ground)}
    assert len(found) == 6
    case = found["permits", "berlin"]
    assert [ground.keys[at] for at in case.members] == ["a/1", "c/1"]
    assert [ground.keys[at] for at in case.candidates] == ["b/1", "b/3"]
    assert case.right.tolist() == [True, False]
    assert not found["trees", "cairo"].right.any()


def test_hits_counted_by_hand(ground: Ground) -> None:
    """Of the permits those of Athens and Berlin are first; the trees are last of two and last of three."""
    hits = evaluation.hits(ground, lambda _: by_key(ground, a1=1, b1=-1, c1=-1, a2=-1, b3=-2))
    assert hits["hit_at_1"].by_subject == {"permits": pytest.approx(2 / 3), "trees": 0.0}
    assert hits["hit_at_3"].by_subject == {"permits": 1.0, "trees": 1.0}


def test_presence_is_the_area_over_all_cities(ground: Ground) -> None:
    def ask(case: Case) -> Scores:
        return by_key(ground, a1=2, b1=2, c1=1) if case.subject == "permits" else by_key(ground, a2=3, b3=1, c1=1)

    # There are: 2, 2, 1 (permits), 3, 1 (trees). There is not: 1 (trees in Cairo). 3 wins and 2 ties of 5.
    assert evaluation.presence(ground, ask)["auc"].value == pytest.approx((3 + 2 / 2) / 5)


def test_what_bands_and_bins_keep() -> None:
    right = np.array([True, False, True, True])
    bins = evaluation.reliability(np.array([0.1, 0.15, 0.95, 1.0]), right)
    assert [(one.low, one.count, one.right) for one in bins] == [(0.1, 2, 0.5), (0.9, 2, 1.0)]
    assert evaluation.calibration_error(bins) == pytest.approx((2 * (0.5 - 0.125) + 2 * 0.025) / 4)
    assert evaluation.kept(["weak", "weak", "sure", "sure"], right) == {"weak": (2, 0.5), "sure": (2, 1.0)}
    assert evaluation.probability(np.array([0.0, 1e9, -1e9])).tolist() == pytest.approx([0.5, 1.0, 0.0])


@given(scores_of_keys)
def test_better_scores_are_never_worse(scores: Scores) -> None:
    """Who knows the truth has 1 everywhere; what does not change the order changes nothing."""
    ground = Ground(GOLD, KEYS)
    said = evaluation.datasets(ground, lambda _: scores)
    again = evaluation.datasets(ground, lambda _: np.asarray(scores * 2))
    assert all(0 <= one.value <= 1 for one in said.values())
    assert {name: one.value for name, one in said.items()} == {name: one.value for name, one in again.items()}
    truth = evaluation.datasets(ground, lambda query: ground.flags(ground.same, _subject(ground, query)).astype(float))
    assert {one.value for one in truth.values()} == {1.0}


def _subject(ground: Ground, query: int) -> str:
    return next(one.subject for one in LABELS if one.key == ground.keys[query])


@given(st.lists(st.tuples(st.integers(-3, 3), st.booleans()), min_size=1))
def test_area_is_the_share_of_pairs_in_order(pairs: list[tuple[int, bool]]) -> None:
    scores, right = np.array([float(one) for one, _ in pairs]), np.array([one for _, one in pairs])
    won = [1.0 if good > bad else 0.5 if good == bad else 0.0 for good in scores[right] for bad in scores[~right]]
    assert evaluation.area(scores, right) == pytest.approx(np.mean(won) if won else np.nan, nan_ok=True)


@given(st.dictionaries(st.text(min_size=1), st.floats(0, 1), min_size=1, max_size=30))
def test_a_figure_lies_within_its_interval(by_subject: dict[str, float]) -> None:
    figure = evaluation.figure(by_subject)
    assert min(by_subject.values()) - 1e-9 <= figure.low <= figure.high <= max(by_subject.values()) + 1e-9
    assert 1 <= len(figure.folds) <= evaluation.FOLDS
    assert all(0 <= evaluation.fold(name) < evaluation.FOLDS for name in by_subject)


def test_nothing_to_measure_is_told_as_nothing() -> None:
    empty = Ground(Gold({}, (), (), ()), [])
    assert evaluation.datasets(empty, lambda _: np.array([])) == {}
    assert np.isnan(evaluation.presence(empty, lambda _: np.array([]))["auc"].value)
    assert evaluation.figure({}).form()["value"] is None
    assert [len(one) for one in evaluation.judged(empty, lambda _: np.array([]))] == [0, 0]


def test_judged_are_the_best_of_each_query(ground: Ground) -> None:
    scores, right = evaluation.judged(ground, lambda _: by_key(ground, c1=2, b2=9, c2=3, a2=4, a1=1), top=1)
    # a/1 sees c/2 (b/2 is related), b/1 and c/1 see a/2; a/2 sees b/2, b/3 sees a/2: the only right one.
    assert sorted(zip(scores.tolist(), right.tolist(), strict=True)) == [
        (3.0, False),
        (4.0, False),
        (4.0, False),
        (4.0, True),
        (9.0, False),
    ]


def test_a_city_is_judged_by_its_best(ground: Ground) -> None:
    scores, right = evaluation.judged_cases(ground, lambda _: by_key(ground, a1=1, b1=1, c1=1), top=1)
    assert scores.tolist() == [1.0] * 6
    assert right.tolist() == [True] * 3 + [False] * 3  # permits in three cities; of the trees none


NAMES = {"a/1": ["ID", "Date", "Other"], "b/1": ["number", "day"]}
COLUMNS = Gold(
    POOL,
    LABELS,
    (ColumnPair("permits", "a/1", "ID", "b/1", "number"), ColumnPair("permits", "a/1", "Date", "b/1", "day")),
    (
        FieldLabel("permits", "a/1", "ID", "id"),
        FieldLabel("permits", "a/1", "Date", "issued"),
        FieldLabel("permits", "b/1", "number", "id"),
        FieldLabel("permits", "b/1", "gone", "issued"),
    ),
)


def test_columns_counted_by_hand() -> None:
    scores = np.array([[0.9, 0.8], [0.95, 0.7], [0.1, 0.0]])
    told = column_evaluation.columns(COLUMNS, NAMES, lambda *_: column_evaluation.Aligned(scores))
    # ID: first. Date: second. number: ID is second. day: Date is second.
    assert told["mrr_pooled"] == pytest.approx((1 + 1 / 2 + 1 / 2 + 1 / 2) / 4)
    assert told["p_at_1_pooled"] == 0.25
    assert told["recall_at_truth_pooled"] == 0.5  # of the two best pairs, 0.95 and 0.9, one is right
    assert told["one_to_one_pooled"] == 0.0  # Date-number and ID-day sum to more
    taken = column_evaluation.columns(COLUMNS, NAMES, lambda *_: column_evaluation.Aligned(scores, [(0, 0)]))
    assert taken["one_to_one_pooled"] == 0.5


def test_memory_is_of_the_other_cities() -> None:
    first, second = column_evaluation.field_cases(COLUMNS, NAMES)
    assert (first.key, first.columns, first.right, first.fields) == (
        "a/1",
        ("ID", "Date"),
        ("id", "issued"),
        ("id", "issued"),
    )
    assert {one.key for one in first.memory} == {"b/1"}
    assert (second.columns, {one.key for one in second.memory}) == (("number",), {"a/1"})
    told = column_evaluation.fields(COLUMNS, NAMES, lambda case: np.tile([1.0, 0.0], (len(case.columns), 1)))
    assert told["top_1_pooled"] == pytest.approx(2 / 3)
    assert told["top_3_pooled"] == 1.0


@given(hnp.arrays(np.float64, st.tuples(st.integers(0, 6), st.integers(0, 6)), elements=st.floats(allow_nan=False)))
def test_an_assignment_is_one_to_one(scores: Scores) -> None:
    pairs = column_evaluation.assigned(scores)
    assert len(pairs) == min(scores.shape)
    assert len({row for row, _ in pairs}) == len({column for _, column in pairs}) == len(pairs)


def write(folder: Path, name: str, *lines: str) -> None:
    (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")


def test_gold_is_brought_into_our_ids(tmp_path: Path) -> None:
    write(tmp_path, "pool.csv", "portal,id", "data.cityofchicago.org,aaaa-1111", "data.example.org,x.1")
    write(
        tmp_path,
        "overlap.csv",
        "subject,city,portal,id,name,grade",
        "permits,Chicago,data.cityofchicago.org,aaaa-1111,A,2",
        "permits,Boston,data.boston.gov,b-1,B,1",
    )
    write(
        tmp_path,
        "columns.csv",
        "subject,cityA_id_column,cityB_id_column,standard_field",
        "permits,Chicago.aaaa-1111.No. of units,Boston.b-1.units,units",
    )
    read = gold.read(tmp_path, cities.load())
    assert read.pool == {
        "chicago/aaaa-1111": "chicago",
        "data.example.org/x.1": "data.example.org",
        "boston/b-1": "boston",
    }
    assert [(one.key, one.grade) for one in read.labels] == [("chicago/aaaa-1111", SAME), ("boston/b-1", NEAR)]
    assert read.pairs == (ColumnPair("permits", "chicago/aaaa-1111", "No. of units", "boston/b-1", "units"),)
    assert read.fields == ()
    assert read.missing(["boston/b-1"]) == ["chicago/aaaa-1111", "data.example.org/x.1"]


@pytest.mark.parametrize(
    ("overlap", "said"),
    [
        (["subject,city"], "portal, id, grade"),
        (["subject,city,portal,id,grade", "s,Boston,data.boston.gov,1,3"], "grade “3”"),
        (["subject,city,portal,id,grade", "s,Boston"], "line 2"),
    ],
)
def test_bad_gold_is_named(tmp_path: Path, overlap: list[str], said: str) -> None:
    write(tmp_path, "overlap.csv", *overlap)
    with pytest.raises(Misconfigured, match=said):
        gold.read(tmp_path, {})


def test_no_gold_is_told(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="There is no"):
        gold.read(tmp_path, {})


@pytest.mark.recordings
def test_the_gold_that_is_kept_can_be_read(recordings: Path) -> None:
    read = gold.read(recordings / "gold", cities.load())
    assert set(read.pool.values()) == {"boston", "chicago", "los_angeles", "new_york", "san_francisco", "seattle"}
    assert len({one.subject for one in read.labels}) > 70
    assert all(one.a in read.pool and one.b in read.pool for one in read.pairs)
    assert all(one.key in read.pool for one in read.fields)
