"""One theme's TOML file: what may stand in it, and how it becomes subjects of the register. Pure.

The description of each field is the second half of every error message about it: "Write <description>."
"""

from __future__ import annotations

import tomllib
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from commonground.errors import Misconfigured
from commonground.overlap.facets import Geometry, Grain, Timing
from commonground.overlap.subjects import Register, Subject, alike, distinct, key

SLUG = r"^[a-z0-9]+(-[a-z0-9]+)*$"
MOST_NAMES = 100
SHOWN = 80  # characters of a wrong value


def _one_line(value: str) -> str:
    if any(unicodedata.category(one) == "Cc" for one in value):
        raise ValueError(f"{_shown(value)} has a line break or another control character")
    return value


def _with_words(value: str) -> str:
    if not key(value):
        raise ValueError(f"“{value}” has neither letter nor digit")
    return value


Line = Annotated[str, AfterValidator(_one_line)]
Name = Annotated[Line, Field(min_length=3, max_length=120), AfterValidator(_with_words)]
Slug = Annotated[str, Field(pattern=SLUG, max_length=80)]


class SubjectForm(BaseModel):
    """A subject as it is written: `[subjects.<slug>]`, and the form that a `SubjectVersion` keeps."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    label: Name = Field(description="a plain name of 3 to 120 characters, such as “Building permits”")
    definition: Line = Field(
        min_length=10, max_length=400, description="one plain sentence that says what belongs here"
    )
    row: Name = Field(description="what one row is, such as “one permit”")
    grain: Grain = Field(description=f"one of {', '.join(Grain)}")
    timing: Timing = Field(default=Timing.UNKNOWN, description=f"one of {', '.join(Timing)}")
    geometry: tuple[Geometry, ...] = Field(default=(), description=f"a list of {', '.join(Geometry)}")
    synonyms: tuple[Name, ...] = Field(
        default=(), max_length=MOST_NAMES, description=f"at most {MOST_NAMES} names of 3 to 120 characters each"
    )
    near: tuple[Slug, ...] = Field(default=(), max_length=20, description="a list of at most 20 slugs of subjects")
    sources: tuple[Name, ...] = Field(default=(), max_length=20, description="a list of at most 20 names of sources")

    def subject(self, slug: str, theme: str) -> Subject:
        """The same in the words of the house."""
        return Subject(slug=slug, theme=theme, **{name: getattr(self, name) for name in type(self).model_fields})


class ThemeForm(BaseModel):
    """A whole file. Its name is the theme's slug."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    label: Name = Field(description="the plain name of the theme, such as “Public safety”")
    place: int = Field(ge=1, strict=True, description="its place among the themes: 1 comes first")
    subjects: dict[Slug, SubjectForm] = Field(
        min_length=1, description="tables [subjects.<slug>]; a slug has small letters, digits and single hyphens"
    )


def read(folders: Iterable[Path]) -> Register:
    """The register of all TOML files of some folders. Raises `Misconfigured`: a line for each thing wrong."""
    themes = [(path, _theme(path)) for folder in folders for path in sorted(folder.glob("*.toml"))]
    themes.sort(key=lambda pair: (pair[1].place, pair[0].stem))
    subjects: dict[str, Subject] = {}
    wrong: list[str] = []
    for path, form in themes:
        for slug, one in form.subjects.items():
            if slug in subjects:
                wrong.append(f"{path}: subjects.{slug}: this slug stands twice. Rename one, or join the two.")
            subjects[slug] = one.subject(slug, path.stem)
            wrong += [f"{path}: subjects.{slug}.{fault}" for fault in _names_twice(one)]
    wrong += _between(subjects)
    if wrong:
        raise Misconfigured("\n".join(wrong))
    labels: dict[str, str] = {}
    for path, form in themes:
        labels.setdefault(path.stem, form.label)
    order = list(labels)
    ordered = sorted(subjects.values(), key=lambda one: order.index(one.theme))
    return Register(labels, {one.slug: one for one in ordered})


def _names_twice(form: SubjectForm) -> Iterator[str]:
    """Synonyms that say the label again, or one another."""
    left = list(distinct(form.synonyms, label=form.label))
    for name in form.synonyms:
        if alike(name) == alike(form.label):
            yield f"synonyms: “{name}” is the subject's own label. Remove it."
        elif name in left:
            left.remove(name)
        else:
            yield f"synonyms: “{name}” stands twice. Remove one."


def _between(subjects: Mapping[str, Subject]) -> Iterator[str]:
    """What is wrong between subjects: a name that two have, and `near` to nothing."""
    holder: dict[str, str] = {alike(slug): slug for slug in subjects}
    for slug, one in subjects.items():
        for name in one.names:
            other = holder.setdefault(alike(name), slug)
            if other != slug:
                yield f"{one.theme}.toml: subjects.{slug}: “{name}” is a name of {other} too. Keep it in one of them."
        for other in one.near:
            if other not in subjects or other == slug:
                reason = "is the subject itself" if other == slug else "is no subject of the register"
                yield f"{one.theme}.toml: subjects.{slug}.near: “{other}” {reason}. Remove or correct it."


def _theme(path: Path) -> ThemeForm:
    try:
        return ThemeForm.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Misconfigured(f"{path}: this is not TOML: {error}.", advice="Correct the line that it names.") from error
    except OSError as error:
        raise Misconfigured(f"{path}: cannot be read: {error.strerror}.", advice="Check its permissions.") from error
    except ValidationError as error:
        raise Misconfigured("\n".join(f"{path}: {fault}" for fault in faults(error))) from error


def faults(error: ValidationError) -> Iterator[str]:
    """What is wrong with a theme or a subject, and what to write instead."""
    for one in error.errors(include_url=False):
        names = [part for part in one["loc"] if isinstance(part, str) and part != "[key]"]
        fields = ThemeForm.model_fields | SubjectForm.model_fields
        fix = next((f" Write {fields[name].description}." for name in reversed(names) if name in fields), "")
        where = ".".join(str(part) for part in one["loc"] if part != "[key]")
        match one["type"]:
            case "missing":
                yield f"{where} is missing.{fix}"
            case "extra_forbidden":
                yield f"{where} is no key of a subject. Remove it; known keys: {', '.join(SubjectForm.model_fields)}."
            case "value_error":
                yield f"{where}: {one['ctx']['error']}.{fix}"
            case _:
                yield f"{where}: {_shown(one['input'])} will not do.{fix}"


def _shown(given: Any) -> str:  # noqa: ANN401 - whatever stands in the file
    """The value as a person wrote it, cut when it is long."""
    text = f"{len(given)} of them" if isinstance(given, list | tuple | dict) else repr(given)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"
