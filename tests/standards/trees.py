"""A small standard and a small crosswalk, whole and right, for tests to break; and where their files stand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from commonground.standards import files


def field(name: str, kind: str = "string", **more: Any) -> dict[str, Any]:
    """A field as a standard's file has it."""
    return {"name": name, "type": kind, "title": name.capitalize(), "description": f"The {name}.", **more}


def trees() -> dict[str, Any]:
    """A standard as its file has it: one row a tree."""
    must: dict[str, Any] = {"constraints": {"required": True}}
    return {
        "name": "trees",
        "title": "Trees",
        "description": "Trees in streets.",
        "subject": "street-trees",
        "grain": "one tree",
        "version": "1.0.0",
        "review_by": "2027-11-30",
        "based_on": [{"name": "A published standard", "url": "https://example.org/trees", "note": "Names."}],
        "primaryKey": ["city", "tree_id"],
        "time": "planted_on",
        "kind": "species",
        "missingValues": [""],
        "orders": [["planted_on", "felled_at"]],
        "fields": [
            field("city", **must),
            field("tree_id", **must),
            field("planted_on", "date"),
            field("felled_at", "datetime"),
            field("species", codelist="species", raw="species_raw", based_on="SPEC"),
            field("species_raw"),
            field("height", "number", unit="feet", constraints={"minimum": 0, "maximum": 400}),
            field("alive", "boolean"),
            field("note", free_text=True),
            field("latitude", "number", constraints={"minimum": -90, "maximum": 90}),
            field("longitude", "number", constraints={"minimum": -180, "maximum": 180}),
        ],
        "codelists": {
            "species": {
                "title": "Species",
                "source": "Common Ground",
                "codes": [
                    {"code": "oak", "label": "Oak", "definition": "Any oak.", "group": "Broad-leaved"},
                    {"code": "maple", "label": "Maple"},
                    {"code": "pine", "label": "Pine", "group": "Conifer"},
                ],
            }
        },
    }


CHICAGO = """
standard = "trees"
version = "1.0.0"
revision = 1
city = "chicago"
nothing = ["NA"]
[[sources]]
dataset = "chicago/abcd-1234"
[fields]
tree_id = "ID"
species = { column = "Species", codes = "species" }
species_raw = "Species"
[[place]]
latitude = "Lat"
longitude = "Lon"
[[place]]
x = "X"
y = "Y"
epsg = 3435
[[vintages]]
name = "since 2018"
when = ["ID", "Planted"]
[vintages.fields]
planted_on = { column = "Planted", formats = ["%m/%d/%Y"] }
height = { first = ["Height", "Height (ft)"] }
[[vintages]]
name = "before"
when = ["ID", "Date planted"]
[vintages.fields]
planted_on = "Date planted"
[codes.species]
"OAK, RED" = "oak"
"MAPLE" = "maple"
"""


def write(folder: Path, content: dict[str, Any]) -> Path:
    """The file of a standard in a folder of both kinds."""
    path = folder / "library" / str(content["name"]) / f"{content['version']}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content), encoding="utf-8")
    files.forget()
    return path


def draw(folder: Path, text: str, city: str = "chicago") -> Path:
    """The file of a crosswalk to trees in such a folder."""
    path = folder / "crosswalks" / "trees" / f"{city}.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    files.forget()
    return path
