"""Any sequence of listings: what a plan says agrees with a plain dictionary of what the portal showed."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, ClassVar

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from commonground.catalog import compare
from commonground.catalog.compare import READING, Change, Comparison, Completed, Held, Listed, PagePlan
from commonground.protocols.base import Page
from commonground.protocols.registry import reader
from commonground.words import Portal, Raw, State

PORTAL = Portal("p", "c", "P", "p.example", "socrata", "https://p.example")
READER = reader("socrata-discovery")
IDS = [f"{letter}aaa-0001" for letter in "abcdefgh"]


def record(native_id: str, title: str, rng: random.Random) -> Raw:
    """The same record each time, but for the order of its lists and its counters."""
    columns = [("One", "one", "Text"), ("Two", "two", "Number"), ("Three", "three", "Text")]
    rng.shuffle(columns)
    tags = rng.sample(["red", "green", "blue"], 3)
    names, fields, types = zip(*columns, strict=True)
    return {
        "resource": {
            "id": native_id,
            "name": title,
            "type": "dataset",
            "columns_name": list(names),
            "columns_field_name": list(fields),
            "columns_datatype": list(types),
            "page_views": {"page_views_total": rng.random()},
            "download_count": rng.randint(0, 10**6),
        },
        "classification": {"domain_tags": tags, "categories": rng.sample(["x", "y"], 2)},
    }


def as_listed(listed: Sequence[Listed]) -> list[Completed]:
    """Records that come whole."""
    return [Completed(one.raw) for one in listed]


def keep(held: dict[str, Held], plan: PagePlan) -> None:
    """What the database does with a plan."""
    for entry in plan.entries:
        held[entry.dataset.native_id] = Held(entry.listed_hash, entry.form_hash, incomplete=entry.incomplete)
    for native_id in plan.returned:
        held[native_id] = replace(held[native_id], state=State.PRESENT)


class Listings(RuleBasedStateMachine):
    """A portal that changes as it likes, harvested again and again."""

    shown: ClassVar[dict[str, str]]

    def __init__(self) -> None:
        super().__init__()
        self.portal: dict[str, str] = {}
        self.known: dict[str, str] = {}
        self.missing: set[str] = set()
        self.held: dict[str, Held] = {}

    @rule(native_id=st.sampled_from(IDS), title=st.sampled_from(["One", "Two", "Three"]))
    def publish(self, native_id: str, title: str) -> None:
        """A new record, or another state of one."""
        self.portal[native_id] = title

    @rule(native_id=st.sampled_from(IDS))
    def withdraw(self, native_id: str) -> None:
        """A record that is shown no more."""
        self.portal.pop(native_id, None)

    @rule(size=st.integers(1, 4), seed=st.integers(0, 10**6), broken=st.booleans())
    def harvest(self, size: int, seed: int, *, broken: bool) -> None:
        """All pages, or all but the last one: then nothing is called missing."""
        rng = random.Random(seed)
        records = [record(native_id, title, rng) for native_id, title in sorted(self.portal.items())]
        pages = [records[at : at + size] for at in range(0, len(records), size)]
        if broken:
            pages = pages[:-1]
        comparison = Comparison(PORTAL, READER, dict(self.held), as_listed)
        plans = [comparison.page(Page(page)) for page in pages]
        seen = {READER.native_id(one) for page in pages for one in page}
        now = {native_id: self.portal[native_id] for native_id in seen}

        def having(change: Change) -> set[str]:
            return {entry.dataset.native_id for plan in plans for entry in plan.entries if entry.change is change}

        assert having(Change.ADD) == seen - self.known.keys()
        assert having(Change.CHANGE) == {one for one in seen & self.known.keys() if now[one] != self.known[one]}
        assert having(Change.REREAD) == set()
        assert sum(plan.unchanged for plan in plans) == sum(now[one] == self.known.get(one) for one in seen)
        assert {one for plan in plans for one in plan.returned} == self.missing & seen
        assert sum(plan.seen for plan in plans) == len(seen)
        assert not any(plan.findings or plan.repeats for plan in plans)
        for plan in plans:
            keep(self.held, plan)
        self.known |= now
        self.missing -= seen
        gone = set(comparison.gone()) if seen and not broken else set()
        if seen and not broken:
            assert gone == self.known.keys() - self.missing - seen
        for one in gone:
            self.held[one] = replace(self.held[one], state=State.MISSING)
        self.missing |= gone

    @invariant()
    def nothing_is_lost(self) -> None:
        """Every id that was ever read is held, present or missing."""
        assert self.held.keys() == self.known.keys()
        assert {one for one, held in self.held.items() if held.state == State.MISSING} == self.missing


TestListings = Listings.TestCase


def first_run(records: list[Raw]) -> tuple[dict[str, Held], PagePlan]:
    """What is held after one harvest of those records."""
    held: dict[str, Held] = {}
    plan = Comparison(PORTAL, READER, {}, as_listed).page(Page(records))
    keep(held, plan)
    return held, plan


RECORDS = [record(one, "One", random.Random(1)) for one in IDS]


def test_a_better_reading_is_no_revision(monkeypatch: Any) -> None:
    """When our reading changes all records are read anew, once; the city changed none of them."""
    held, _ = first_run(RECORDS)
    monkeypatch.setattr(compare, "READING", READING + 1)
    plan = Comparison(PORTAL, READER, held, as_listed).page(Page(RECORDS))
    assert {entry.change for entry in plan.entries} == {Change.REREAD}
    assert (plan.added, plan.changed, plan.unchanged) == (0, 0, len(IDS))
    again = {one: replace(entry, reading=READING + 1) for one, entry in held.items()}
    assert Comparison(PORTAL, READER, again, as_listed).page(Page(RECORDS)).entries == ()


def test_what_was_incomplete_is_asked_for_again() -> None:
    """Columns that could be had at last are no change of the city's; when they cannot, nothing is written."""
    held, _ = first_run(RECORDS)
    partial = {one: replace(entry, incomplete=True, form_hash="poorer") for one, entry in held.items()}
    plan = Comparison(PORTAL, READER, partial, as_listed).page(Page(RECORDS))
    assert {entry.change for entry in plan.entries} == {Change.REREAD}
    assert plan.changed == 0

    def failing(listed: Sequence[Listed]) -> list[Completed]:
        return [Completed(one.raw, incomplete=True) for one in listed]

    plan = Comparison(PORTAL, READER, partial, failing).page(Page(RECORDS))
    assert (plan.entries, plan.unchanged) == ((), len(IDS))
    missing = {one: replace(entry, state=State.MISSING) for one, entry in partial.items()}
    plan = Comparison(PORTAL, READER, missing, failing).page(Page(RECORDS))
    assert set(plan.returned) == set(IDS)


