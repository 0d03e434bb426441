"""The language of crosswalks as the manual shows it: each example is loaded, and nothing of the language is left out."""

from __future__ import annotations

import tomllib
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from commonground.cities import cities
from commonground.standards import files
from commonground.standards.crosswalk import VERBS, Cast, Crosswalk, Expression, Join, Keep, Place, Repeat, Vintage
from commonground.standards.fitting import unfit
from tests.docs.manual import ROOT, Block, blocks, text

PAGE = ROOT / "docs/reference/crosswalk.md"
EXAMPLES = [one for one in blocks(PAGE) if one.language == "toml"]
KEYS = {"building_permits": "permit_id", "crime_incidents": "offense_id"}


def whole(fragment: dict[str, Any]) -> Crosswalk:
    """A fragment in a crosswalk that has what it leaves out."""
    name = fragment.get("standard", "building_permits")
    content: dict[str, Any] = {
        "standard": name,
        "version": "1.0.0",
        "revision": 1,
        "city": "new_york",
        "sources": [{"dataset": "new-york/rbx6-tga4"}],
        "vintages": [{"name": "as published", "when": ["Work Permit"]}],
        **fragment,
    }
    content["fields"] = {KEYS[name]: "Number", **fragment.get("fields", {})}
    return Crosswalk.model_validate(content)


@pytest.mark.parametrize("block", EXAMPLES, ids=str)
def test_each_example_is_right(block: Block) -> None:
    found = whole(tomllib.loads(block.text))
    assert list(unfit(found, files.standard(found.standard), cities())) == []


def test_an_example_that_is_wrong_would_be_found() -> None:
    found = whole({"fields": {"issued_on": {"column": "D", "formats": ["%m/%Y"]}}})
    assert list(unfit(found, files.standard(found.standard), cities()))


def said(content: Any, found: set[str]) -> set[str]:
    """Every key anywhere in the examples."""
    if isinstance(content, dict):
        found |= set(content)
        content = list(content.values())
    for one in content if isinstance(content, list) else ():
        said(one, found)
    return found


@pytest.mark.parametrize("part", [Crosswalk, Vintage, Expression, Place, Keep, Repeat, Join])
def test_every_key_has_an_example(part: type[BaseModel]) -> None:
    examples = said([tomllib.loads(one.text) for one in EXAMPLES], set())
    assert {one.alias or name for name, one in part.model_fields.items()} - examples == set()


def test_every_verb_and_cast_is_told() -> None:
    page = text(PAGE)
    assert [one for one in VERBS if f"`{one}`" not in page] == []
    assert [one for one in get_args(Cast) if f"`{one}`" not in page] == []


def test_the_example_of_a_file_is_right() -> None:
    folder = ROOT / "docs/examples"
    for path in sorted((folder / "crosswalks").glob("*/*.toml")):
        assert files.read_crosswalk(path).city == path.stem
