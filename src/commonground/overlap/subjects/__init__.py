"""The register of subjects: what city data sets are about, as data (one TOML file a theme). Pure.

Adding a subject is adding a table to a file; persons add and change further ones in the database (`register.py`).
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, cached_property, lru_cache
from pathlib import Path

from commonground.overlap.facets import Geometry, Grain, Timing

PACKAGED = Path(__file__).parent
_SMALL = frozenset({"a", "and", "by", "for", "in", "of", "on", "the", "to"})
_SHORT = 3  # letters of a word that is no plural: bus, gas


@dataclass(frozen=True, slots=True)
class Subject:
    """What a dataset can be about. `row` says in plain words what one row is ("one permit").

    `synonyms` are other names that cities really use, as they stand in titles. `geometry` lists what is fitting.
    `near` are slugs of subjects that are easily taken for this one.
    """

    slug: str
    label: str
    theme: str
    definition: str
    row: str
    grain: Grain
    timing: Timing = Timing.UNKNOWN
    geometry: tuple[Geometry, ...] = ()
    synonyms: tuple[str, ...] = ()
    near: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()

    @classmethod
    def named(cls, name: str) -> Subject:
        """A subject that is known by a name alone, as somebody asks for one that is not in the register."""
        return cls(slug="", label=name, theme="", definition=name, row="", grain=Grain.UNKNOWN)

    @property
    def names(self) -> tuple[str, ...]:
        """The label and the synonyms."""
        return (self.label, *self.synonyms)


@dataclass(frozen=True)
class Register:
    """Subjects by slug in the order of themes; labels of themes in order; slugs that were merged into others."""

    themes: Mapping[str, str]
    subjects: Mapping[str, Subject]
    merged: Mapping[str, str] = field(default_factory=dict)

    def resolve(self, slug: str) -> str:
        """The slug of the subject that lives on, however often it was merged; any other slug as it is."""
        seen: set[str] = set()
        while slug in self.merged and slug not in seen:
            seen.add(slug)
            slug = self.merged[slug]
        return slug

    def find(self, name: str) -> Subject | None:
        """The subject of that slug, label or synonym, however it is written; None when the register has none."""
        slug = self.resolve(name) if name in self.merged else self._slugs.get(alike(name), "")
        return self.subjects.get(slug)

    def clashes(self, subject: Subject) -> Iterator[tuple[str, Subject]]:
        """Names of a subject that another one has already, with the other one."""
        for name in (subject.slug, *subject.names):
            slug = self._slugs.get(alike(name), subject.slug)
            if slug != subject.slug:
                yield name, self.subjects[slug]

    def overlaid(self, persons: Mapping[str, Subject], merged: Mapping[str, str]) -> Register:
        """The register with what persons made of it. Where a later package gives one of their names to another
        subject, theirs stands.
        """
        taken = {alike(name) for one in persons.values() for name in (one.slug, *one.names)}
        kept = {
            slug: replace(one, synonyms=tuple(name for name in one.synonyms if alike(name) not in taken))
            for slug, one in self.subjects.items()
            if slug not in persons
        }
        alive = {slug: one for slug, one in {**kept, **persons}.items() if slug not in merged}
        known = Register(self.themes, alive, dict(merged))
        order = list(self.themes)
        tied = sorted((known._tied(one) for one in alive.values()), key=lambda one: order.index(one.theme))
        return replace(known, subjects={one.slug: one for one in tied})

    def _tied(self, subject: Subject) -> Subject:
        """With `near` as it is after merges."""
        near = dict.fromkeys(self.resolve(slug) for slug in subject.near)
        return replace(subject, near=tuple(slug for slug in near if slug in self.subjects and slug != subject.slug))

    @cached_property
    def version(self) -> str:
        """Twelve hexadecimal digits that change with anything in the register."""
        text = repr((list(self.themes.items()), list(self.subjects.items()), sorted(self.merged.items())))
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    @cached_property
    def _slugs(self) -> dict[str, str]:
        """The slug of each name's key. A slug outweighs a label, a label a synonym."""
        every = self.subjects.values()
        found = {alike(name): one.slug for one in every for name in one.synonyms}
        found |= {alike(one.label): one.slug for one in every}
        return found | {alike(one.slug): one.slug for one in every}


@cache
def packaged() -> Register:
    """The register of the package."""
    return load()


def load(*folders: Path) -> Register:
    """The packaged register and what further folders of TOML files add.

    Raises `Misconfigured` for a wrong file and for a slug or a name that stands twice over all of them.
    """
    from commonground.overlap.subjects import files

    return files.read((PACKAGED, *folders))


def key(name: str) -> str:
    """What makes two names the same: letters and digits, whatever their case and what stands between them."""
    folded = unicodedata.normalize("NFKC", name).casefold().replace("&", " and ")
    return re.sub(r"[\W_]+", " ", folded).strip()


@lru_cache(maxsize=20_000)
def alike(name: str) -> str:
    """As `key`, and with neither small words nor the s of a plural: two names alike are names of one subject."""
    words = key(name).split()
    telling = [word for word in words if word not in _SMALL] or words
    return " ".join(_singular(word) for word in telling)


def _singular(word: str) -> str:
    if len(word) <= _SHORT or word.endswith(("ss", "us", "is")):
        return word
    if word.endswith(("ches", "shes", "sses", "xes")):
        return word.removesuffix("es")
    return f"{word[:-3]}y" if word.endswith("ies") else word.removesuffix("s")


def distinct(names: Iterable[str], *, label: str) -> tuple[str, ...]:
    """Names without repetitions, and without the label itself."""
    found = {alike(name): name.strip() for name in reversed([*names])}
    found.pop(alike(label), None)
    return tuple(reversed(found.values()))
