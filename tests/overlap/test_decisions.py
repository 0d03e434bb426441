"""What persons decide: kept for ever, one at a time, and never lost."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser, Group, User
from django.db import connection, transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from commonground.catalog.models import Dataset as Row
from commonground.errors import Decided, NotFound, Usage
from commonground.overlap import decisions
from commonground.overlap.decisions import Said, decide, grain, match, place, undo
from commonground.overlap.facets import Grain, Nature, Relation, Verdict
from commonground.overlap.matters import Matter
from commonground.overlap.models import Decision, Standing
from commonground.overlap.persons import name_of
from commonground.site.store import ROLES, give_roles
from commonground.words import Column, ColumnType, Dataset, State
from tests.web.conftest import permits

Write = Callable[..., None]
CHICAGO, DC = "chicago/ydr8-5enu", "washington-dc/f00d_1"
PERMITS = place("building-permits", CHICAGO)
YES, NO, AGGREGATE = Said(Verdict.CONFIRMED), Said(Verdict.REJECTED), Said(Verdict.RELATED, Relation.AGGREGATE)


@pytest.mark.usefixtures("catalog")
def test_what_is_decided_stands_and_is_kept_once() -> None:
    first = decide(PERMITS, YES, "Ann", seen=None)
    assert decide(PERMITS, YES, "Bob", seen=None) == first
    assert decisions.standing_of([PERMITS, match(CHICAGO, DC)]) == {PERMITS: first}
    second = decide(PERMITS, replace(NO, why="Only applications."), "Bob", seen=first.pk)
    assert list(decisions.standing(dataset=CHICAGO)) == [second]
    assert list(decisions.history(matter=PERMITS.key)) == [second, first]
    assert (second.by, second.why, second.subject) == ("Bob", "Only applications.", "building-permits")


@pytest.mark.usefixtures("catalog")
def test_who_comes_second_is_told_of_the_first() -> None:
    decide(PERMITS, YES, "Ann", seen=None)
    with pytest.raises(Decided, match=r"^Ann decided this a moment ago: confirmed\. Look and decide again\.$") as told:
        decide(PERMITS, NO, "Bob", seen=None)
    assert told.value.exit_code == 6
    assert Decision.objects.count() == 1


@pytest.mark.usefixtures("catalog")
def test_taking_back_brings_back_what_stood_before() -> None:
    first = decide(PERMITS, YES, "Ann", seen=None)
    second = decide(PERMITS, NO, "Bob", seen=first.pk)
    with pytest.raises(Decided, match="Bob decided this"):
        undo(first, "Ann")
    row = undo(second, "Ann", why="Misread.")
    assert undo(second, "Cid") == row
    assert decisions.standing_of([PERMITS]) == {PERMITS: first}
    with pytest.raises(Decided, match="Ann took back a moment ago: rejected"):
        decide(PERMITS, Said(Verdict.RELATED, Relation.SUBSET), "Bob", seen=second.pk)
    undo(first, "Ann")
    assert decisions.standing_of([PERMITS]) == {}
    with pytest.raises(Usage):
        undo(row, "Ann")
    assert decide(PERMITS, YES, "Ann", seen=None).pk != first.pk
    assert [one.kind for one in decisions.history(dataset=CHICAGO)] == ["place", "undo", "undo", "place", "place"]


@pytest.mark.usefixtures("catalog")
def test_which_is_named_first_does_not_matter() -> None:
    said = decide(match(DC, CHICAGO), YES, "Ann", seen=None)
    assert decide(match(CHICAGO, DC), YES, "Ann", seen=None) == said
    one = decisions.column(DC, "x", CHICAGO, "y")
    assert one == decisions.column(CHICAGO, "y", DC, "x")


@pytest.mark.parametrize(
    ("matter", "said", "error"),
    [
        (place("building-permits", "chicago/none"), YES, NotFound),
        (place("no-such-subject", CHICAGO), YES, NotFound),
        (decisions.none_of("building-permits", "gotham"), NO, NotFound),
        (decisions.none_of("building-permits", "boston"), YES, Usage),
        (match(CHICAGO, CHICAGO), YES, Usage),
        (match(CHICAGO, ""), NO, Usage),
        (grain(""), Said(nature=Nature(Grain.RECORDS)), Usage),
        (grain(CHICAGO), YES, Usage),
        (PERMITS, Said(nature=Nature(Grain.RECORDS)), Usage),
        (PERMITS, Said(Verdict.RELATED), Usage),
        (PERMITS, replace(YES, relation=Relation.SUBSET), Usage),
        (decisions.column(CHICAGO, "COLUMN_1", DC, "Nowhere"), YES, NotFound),
        (decisions.column(CHICAGO, "COLUMN_1", CHICAGO, "COLUMN_2"), YES, Usage),
        (decisions.column(CHICAGO, "", DC, ""), YES, Usage),
        (decisions.field(CHICAGO, "Nowhere", "blds", "PermitNum"), YES, NotFound),
        (decisions.field(CHICAGO, "COLUMN_1", "blds", ""), YES, Usage),
        (decisions.field(CHICAGO, "COLUMN_1", "b" * 81, "PermitNum"), YES, Usage),
    ],
)
@pytest.mark.usefixtures("catalog")
def test_what_cannot_be_said(matter: Matter, said: Said, error: type[Exception]) -> None:
    with pytest.raises(error):
        decide(matter, said, "Ann", seen=None)
    assert not Decision.objects.exists()


@pytest.mark.usefixtures("catalog")
def test_a_column_is_named_as_published_or_by_its_field() -> None:
    for name in ("COLUMN_1", "column_1"):
        assert decide(decisions.field(CHICAGO, name, "blds", "PermitNum"), YES, "Ann", seen=None)


@pytest.mark.usefixtures("catalog")
def test_a_city_that_has_none(write: Write) -> None:
    said = decide(decisions.none_of("building-permits", "boston"), NO, "Ann", seen=None)
    assert (said.a, said.b, said.verdict) == ("", "boston", "rejected")
    write([with_a_column()])
    assert decisions.speaking() == [said]
    assert list(decisions.history(city="boston")) == [said]
    assert not decisions.history(city="chicago")


@pytest.mark.usefixtures("catalog")
def test_the_grain_that_a_person_sets() -> None:
    said = decide(grain(CHICAGO), Said(nature=Nature(Grain.AGGREGATE, ("zip",))), "Ann", seen=None)
    assert said.nature == {"grain": "aggregate", "by": ["zip"], "timing": "unknown", "geometry": "unknown"}
    with pytest.raises(Decided, match="aggregate"):
        decide(grain(CHICAGO), Said(nature=Nature(Grain.RECORDS)), "Bob", seen=None)


def test_a_rejected_pair_is_asked_again_once_its_columns_change(write: Write) -> None:
    write([permits()])
    first = decide(PERMITS, NO, "Ann", seen=None)
    assert decisions.speaking() == [first]
    write([replace(permits(), columns=tuple(reversed(permits().columns or ())), title="Other words")])
    assert decisions.speaking() == [first]
    write([replace(permits(), columns=None)])
    assert decisions.speaking("place") == [first]
    write([with_a_column()])
    assert decisions.speaking("place", subject="building-permits") == []
    assert list(decisions.standing()) == [first]
    again = decide(PERMITS, NO, "Bob", seen=first.pk)
    assert again.pk != first.pk
    assert decisions.speaking(dataset=CHICAGO) == [again]
    assert decisions.speaking("match") == []


def test_what_is_confirmed_stays_when_columns_change(write: Write) -> None:
    write([permits()])
    said = decide(PERMITS, YES, "Ann", seen=None)
    write([with_a_column()])
    assert decisions.speaking() == [said]


def with_a_column() -> Dataset:
    return replace(permits(), columns=(*(permits().columns or ()), Column("Zoning", "zoning", ColumnType.TEXT)))


def test_of_a_dataset_that_has_gone_all_is_kept(write: Write) -> None:
    other = replace(permits(), native_id="tree-tree", title="Street Trees")
    write([permits(), other])
    said = decide(PERMITS, YES, "Ann", seen=None)
    Row.objects.filter(key=CHICAGO).update(state=State.WITHDRAWN)
    assert decisions.gone([CHICAGO, "chicago/tree-tree", "x/y"]) == {CHICAGO: "withdrawn", "x/y": "unknown"}
    assert list(decisions.standing(dataset=CHICAGO)) == [said]
    assert decide(PERMITS, NO, "Bob", seen=said.pk).verdict == "rejected"


@pytest.mark.django_db
def test_city_staff_may_decide_and_visitors_may_not() -> None:
    give_roles()
    give_roles()
    assert set(Group.objects.values_list("name", flat=True)) == set(ROLES)
    for role, permitted in (("city staff", True), ("operator", True), ("resident", False)):
        user = User.objects.create_user(role.replace(" ", "."), password="x")
        user.groups.add(Group.objects.get(name=role))
        assert decisions.may_decide(user) is permitted
    assert not decisions.may_decide(AnonymousUser())


@pytest.mark.django_db
def test_nobody_s_mail_address_is_shown() -> None:
    ann = User(username="ann.lee@boston.gov")
    assert name_of(ann) == "ann.lee"
    ann.first_name, ann.last_name = "Ann", "Lee"
    assert name_of(ann) == "Ann Lee"


def test_matters_of_any_length_have_names_of_their_own() -> None:
    names = {
        matter.key
        for matter in (
            place("a", "b"),
            match("a b", "c"),
            match("a", "b c"),
            grain("a"),
            decisions.column("a", "-", "b", ""),
            decisions.column("a", "", "b", "-"),
            decisions.column("a", "x" * 5000, "b", "y"),
            decisions.column("a", "x" * 5000, "b", "z"),
            decisions.column("a", "\ud800", "b", "é"),
        )
    }
    assert len(names) == 9
    assert all(len(name) <= 900 for name in names)
    assert PERMITS.key == "place building-permits chicago/ydr8-5enu"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("before", [False, True], ids=["first", "later"])
def test_two_at_the_same_moment(write: Write, *, before: bool) -> None:
    """One is kept, the other is told; whoever comes later sees the first one's word."""
    write([permits()])
    seen = decide(PERMITS, Said(Verdict.RELATED, Relation.SUBSET), "Cid", seen=None).pk if before else None
    gate = threading.Barrier(2)
    told: dict[str, Decision | Decided] = {}

    def person(name: str, said: Said) -> None:
        gate.wait()
        try:
            told[name] = decide(PERMITS, said, name, seen=seen)
        except Decided as error:
            told[name] = error
        finally:
            connection.close()

    for both in (("Ann", YES), ("Bob", NO)), (("Ann", AGGREGATE), ("Bob", replace(AGGREGATE, relation=Relation.OTHER))):
        threads = [threading.Thread(target=person, args=one) for one in both]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        (kept,) = [one for one in told.values() if isinstance(one, Decision)]
        (refused,) = [one for one in told.values() if isinstance(one, Decided)]
        assert refused.message.startswith(f"{kept.by} decided this a moment ago: {kept.verdict}")
        assert Standing.objects.get().decision == kept
        seen = kept.pk


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("before", [False, True], ids=["first", "later"])
def test_who_waits_for_the_other_one_is_told(write: Write, *, before: bool) -> None:
    """The second comes while the first one's word is not kept to the end yet."""
    write([permits()])
    seen = decide(PERMITS, AGGREGATE, "Cid", seen=None).pk if before else None
    told: list[str] = []

    def second() -> None:
        try:
            decide(PERMITS, NO, "Bob", seen=seen)
        except Decided as error:
            told.append(error.message)
        finally:
            connection.close()

    thread = threading.Thread(target=second)
    with transaction.atomic():
        decide(PERMITS, YES, "Ann", seen=seen)
        thread.start()
        thread.join(timeout=0.5)
        assert not told
        assert thread.is_alive()
    thread.join()
    assert told == ["Ann decided this a moment ago: confirmed."]


