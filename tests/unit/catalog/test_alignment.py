"""Our form beside a record of any dialect, and texts compared word by word."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from commonground.catalog import forms
from commonground.catalog.alignment import SHOWN, aligned, joined
from commonground.catalog.rewording import MOST_WORDS, rewording
from commonground.protocols.base import Notes
from commonground.protocols.recordings import find, newest
from commonground.protocols.registry import readers
from commonground.words import Portal

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)
TEXTS = st.lists(st.sampled_from(["tree", "trees", "of", "the", "city", "city.", "\n", "1990"]), max_size=30).map(
    " ".join
)


@given(st.dictionaries(st.text(max_size=5), JSON, max_size=4), st.dictionaries(st.text(max_size=5), JSON, max_size=4))
def test_any_record_stands_beside_any_form(raw: dict[str, Any], form: dict[str, Any]) -> None:
    found = aligned(raw, form, form)
    assert [one.name for one in found] == list(form)
    assert all(bool(one.raw) <= bool(one.places) for one in found)


def test_recorded_fields_are_found_where_they_stand(recordings: Path) -> None:
    wanted = {
        "data.sfgov.org": {
            "title": "resource.name",
            "description": "resource.description",
            "keywords": "classification.domain_tags[]",
            "columns": "resource.columns_name[]",
            "data_updated": "resource.data_updated_at",
        },
        "data.boston.gov": {"title": "title", "license": "license_title", "distributions": "resources[].url"},
        "opendata.dc.gov": {"title": "title", "description": "description", "publisher": "publisher.name"},
    }
    for host, one in newest(find(recordings / "portals")).items():
        if host not in wanted:
            continue
        reader = next(each for each in readers(one.protocol) if each.recorded_as == one.protocol)
        portal = Portal("p", "c", "P", host, one.protocol, f"https://{host}")
        places: dict[str, list[str]] = {name: [] for name in wanted[host]}
        for raw in one.holdings().records[:40]:
            form = forms.dump(reader.normalize(raw, portal, Notes()))
            for each in aligned(raw, form, wanted[host]):
                if each.ours and form[each.name]:
                    places[each.name].append(each.places[0] if each.places else "")
        for name, place in wanted[host].items():
            most = max(set(places[name]), key=places[name].count)
            assert most == place, (host, name, places[name])


def test_many_values_are_cut() -> None:
    text = joined([f"word {n}" for n in range(34_866)])
    assert len(text) < SHOWN + 30
    last = int(text.split(" (+ ")[0].rpartition(" ")[2])
    assert text.endswith(f"word {last} (+ {34_866 - last - 1:,})")
    assert joined(["x" * 999, "y"]) == f"{'x' * SHOWN} … (+ 1)"
    assert joined(["one", "two"]) == "one, two"


@given(TEXTS, TEXTS)
def test_what_is_kept_and_new_is_the_text_after(before: str, after: str) -> None:
    passages = rewording(before, after)
    whole = [one for one in passages if " … " not in one.text]
    assert bool(passages) == (before != after)
    if len(whole) == len(passages):
        assert "".join(one.text for one in passages if one.mark != "del") in {after, ""}
        assert "".join(one.text for one in passages if one.mark != "ins") in {before, ""}


def test_only_what_is_near_a_change_is_shown() -> None:
    text = " ".join(str(n) for n in range(200))
    found = rewording(text, text.replace("100", "new"))
    assert [one.mark for one in found] == ["", "del", "ins", ""]
    assert found[0].text.startswith(" … ")
    assert len(found[0].text.split()) == 13
    assert rewording("a " * (MOST_WORDS + 1), "b") == ()
