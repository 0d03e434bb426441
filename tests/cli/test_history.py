"""`commonground history` through a real process."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Run


@pytest.mark.whole
def test_what_happened_to_a_data_set(replayed: Run) -> None:
    told = replayed("history", "data.cityofchicago.org/ydr8-5enu", "--json")
    assert (told.code, told.err) == (0, "")
    assert (told.json["id"], told.json["total"]) == ("chicago/ydr8-5enu", 1)
    assert [(one["kind"], one["revision"]) for one in told.json["changes"]] == [("added", 1)]
    table = replayed("history", "chicago/ydr8-5enu")
    assert table.out.splitlines()[0].split("\t") == ["seen", "kind", "revision", "what"]
    assert table.out.splitlines()[1].endswith("added\t1\tAdded to the catalog.")
    assert table.err == "Building Permits: 1 change.\n"
    one = replayed("history", "chicago/ydr8-5enu", "--revision", "1", "--json").json
    assert one["published"]["resource"]["name"] == one["ours"]["title"] == "Building Permits"
    assert "owner" not in one["published"]
    none = replayed("history", "chicago/ydr8-5enu", "--revision", "2")
    assert (none.code, none.out) == (3, "")
    assert "Leave the number out for the newest." in none.err
    assert replayed("history", "chicago/none").code == 3
    assert replayed("history", "chicago/ydr8-5enu", "--revision", "1").out.startswith("weight\twhat\n")
