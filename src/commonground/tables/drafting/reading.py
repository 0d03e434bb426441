"""The text of a crosswalk as people edit it: read and checked, each fault with its line. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from commonground.errors import Misconfigured, NotFound
from commonground.standards import files, fitting
from commonground.standards.crosswalk import Crosswalk
from commonground.words import City

MOST_BYTES: Final = 200_000
_NAME: Final = Path("crosswalk")
_AT_LINE: Final = re.compile(r"\s*\(at line (\d+), column \d+\)")
_HEADER: Final = re.compile(r"^\s*(\[\[?)\s*([^\[\]]+?)\s*\]")
_KEY: Final = re.compile(r"""^\s*("(?:[^"\\]|\\.)*"|'[^']*'|[\w.-]+)\s*=""")
_VALUE: Final = re.compile("“([^”]*)”")
_SHOWN: Final = 60


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong; `line` counts from 1, 0 where it stands in no one line."""

    line: int
    message: str


@dataclass(frozen=True, slots=True)
class Read:
    """A text as it was understood; the crosswalk is there only where nothing is wrong."""

    crosswalk: Crosswalk | None
    faults: tuple[Fault, ...] = ()


def read(text: str, members: Mapping[str, City], *, standard: str = "", city: str = "") -> Read:
    """Read and check a text. `standard` and `city` are those that it must be of, where that is settled."""
    size = len(text.encode("utf-8", "replace"))
    if size > MOST_BYTES:
        return Read(None, (Fault(0, f"The text has {size:,} bytes; at most {MOST_BYTES:,} are read."),))
    try:
        content = files.toml(text)
    except ValueError as error:  # TOML's own errors are such, and Python's of a number without end
        return Read(None, (_no_toml(str(error), text),))
    places = _places(text)
    try:
        found = files.parsed(content, _NAME)
    except Misconfigured as error:
        lines = (one.removeprefix(f"{_NAME}: ") for one in error.message.splitlines())
        return Read(None, tuple(_fault(one, places) for one in lines))
    except RecursionError:
        return Read(None, (Fault(0, "Expressions stand too deep in each other."),))
    told = list(dict.fromkeys(_unfit(found, members, standard, city)))
    faults = sorted((_fault(one, places) for one in told[:_SHOWN]), key=lambda one: one.line)
    return Read(None if faults else found, tuple(faults))


def _unfit(found: Crosswalk, members: Mapping[str, City], standard: str, city: str) -> Iterator[str]:
    if standard and found.standard != standard:
        yield f"standard: this page is about {standard}, and the text about “{found.standard}”. Write {standard}."
    if city and found.city != city:
        yield f"city: this page is about {city}, and the text about “{found.city}”. Write {city}."
    try:
        agreed = files.standard(found.standard, found.version)
    except NotFound as error:
        yield f"{'version' if error.message.startswith('No version') else 'standard'}: {error}"
        return
    yield from fitting.unfit(found, agreed, members)


def _no_toml(said: str, text: str) -> Fault:
    found = _AT_LINE.search(said)
    line = int(found[1]) if found else len(text.splitlines())
    return Fault(line, f"This is not TOML: {_AT_LINE.sub('', said)}.")


def _places(text: str) -> dict[str, int]:
    """The line of each table and key, by the name that messages give it: `vintages[0].fields.permit_id`."""
    found: dict[str, int] = {}
    counts: dict[str, int] = {}
    prefix, within = "", ""
    for number, line in enumerate(text.splitlines(), 1):
        if within:
            within = "" if within in line else within
            continue
        if header := _HEADER.match(line):
            prefix = _table(header[2], header[1] == "[[", counts)
            found.setdefault(prefix, number)
        elif key := _KEY.match(line):
            name = key[1].strip("\"'")
            found.setdefault(f"{prefix}.{name}" if prefix else name, number)
            within = next((marks for marks in ('"""', "'''") if line.count(marks) % 2), "")
    return found


def _table(name: str, several: bool, counts: dict[str, int]) -> str:  # noqa: FBT001 - one of a header's two facts
    """The name of a table as messages have it, with the place of each table of a list."""
    path = ""
    parts = [one.strip().strip("\"'") for one in name.split(".")]
    for place, part in enumerate(parts):
        bare = f"{path}.{part}" if path else part
        if place == len(parts) - 1 and several:
            counts[bare] = counts.get(bare, -1) + 1
        path = f"{bare}[{counts[bare]}]" if bare in counts else bare
    return path


def _fault(message: str, places: Mapping[str, int]) -> Fault:
    """With the line: of the key that the message begins with, or of the nearest table around it."""
    place = message.partition(": ")[0].split(" ")[0].rstrip(":")
    if place.startswith("codes."):
        for value in _VALUE.findall(message):
            if line := places.get(f"{place.partition('.“')[0]}.{value}"):
                return Fault(line, message)
    while place:
        if place in places:
            return Fault(places[place], message)
        place = place.rpartition("." if place.rfind(".") > place.rfind("[") else "[")[0]
    return Fault(0, message)