def test_a_poorer_dialect_leaves_what_a_better_one_told() -> None:
    held, _ = first_run(RECORDS[:4])
    told = {one: replace(entry, dialect="better") for one, entry in held.items()}
    told[IDS[0]] = replace(told[IDS[0]], state=State.MISSING)
    changed = [record(one, "Other", random.Random(2)) for one in IDS]
    plan = Comparison(PORTAL, READER, told, as_listed, ("better",)).page(Page(changed))
    assert (plan.added, plan.changed, plan.unchanged, plan.returned) == (4, 0, 4, (IDS[0],))
    plan = Comparison(PORTAL, READER, told, as_listed).page(Page(changed))
    assert (plan.added, plan.changed) == (4, 4)


@given(st.lists(st.sampled_from(IDS), max_size=12), st.integers(1, 5))
def test_doubles(ids: list[str], size: int) -> None:
    """Each id is planned once, at its first place; whatever comes again is a finding, unless a whole page does."""
    records = [record(one, "One", random.Random(3)) for one in ids]
    comparison = Comparison(PORTAL, READER, {}, as_listed)
    plans = [comparison.page(Page(records[at : at + size])) for at in range(0, len(records), size)]
    planned = [entry.dataset.native_id for plan in plans for entry in plan.entries]
    assert planned == list(dict.fromkeys(ids))
    assert comparison.identified == len(set(ids))
    doubles = sum(len(plan.findings) for plan in plans)
    repeated = sum(plan.seen for plan in plans if plan.repeats)
    assert doubles + repeated + len(planned) == len(ids)


def test_findings_name_the_record() -> None:
    odd = {"resource": {"id": "a/\x00b", "name": "\ud800"}}
    plan = Comparison(PORTAL, READER, {}, as_listed).page(Page([odd]))
    [entry] = plan.entries
    assert entry.dataset.id == "p/a/b"
    assert [(one.code, one.native_id) for one in plan.findings] == [("id-changed", "a/b")]
    assert {one.native_id for one in entry.findings} == {"a/b"}
    assert [one.place for one in entry.findings if one.code == "odd-characters"] == ["resource.id", "resource.name"]
