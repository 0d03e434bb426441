"""The register as persons change it: kept by version, told of each other, and never ambiguous."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from commonground.errors import Decided, NotFound, Usage
from commonground.overlap import register
from commonground.overlap.models import SubjectVersion
from commonground.overlap.register import add, current, edit, find, form_of, merge, resolve, versions
from commonground.overlap.subjects import alike, packaged

RINKS: dict[str, Any] = {
    "label": "Ice rinks",
    "theme": "parks-and-culture",
    "definition": "Places with ice to skate on.",
    "row": "one rink",
    "grain": "reference",
    "synonyms": ["Skating rinks and arenas"],
    "near": ["parks"],
}


@pytest.mark.django_db
def test_without_changes_the_register_is_the_packaged_one(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        assert current() is packaged()


@pytest.mark.django_db
def test_an_edit_is_a_new_version_and_the_old_ones_are_kept() -> None:
    before = packaged().subjects["trees"]
    edit("trees", {"label": "City trees"}, "Ann", seen=0, why=" Parks too.\x00")
    after = edit("trees", {"synonyms": [*before.synonyms, "Arboretum"]}, "Bob", seen=1)
    assert register.subjects()["trees"] == after == find("arboretum")
    assert [(one.number, one.by, one.why) for one in versions("trees")] == [(2, "Bob", ""), (1, "Ann", "Parks too.")]
    assert current().version != packaged().version
    assert packaged().subjects["trees"] == before


@pytest.mark.django_db
def test_who_changes_the_same_subject_second_is_told_of_the_first() -> None:
    user = User.objects.create_user("ann@city.gov", first_name="Ann", last_name="Lee")
    edit("trees", {"label": "City trees"}, user, seen=0)
    with pytest.raises(Decided, match=r"Ann Lee changed “trees” meanwhile: version 1 stands\. Look"):
        edit("trees", {"label": "Urban forest"}, "Bob", seen=0)
    with pytest.raises(Decided, match="Ann Lee"):
        merge("trees", "parks", "Bob", seen=0)
    assert register.subjects()["trees"].label == "City trees"


@pytest.mark.django_db
def test_two_at_the_same_moment_write_one_version(monkeypatch: pytest.MonkeyPatch) -> None:
    edit("trees", {"label": "City trees"}, "Ann", seen=0)
    monkeypatch.setattr(register, "_check_seen", lambda *_: None)  # both looked before either wrote
    with pytest.raises(Decided, match="Ann changed “trees” meanwhile"):
        edit("trees", {"label": "Urban forest"}, "Bob", seen=0)
    assert SubjectVersion.objects.count() == 1


@pytest.mark.django_db
def test_an_edit_that_changes_nothing_keeps_nothing() -> None:
    label = packaged().subjects["trees"].label
    edit("trees", {"label": f" {label} "}, "Ann", seen=0)
    assert not versions("trees")


@pytest.mark.django_db
def test_a_subject_can_be_added_and_merged_and_lives_again() -> None:
    made = add(RINKS, "Ann")
    assert (made.slug, made.near) == ("ice-rinks", ("parks",))
    assert list(current().themes) == list(packaged().themes)
    grown = merge("ice-rinks", "park-facilities", "Bob", seen=1)
    assert {"Ice rinks", "Skating rinks and arenas"} <= set(grown.synonyms)
    assert "ice-rinks" not in register.subjects()
    assert resolve("ice-rinks") == "park-facilities"
    assert find("ice-rinks") == find("Ice rinks") == grown
    with pytest.raises(Usage, match="“ice-rinks” was merged into “park-facilities”"):
        edit("ice-rinks", {"label": "Rinks"}, "Ann", seen=2)
    with pytest.raises(Usage, match="“Ice rinks” is a name of “Park and recreation facilities”"):
        add(RINKS, "Ann")
    edit("park-facilities", {"synonyms": list(packaged().subjects["park-facilities"].synonyms)}, "Ann", seen=1)
    assert add(RINKS, "Ann") == find("ice-rinks") == made
    assert [one.number for one in versions("ice-rinks")] == [3, 2, 1]


@pytest.mark.django_db
def test_merges_of_merges_lead_to_the_last_and_near_follows() -> None:
    merge("crime-statistics", "crime-incidents", "Ann", seen=0)
    merge("crime-incidents", "arrests", "Ann", seen=1)
    known = current()
    assert known.resolve("crime-statistics") == "arrests"
    assert "arrests" in known.subjects["shootings"].near
    for one in known.subjects.values():
        assert one.slug not in one.near
        assert set(one.near) <= set(known.subjects)
    with pytest.raises(Usage, match="cannot be merged into itself"):
        merge("arrests", "crime-statistics", "Ann", seen=1)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"label": "T"}, "trees: label: 'T' will not do. Write a plain name of 3 to 120 characters"),
        ({"label": "Tree\x00s"}, "has a line break or another control character"),
        ({"label": "Parks"}, "“Parks” is a name of “Parks” \\(parks\\)"),
        ({"synonyms": ["Tow trucks", "impounded VEHICLE"]}, "“impounded VEHICLE” is a name of “Towed vehicles”"),
        ({"synonyms": [f"Tree {one}" for one in range(10_000)]}, "synonyms: 10000 of them will not do. Write at most"),
        ({"near": ["hedges"]}, "“hedges” is near to it, but no subject"),
        ({"near": ["No Slug"]}, "near.0: 'No Slug' will not do."),
        ({"theme": "forestry"}, "“forestry” is no theme. One of: public-safety"),
        ({"grain": "coarse"}, "grain: 'coarse' will not do. Write one of records"),
        ({"color": "green"}, "color is no key of a subject"),
    ],
)
def test_what_cannot_stand_is_refused_with_a_reason(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(Usage, match=told):
        edit("trees", changes, "Ann", seen=0)
    assert not versions("trees")


@pytest.mark.django_db
def test_a_subject_that_names_itself_is_kept_without_that() -> None:
    after = edit("trees", {"synonyms": ["street TREE", "Street trees", "Oaks", "oak"]}, "Ann", seen=0)
    assert [alike(name) for name in after.synonyms] == ["oak"]


@pytest.mark.django_db
def test_what_is_not_there_is_told() -> None:
    with pytest.raises(NotFound, match="No subject “penguins”"):
        edit("penguins", {}, "Ann", seen=0)
    with pytest.raises(NotFound, match="No subject “penguins”"):
        merge("trees", "penguins", "Ann", seen=0)
    with pytest.raises(Usage, match="The subject “trees” is there already"):
        add(RINKS, "Ann", slug="trees")
    with pytest.raises(Usage, match="“” is no slug of a subject"):
        add(RINKS | {"label": "日本"}, "Ann")
    with pytest.raises(Usage, match="“Ice Rinks” is no slug of a subject"):
        add(RINKS, "Ann", slug="Ice Rinks")


NAMES = st.sampled_from(["Oaks", "Elms", "Firs", "Ashes", "parks", "Trees", "x", "Tow trucks"])
CHANGES = st.tuples(st.sampled_from(["trees", "parks", "beaches"]), st.lists(NAMES, max_size=4), st.booleans())


class NoNameIsEverOfTwo(TestCase):
    """Whatever persons do one after another."""

    @settings(max_examples=25)
    @given(st.lists(CHANGES, max_size=6))
    def test_no_name_is_ever_of_two(self, changes: list[tuple[str, list[str], bool]]) -> None:
        for slug, names, joins in changes:
            seen = versions(slug)[0].number if versions(slug) else 0
            try:
                if joins:
                    merge(slug, "trails", "Ann", seen=seen)
                else:
                    edit(slug, {"synonyms": names}, "Ann", seen=seen)
            except Usage:
                continue
        known = current()
        for one in known.subjects.values():
            assert not list(known.clashes(one))
            assert form_of(one)["label"] == one.label
        assert all(known.resolve(slug) in known.subjects for slug in known.merged)