VERDICTS = st.sampled_from([YES, NO, *(Said(Verdict.RELATED, one) for one in Relation)])
PEOPLE = st.sampled_from(["Ann", "Bob"])
MATTERS = [PERMITS, place("building-permits", DC), match(CHICAGO, DC)]


class Deciding(RuleBasedStateMachine):
    """A stack a matter is all there is to it: who decides pushes, who takes back pops."""

    def __init__(self) -> None:
        super().__init__()
        self.stacks: dict[Matter, list[Decision]] = {one: [] for one in MATTERS}
        self.kept = 0

    def top(self, matter: Matter) -> Decision | None:
        return self.stacks[matter][-1] if self.stacks[matter] else None

    @rule(matter=st.sampled_from(MATTERS), said=VERDICTS, by=PEOPLE)
    def decide(self, matter: Matter, said: Said, by: str) -> None:
        top = self.top(matter)
        made = decide(matter, said, by, seen=top.pk if top else None)
        if top and (top.verdict, top.relation) == (said.verdict, said.relation or ""):
            assert made == top
        else:
            self.stacks[matter].append(made)
            self.kept += 1

    @precondition(lambda self: any(self.stacks.values()))
    @rule(data=st.data(), said=VERDICTS)
    def decide_without_looking(self, data: Any, said: Said) -> None:
        matter = data.draw(st.sampled_from([one for one, stack in self.stacks.items() if stack]))
        top = self.stacks[matter][-1]
        if (top.verdict, top.relation) != (said.verdict, said.relation or ""):
            with pytest.raises(Decided):
                decide(matter, said, "Cid", seen=None)

    @precondition(lambda self: any(self.stacks.values()))
    @rule(data=st.data(), by=PEOPLE)
    def take_back(self, data: Any, by: str) -> None:
        matter = data.draw(st.sampled_from([one for one, stack in self.stacks.items() if stack]))
        if older := self.stacks[matter][:-1]:
            with pytest.raises(Decided):
                undo(older[-1], by)
        undo(self.stacks[matter].pop(), by)
        self.kept += 1

    @invariant()
    def the_top_stands(self) -> None:
        tops = {matter: stack[-1] for matter, stack in self.stacks.items() if stack}
        assert decisions.standing_of(MATTERS) == tops
        assert set(decisions.standing()) == set(tops.values())
        assert Decision.objects.count() == self.kept


@pytest.mark.usefixtures("catalog")
def test_any_course_of_events() -> None:
    class Apart(Deciding):
        """Each example in a savepoint of its own."""

        def __init__(self) -> None:
            super().__init__()
            self.before = transaction.savepoint()

        def teardown(self) -> None:
            transaction.savepoint_rollback(self.before)

    some = settings(max_examples=25, stateful_step_count=12, suppress_health_check=list(HealthCheck))
    run_state_machine_as_test(Apart, settings=some)
