"""How many moves are found, and how many are imagined, on the recorded catalogs. The figures: docs/why/moves.md."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path

import pytest

from commonground.catalog import forms
from commonground.catalog.moves import Proposal, Trace, propose
from commonground.cities import load
from commonground.protocols.arcgis_hub.items import hub_id
from commonground.protocols.base import Notes
from commonground.protocols.recordings import Recording, find
from commonground.protocols.registry import reader
from commonground.words import Portal

DIALECTS = {"socrata": "socrata-discovery", "dcat-us": "socrata-data-json", "ckan": "ckan", "arcgis-hub": "hub-feed"}
CATALOGS = (
    ("boston", "2017-08-01"),
    ("chicago", "2022-07-23"),
    ("los_angeles", "2022-07-23"),
    ("new_york", "2022-07-23"),
    ("san_francisco", "2022-07-23"),
    ("seattle", "2020-06-10"),
    ("washington_dc", "2020-11-18"),
)
REWORDINGS: tuple[Callable[[list[str]], str], ...] = (
    lambda words: f"{' '.join(words)} (current)",
    lambda words: f"City {' '.join(words)}",
    lambda words: " ".join(words[:-1] if len(words) > 3 and words[-1].isalpha() else words),
    lambda words: f"{words[-1]}, {' '.join(words[:-1])}",
    lambda words: " ".join(words).upper().replace("-", " "),
    lambda words: f"{' '.join(words)} Listing",
    lambda words: f"{' '.join(words)}{'' if any(map(str.isdigit, ''.join(words))) else ' 2022'}",
)


@cache
def traces(one: Recording) -> tuple[Trace, ...]:
    """What is compared of each record; a portal that is none of ours is read as Socrata."""
    known = {portal.host: portal for city in load().values() for portal in city.portals}
    portal = known.get(one.host, Portal(one.city, one.city, one.city, one.host, "socrata", f"https://{one.host}"))
    dialect = reader(DIALECTS[one.protocol])
    found = {}
    for raw in one.holdings().records:
        native_id = dialect.native_id(raw)
        dataset = replace(dialect.normalize(raw, portal, Notes(native_id)), native_id=native_id)
        found[native_id] = Trace.of(forms.dump(dataset))
    return tuple(found.values())


def between(one: Recording, other: Recording) -> tuple[list[Trace], list[Trace], list[Proposal]]:
    """What went, what came, and what is proposed between two recordings of a portal."""
    before, after = ({trace.key: trace for trace in traces(each)} for each in (one, other))
    gone = [before[key] for key in before.keys() - after.keys()]
    came = [after[key] for key in after.keys() - before.keys()]
    return gone, came, propose(gone, came, [trace.title for trace in after.values()])


def of(recordings: Path, city: str, day: str) -> Recording:
    return next(one for one in find(recordings / "portals") if (one.city, one.day.isoformat()) == (city, day))


@pytest.mark.whole
def test_a_month_in_seven_cities_proposes_nothing(recordings: Path) -> None:
    """Nothing moved between these days: 4 datasets went and 19 came, some of them much alike."""
    pairs: dict[str, list[Recording]] = {}
    for one in find(recordings / "replay"):
        pairs.setdefault(one.host, []).append(one)
    told = [between(*pair) for pair in pairs.values()]
    assert len(told) == 7
    assert sum(len(gone) for gone, _came, _found in told) == 4
    assert sum(len(came) for _gone, came, _found in told) == 19
    assert [found for _gone, _came, found in told if found] == []


@pytest.mark.whole
def test_washington_from_2019_to_2020(recordings: Path) -> None:
    """Real moves: the Hub published some items anew. Read by hand, 10 of these 12 are the same data."""
    old, new = of(recordings, "washington_dc", "2019-01-04"), of(recordings, "washington_dc", "2020-09-18")
    gone, came, found = between(old, new)
    assert (len(gone), len(came), len(found)) == (143, 467, 12)
    titles = {one.key: one.title for one in (*gone, *came)}
    same = [one for one in found if titles[one.old] == titles[one.new]]
    assert {titles[one.old] for one in same} >= {"Arborist Zones", "Impervious Surface 2017"}
    assert len(same) == 9
    for first, second in (("2020-09-18", "2020-10-22"), ("2020-10-22", "2020-11-18")):
        assert between(of(recordings, "washington_dc", first), of(recordings, "washington_dc", second))[2] == []


def test_http_or_https_the_hub_names_the_same_items(recordings: Path) -> None:
    """No identifier of 2019 is left in 2020, and yet 857 of 1,000 are the same item and layer: nothing moved."""
    old, new = (
        {record["identifier"] for record in of(recordings, "washington_dc", day).holdings().records}
        for day in ("2019-01-04", "2020-09-18")
    )
    assert old & new == set()
    assert len({hub_id(one) for one in old} & {hub_id(one) for one in new}) == 857


@pytest.mark.whole
def test_moved_and_reworded(recordings: Path) -> None:
    """A tenth of each catalog goes and comes back under another id with another title; a tenth goes, a tenth is new."""
    made = first = imagined = 0
    for city, day in CATALOGS:
        truth, found = shuffled(traces(of(recordings, city, day)))
        best: dict[str, str] = {}
        for one in found:
            best.setdefault(one.old, one.new)
        made += len(truth)
        first += sum(best.get(old) == new for old, new in truth.items())
        imagined += sum(one.old not in truth for one in found)
    print(f"{first} of {made} found first, {imagined} imagined for as many that moved nowhere")  # noqa: T201 - the figure
    assert first / made >= 0.9
    assert imagined / made <= 0.02


def shuffled(pool: Sequence[Trace]) -> tuple[dict[str, str], list[Proposal]]:
    """The moves that were made, old id to new id, and what is proposed."""
    chance = random.Random(1)
    mixed = chance.sample(pool, len(pool))
    count = max(10, len(mixed) // 10)
    moved, gone, came = (mixed[at * count : (at + 1) * count] for at in range(3))
    new = [
        replace(one, key=f"elsewhere/{at}", title=chance.choice(REWORDINGS)(one.title.split()))
        for at, one in enumerate(moved)
    ]
    truth = {one.key: there.key for one, there in zip(moved, new, strict=True)}
    return truth, propose([*moved, *gone], [*new, *came], [one.title for one in pool])


@pytest.mark.parametrize("day", [date(2020, 4, 14)])
def test_a_catalog_that_lost_a_third_of_itself(recordings: Path, day: date) -> None:
    """Chicago 2020 lists maps and views that the recording of 2022 leaves out: 303 vanish, and 4 seem to live on."""
    old = next(one for one in find(recordings / "portals") if (one.city, one.day) == ("chicago", day))
    gone, _came, found = between(old, of(recordings, "chicago", "2022-07-23"))
    titles = {one.key: one.title for one in (*traces(old), *traces(of(recordings, "chicago", "2022-07-23")))}
    assert (len(gone), len(found)) == (303, 4)
    assert all(titles[one.old] == titles[one.new] for one in found)
