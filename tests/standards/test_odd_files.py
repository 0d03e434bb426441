"""Whatever stands in a file, it is read or refused; and the diff of whatever is read holds together."""

from __future__ import annotations

import copy
import re
import tempfile
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonground.cities import cities
from commonground.errors import Misconfigured
from commonground.standards import files
from commonground.standards.differences import Bump, differences, expected_bump, misnumbered, next_version
from commonground.standards.fitting import against, unfit
from commonground.standards.model import Standard
from commonground.tables.drafting import reading
from tests.standards.trees import CHICAGO, trees, write

KNOWN = sorted({"city", "tree_id", "species", "species_raw", "note", "oak", "planted_on", "height", "date", "number"})
SCALARS = st.none() | st.booleans() | st.integers(-3, 3) | st.floats(allow_nan=False) | st.text(max_size=5)
VALUES = st.sampled_from(KNOWN) | st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([*KNOWN, "column", "first", "codes", "when"]), inner, max_size=3)
    ),
    max_leaves=5,
)


def places(content: Any) -> list[tuple[Any, Any]]:
    """Every container in a document, with each of its keys."""
    keys = list(content) if isinstance(content, dict) else range(len(content)) if isinstance(content, list) else ()
    return [*((content, key) for key in keys), *(place for key in keys for place in places(content[key]))]


@st.composite
def changed(draw: st.DrawFn, whole: dict[str, Any], values: st.SearchStrategy[Any] = VALUES) -> dict[str, Any]:
    """A document in which one to three things are otherwise, or gone."""
    content = copy.deepcopy(whole)
    for _ in range(draw(st.integers(1, 3))):
        container, key = draw(st.sampled_from(places(content)))
        if isinstance(container, dict) and draw(st.booleans()):
            del container[key]
        else:
            container[key] = draw(values)
        if not content:
            break
    return content


def read(content: dict[str, Any]) -> Standard | None:
    """The standard, or None where it was refused with a reason for each line."""
    with tempfile.TemporaryDirectory() as folder:
        path = write(Path(folder), trees())
        content = {**content, "name": "trees", "version": "1.0.0"}
        write(Path(folder), content)
        try:
            return files.read(path)
        except Misconfigured as error:
            refused = error
    assert_told(refused, path)
    return None


def assert_told(error: Misconfigured, path: Path) -> None:
    """Each line of a refusal begins with the file and goes on with more."""
    assert error.message
    assert all(
        re.match(rf"{re.escape(str(path))}: .{{5}}", line) for line in re.split(r"\n(?=/|\w+\.toml)", error.message)
    )


@given(changed(trees()))
def test_any_standard_is_read_or_refused(content: dict[str, Any]) -> None:
    read(content)


@given(changed(trees(), st.sampled_from(KNOWN)), changed(trees(), st.sampled_from(KNOWN)))
def test_any_two_versions_compare(one: dict[str, Any], other: dict[str, Any]) -> None:
    before, after = read(one), read(other)
    if before is None or after is None:
        return
    found = differences(before, after)
    assert bool(found) == (before != after)
    assert all(each.says and each.rows for each in found)
    bump = expected_bump(found)
    assert misnumbered(before, after)  # both are 1.0.0
    assert (next_version("1.0.0", bump) == "1.0.0") == (bump is Bump.NONE)
    assert bool(differences(after, before)) == bool(found)


@given(changed(tomllib.loads(CHICAGO)), st.sets(st.sampled_from(["ID", "Planted", "Species", "Lat", "Lon", "Height"])))
def test_any_crosswalk_is_read_or_refused(content: dict[str, Any], columns: set[str]) -> None:
    try:
        found = files.parsed(content, Path("chicago.toml"))
    except Misconfigured as error:
        refused = error
        found = None
    if found is None:
        assert_told(refused, Path("chicago.toml"))
        return
    standard = read(trees())
    assert standard
    assert all(isinstance(line, str) for line in unfit(found, standard, cities()))
    vintage = found.vintage(columns)
    told = against(found, vintage, columns)
    assert all(one.column not in columns or vintage is None for one in told)
    assert told or vintage is not None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a." * 90_000 + "a = 1", "more than 64 parts (at line 1"),
        ("x = 1\ny = {" + "'a'." * 40_000 + "a = 1}", "more than 64 parts (at line 2"),
        ("a = " + "9" * 5_000, "digits"),
        ("a = " + "[" * 5_000, "too deep"),
        ('"' * 150_000, "Expected"),
    ],
    ids=["dots", "dots inside", "a number without end", "brackets", "quotes"],
)
def test_what_would_take_long_or_break_is_told_soon(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        files.toml(text)
    (fault,) = reading.read(text, {}).faults
    assert fault.message.startswith(("This is not TOML", "The text has"))
