"""The packaged standards and crosswalks: where their files are, which version is newest, and reading them whole.

    library/NAME/VERSION.json          one version of a standard: a Frictionless Table Schema, and ours
    crosswalks/NAME/CITY.toml          how one city's rows become rows of it

Another folder of the same two folders adds to the packaged files; a file of the same name replaces the packaged one. What
was read is kept for the life of the process; `forget` lets it go.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError

from commonground.cities import cities
from commonground.errors import Misconfigured, NotFound
from commonground.standards import fitting
from commonground.standards.crosswalk import Crosswalk
from commonground.standards.form import VERSION, StandardFile
from commonground.standards.model import Standard
from commonground.standards.soundness import unsound
from commonground.standards.telling import faults, near, refuse
from commonground.words import City

PACKAGED = Path(__file__).parent
_Form = TypeVar("_Form", bound=BaseModel)
DEEPEST: Final = 64
"""Parts of one key: the time to read a key grows with the square of them."""
_DEEP: Final = re.compile(rf"""(?<![\w-])(?:(?:[\w-]+|"[^"\n]*"|'[^'\n]*')[ \t]*\.[ \t]*){{{DEEPEST}}}""")


def standards(folder: Path | None = None) -> Mapping[str, Standard]:
    """The newest version of each standard, by name in alphabetical order. Raises `Misconfigured`."""
    return {name: standard(name, folder=folder) for name in sorted(_library(folder))}


def versions(name: str, folder: Path | None = None) -> tuple[str, ...]:
    """The versions of a standard, the oldest first. Raises `NotFound`."""
    library = _library(folder)
    if name not in library:
        raise NotFound(f"No standard “{name}”.", advice=near(name, sorted(library)))
    return tuple(library[name])


def standard(name: str, version: str | None = None, folder: Path | None = None) -> Standard:
    """One version of a standard, the newest by default; `building-permits` and `Building permits` are understood too.

    Raises `NotFound` with the nearest name or the versions that there are, `Misconfigured` for a wrong file.
    """
    slug = re.sub(r"[\s-]+", "_", name.strip().lower())
    known = versions(slug, folder)
    wanted = version or known[-1]
    if wanted not in known:
        raise NotFound(f"No version {wanted} of {slug}.", advice=f"There is {', '.join(known)}.")
    return _standard(_library(folder)[slug][wanted])


def crosswalks(
    standard: str | None = None, folder: Path | None = None, members: Mapping[str, City] | None = None
) -> tuple[Crosswalk, ...]:
    """All crosswalks, or those of one standard, by standard and city. Raises `Misconfigured`, `NotFound`.

    `members` are the cities they may be of; without it the packaged ones, and what was read is kept.
    """
    if standard is not None:
        versions(standard, folder)
    paths = _crosswalks(folder)
    return tuple(_known(paths[key], folder, members) for key in sorted(paths) if standard in {None, key[0]})


def mapped(standard: str, folder: Path | None = None) -> list[str]:
    """The cities that have a crosswalk to a standard, by slug; none of the files is read."""
    return sorted(city for name, city in _crosswalks(folder) if name == standard)


def crosswalk(
    standard: str, city: str, folder: Path | None = None, members: Mapping[str, City] | None = None
) -> Crosswalk:
    """The crosswalk of one city. Raises `NotFound` with the cities that have one, `Misconfigured` for a wrong file."""
    versions(standard, folder)
    paths = _crosswalks(folder)
    if (standard, city) not in paths:
        raise NotFound(f"No crosswalk from {city} to {standard}.", advice=near(city, mapped(standard, folder)))
    return _known(paths[standard, city], folder, members)


def read(path: Path) -> Standard:
    """The standard of one JSON file. Raises `Misconfigured`: one line for each thing wrong, with file, place and fix."""
    form = _validated(path, _decoded(path, json.loads, "JSON"), StandardFile, "a standard")
    lines = list(unsound(form))
    if form.version != path.stem:
        lines.append(f"version: {form.version} in a file that is named {path.name}. Name both alike.")
    if form.name != path.parent.name:
        lines.append(f"name: “{form.name}” in the folder {path.parent.name}. Name both alike.")
    refuse(path, lines)
    return form.standard()


