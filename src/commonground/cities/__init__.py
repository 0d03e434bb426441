"""Facts about the member cities, one TOML file each. Adding a city is adding a file.

The name of a file is the city's slug. All orders are alphabetical by slug.
"""

from __future__ import annotations

import difflib
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from commonground.cities import files
from commonground.errors import Misconfigured, NotFound

if TYPE_CHECKING:
    from collections.abc import Mapping

    from commonground.words import City, Portal

PACKAGED = Path(__file__).parent


@cache
def cities() -> Mapping[str, City]:
    """The packaged cities by slug."""
    return load()


def load(*folders: Path) -> dict[str, City]:
    """The packaged cities and those of further folders of TOML files, by slug.

    A file of the same name replaces a city whole. Raises `Misconfigured` for a wrong file, or for a
    portal slug or host that stands twice over all of them; `NotFound` for a folder that is not there.
    """
    paths: dict[str, Path] = {}
    for folder in (PACKAGED, *folders):
        paths.update(_paths(folder))
    found = {slug: files.read(paths[slug]) for slug in sorted(paths)}
    _check_unique(found, paths)
    return found


def portals(members: Mapping[str, City]) -> dict[str, Portal]:
    """All portals by slug, in the order of cities, each city's main portal first."""
    return {portal.slug: portal for city in members.values() for portal in city.portals}


def city(word: str, members: Mapping[str, City]) -> City:
    """The city of that slug; `new-york` and `New York` are understood too. Raises `NotFound`."""
    slug = re.sub(r"[^a-z0-9]+", "_", word.strip().lower()).strip("_")
    for one in members.values():
        if slug in {one.slug, one.name.lower().replace(" ", "_"), one.short.lower()}:
            return one
    raise NotFound(f"No city “{word}”.", advice=_near(slug, list(members)))


def portal(word: str, members: Mapping[str, City]) -> Portal:
    """The portal of that slug or host. Raises `NotFound`."""
    known = portals(members)
    for one in known.values():
        if word.strip().lower() in {one.slug, one.host}:
            return one
    raise NotFound(f"No portal “{word}”.", advice=_near(word, list(known)))


def _paths(folder: Path) -> dict[str, Path]:
    if not folder.is_dir():
        raise NotFound(f"No folder {folder}.", advice="Name a folder of city files: philadelphia.toml …")
    paths = {path.stem: path for path in sorted(folder.glob("*.toml"))}
    for slug, path in paths.items():
        if not re.fullmatch(files.SLUG, slug):
            raise Misconfigured(
                f"{path}: the name of the file is the city's slug, and “{slug}” is none.",
                advice="Use small letters, digits and single underscores, such as new_york.toml.",
            )
    return paths


def _check_unique(found: Mapping[str, City], paths: Mapping[str, Path]) -> None:
    taken: dict[str, Path] = {}
    for slug, member in found.items():
        for place, one in enumerate(member.portals):
            for key, value in (("slug", one.slug), ("url", one.host)):
                if value in taken:
                    raise Misconfigured(
                        f"{paths[slug]}: portals[{place}].{key}: “{value}” stands already in {taken[value]}.",
                        advice="Every portal has a slug and a host of its own: change one or remove one.",
                    )
                taken[value] = paths[slug]


def _near(word: str, known: list[str]) -> str:
    close = difflib.get_close_matches(word, known, n=1)
    return f"Did you mean “{close[0]}”?" if close else f"Known: {', '.join(known)}."
