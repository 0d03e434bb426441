"""What waits for a person's word, one at a time, what matters most first."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final

from commonground import cities as members
from commonground.catalog import browse, overview
from commonground.catalog.models import Dataset
from commonground.errors import NotFound
from commonground.overlap import decisions, evidence
from commonground.overlap.evidence import Table
from commonground.overlap.facets import WORTH_ASKING, Cell, Verdict
from commonground.overlap.matrix import SHOWN, Found, Line, Square
from commonground.overlap.models import Guess
from commonground.overlap.subjects import Subject

Form = dict[str, Any]

_HAS: Final = (Cell.YES, Cell.MAYBE)
_DOUBT: Final = 0.5
"""A weak guess is the more worth asking about, the nearer it is to this."""


@dataclass(frozen=True, slots=True)
class Item:
    """One question: does this dataset belong to this subject? `shared` counts the cities that have it or may."""

    subject: Subject
    square: Square
    found: Found
    shared: int

    @property
    def key(self) -> str:
        """The id of the dataset that is asked about: of a series the slice that was scored."""
        return self.found.scored or self.found.head.key


def waiting(*, city: str = "", subject: str = "", theme: str = "") -> list[Item]:
    """Everything undecided, in the order in which it is worth a person's time. Raises `NotFound` for a filter of
    another name.
    """
    table = evidence.table()
    slug = members.city(city, browse.known_cities()).slug if city else ""
    found = table.register.find(subject) if subject else None
    if subject and found is None:
        raise NotFound(f"No subject “{subject}”.", advice="The page /overlap lists the subjects.")
    if theme and theme not in table.register.themes:
        raise NotFound(f"No theme “{theme}”.", advice=f"One of: {', '.join(table.register.themes)}.")
    items = [
        Item(line.subject, square, one, line.count(*_HAS))
        for line in table.lines.values()
        if found in {None, line.subject} and theme in {"", line.subject.theme}
        for square in line.squares
        if slug in {"", square.city}
        for one in square.candidates[:SHOWN]
    ]
    return sorted(items, key=value)


def value(item: Item) -> tuple[object, ...]:
    """What comes first: a likely guess, one that would make a cell say Yes, a subject that many cities share."""
    score = item.found.score or 0.0
    weak = not item.found.open
    settled = item.square.state is Cell.YES or item.square.why.code == "said-none" or not item.found.fits
    near = abs(score - _DOUBT) if weak else -score
    return weak, settled, -item.shared, near, item.subject.slug, item.key


def form(item: Item) -> Form:
    """A question as JSON."""
    return {
        "subject": item.subject.slug,
        "label": item.subject.label,
        "theme": item.subject.theme,
        "city": item.square.city,
        "dataset": item.key,
        "title": item.found.head.title,
        "score": item.found.score,
        "band": item.found.band,
        "fits": item.found.fits,
        "cell": item.square.state,
        "shared": item.shared,
    }


def companion(item: Item) -> Found | None:
    """What a person compares with: a dataset of another city that somebody confirmed, else the likeliest one; rather
    one that shows all of its rows than a view of another.
    """
    others = [one for one in _line(item).squares if one.city != item.square.city]
    confirmed = [one for square in others for one in square.datasets if one.verdict is Verdict.CONFIRMED]
    likely = [one for square in others for one in square.candidates if one.band in WORTH_ASKING]
    some = confirmed or likely
    views = set(
        Dataset.objects.filter(key__in=[one.head.key for one in some], parent__gt="").values_list("key", flat=True)
    )
    return max(some, key=lambda one: (one.head.key not in views, one.score or 0.0), default=None)


def _line(item: Item) -> Line:
    return evidence.table().lines[item.subject.slug]


def subjects(table: Table) -> list[Form]:
    """All subjects by label, to name another one."""
    every = sorted(table.register.subjects.values(), key=lambda one: one.label.casefold())
    return [{"slug": one.slug, "label": one.label} for one in every]


def sides(keys: Collection[str]) -> dict[str, Form]:
    """What a person looks at to decide about datasets, by id: words, what one row is, columns, freshness."""
    rows = browse.with_forms().filter(key__in=list(keys), revision__isnull=False)
    found = {}
    for row in rows:
        form = row.revision.form if row.revision else {}
        found[row.key] = {
            "key": row.key,
            "title": row.title,
            "city": row.city,
            "city_name": overview.city_name(row.city),
            "description": form.get("description") or "",
            "publisher": form.get("publisher") or "",
            "kind": row.kind,
            "nature": nature(row),
            "columns": [one["name"] or one["field"] for one in form.get("columns") or ()],
            "columns_known": form.get("columns_known", True),
            "rows": form.get("row_count"),
            "updated": row.updated,
            "state": row.state,
            "zone": overview.timezone_of(row.city),
            "url": browse.path(row),
            "landing_page": form.get("landing_page") or "",
        }
    return found


def nature(row: Dataset) -> Form:
    """What one row of a dataset is: as a person set it, else as guessed; `decision` is the id of the person's word."""
    matter = decisions.grain(row.key)
    said = decisions.standing_of([matter]).get(matter)
    if said:
        return {**said.nature, "why": [said.why] if said.why else [], "says": said.by, "decision": said.pk}
    guess = Guess.objects.filter(dataset=row).first()
    unknown: Form = {"grain": "unknown", "by": [], "timing": "unknown", "geometry": "unknown", "why": []}
    told = {name: getattr(guess, name) for name in unknown} if guess else unknown
    return {**told, "says": None, "decision": None}