def read_crosswalk(path: Path, members: Mapping[str, City] | None = None, folder: Path | None = None) -> Crosswalk:
    """The crosswalk of one TOML file, checked against its standard and its city.

    `members` are the cities it may be of, by default the packaged ones. Raises `Misconfigured` as `read` does.
    """
    found = parsed(_decoded(path, toml, "TOML"), path)
    lines = list(_misplaced(found, path))
    try:
        wanted = standard(found.standard, found.version, folder)
    except NotFound as error:
        refuse(path, [*lines, f"standard: {error.message} {error.advice}"])
        raise
    refuse(path, [*lines, *fitting.unfit(found, wanted, cities() if members is None else members)])
    return found


def parsed(content: dict[str, Any], path: Path) -> Crosswalk:
    """The crosswalk of a decoded file, not yet checked against its standard. Raises `Misconfigured`."""
    return _validated(path, content, Crosswalk, "a crosswalk")


def toml(text: str) -> dict[str, Any]:
    """The content of a TOML text. Raises `ValueError` with what is wrong, also where it would take minutes to read."""
    if deep := _DEEP.search(text):
        line = text.count("\n", 0, deep.start()) + 1
        raise ValueError(f"a key of more than {DEEPEST} parts (at line {line}, column 1)")
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise ValueError("brackets stand too deep in each other") from None


def forget() -> None:
    """Read all files anew from now on."""
    for kept in (_standard, _crosswalk, _library, _crosswalks):
        kept.cache_clear()


@cache
def _standard(path: Path) -> Standard:
    return read(path)


def _known(path: Path, folder: Path | None, members: Mapping[str, City] | None) -> Crosswalk:
    return _crosswalk(path, folder) if members is None else read_crosswalk(path, members, folder)


@cache
def _crosswalk(path: Path, folder: Path | None) -> Crosswalk:
    return read_crosswalk(path, folder=folder)


@cache
def _library(folder: Path | None) -> Mapping[str, Mapping[str, Path]]:
    """Name to version to path, versions in their order."""
    found: dict[str, dict[str, Path]] = {}
    for path in _files(folder, "library", ".json"):
        if not re.fullmatch(VERSION, path.stem):
            raise Misconfigured(
                f"{path}: the name of the file is the version, and “{path.stem}” is none.",
                advice="Name it by three numbers, such as 1.0.0.json.",
            )
        found.setdefault(path.parent.name, {})[path.stem] = path
    return {name: dict(sorted(some.items(), key=lambda one: order(one[0]))) for name, some in found.items()}


@cache
def _crosswalks(folder: Path | None) -> Mapping[tuple[str, str], Path]:
    """Standard and city to path."""
    return {(path.parent.name, path.stem): path for path in _files(folder, "crosswalks", ".toml")}


def order(version: str) -> tuple[int, ...]:
    """By which versions are sorted: 1.10.0 comes after 1.9.0."""
    return tuple(map(int, version.split(".")))


def _files(folder: Path | None, inside: str, ending: str) -> Iterable[Path]:
    if folder is not None and not folder.is_dir():
        raise NotFound(f"No folder {folder}.", advice="Name a folder with library/ or crosswalks/ in it.")
    places = [PACKAGED, folder] if folder else [PACKAGED]
    return [path for one in places for path in sorted((one / inside).glob(f"*/*{ending}"))]


def _misplaced(found: Crosswalk, path: Path) -> Iterable[str]:
    """One file a standard and city: its place says which, so two for the same cannot be."""
    if found.standard != path.parent.name:
        yield f"standard: “{found.standard}” in the folder {path.parent.name}. Name both alike."
    if found.city != path.stem:
        other = path.with_stem(found.city)
        there = f"; {other.name} is there already, and a city has one crosswalk to a standard" if other.exists() else ""
        yield f"city: “{found.city}” in a file that is named {path.name}{there}. Name both alike."


def _decoded(path: Path, decode: Callable[[str], Any], language: str) -> dict[str, Any]:
    try:
        content = decode(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise Misconfigured(f"{path}: cannot be read: {error.strerror}.", advice="Check its permissions.") from error
    except (ValueError, RecursionError) as error:  # TOML's, JSON's and Unicode's errors are ValueErrors
        raise Misconfigured(f"{path}: this is not {language}: {error}.", advice="Correct what it names.") from error
    if not isinstance(content, dict):
        raise Misconfigured(f"{path}: this is no {language} object.", advice="Write keys and values, within { and }.")
    return content


def _validated(path: Path, content: dict[str, Any], whole: type[_Form], kind: str) -> _Form:
    try:
        return whole.model_validate(content)
    except ValidationError as error:
        lines = [f"{path}: {one}" for one in faults(error, whole, kind)]
        raise Misconfigured("\n".join(lines)) from error
