"""What persons decide about overlap: kept for ever, with who, when and why. The newest that nobody took back stands.

    mine = decide(place("building-permits", "chicago/ydr8-5enu"), Said(Verdict.CONFIRMED), user, seen=None)
    undo(mine, user)

`seen` is the id of the decision that the person saw as standing: of two who decide at the same moment, the second is
told what the first said (`errors.Decided`), and decides again or leaves it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from django.contrib.auth.models import AnonymousUser, User
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet

from commonground.catalog import browse
from commonground.catalog.models import Dataset
from commonground.catalog.settle import batches
from commonground.errors import Decided, NotFound, Usage
from commonground.overlap import register
from commonground.overlap.entries import of, schema
from commonground.overlap.facets import Nature, Relation, Verdict
from commonground.overlap.matters import Matter
from commonground.overlap.models import Decision, Guess, Standing
from commonground.overlap.persons import signed
from commonground.words import State

if TYPE_CHECKING:
    from collections.abc import Mapping

PERMISSION: Final = "overlap.add_decision"
LONGEST_WHY: Final = 2_000
LONGEST_SUBJECT: Final = 80
"""Letters of a subject's or a standard's name, as the table has room for."""
_AGAIN: Final = "Look and decide again."
Kind = Decision.Kind
_NAMES: Final = {
    Kind.MATCH: ("a", "b"),
    Kind.GRAIN: ("a",),
    Kind.COLUMN: ("a", "column_a", "b", "column_b"),
    Kind.FIELD: ("a", "column_a", "subject", "column_b"),
    Kind.PLACE: ("subject",),
}
"""What a matter of each kind must name; a place names a data set or a city beside it."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a person says of a matter: a verdict (with a relation where it is “related”), or of a grain the nature."""

    verdict: Verdict | None = None
    relation: Relation | None = None
    nature: Nature | None = None
    why: str = ""


def may_decide(user: User | AnonymousUser) -> bool:
    """Whether this person may confirm, reject, and take back."""
    return user.has_perm(PERMISSION)


def decide(matter: Matter, said: Said, by: User | str, *, seen: int | None) -> Decision:
    """Keep what a person said, and let it stand. The same said twice is kept once: the one that stands is returned.

    Raises `NotFound` for a dataset, column or subject that we do not know, `Usage` for what cannot be said of this
    matter, and `Decided` when something else stands than the person saw.
    """
    made = _made(matter, said, by)
    try:
        return _stood(made, seen)
    except IntegrityError:  # the first decision of this matter came from two at once; the other one was quicker
        return _stood(made, seen)


def undo(decision: Decision, by: User | str, *, why: str = "") -> Decision:
    """Take back the decision that stands; what stood before it stands again. Taken back twice is kept once.

    Returns the row that says so. Raises `Decided` when another one stands by now, `Usage` for a row that took one back.
    """
    if decision.kind == Kind.UNDO:
        raise Usage("What took a decision back cannot be taken back.", advice="Decide again.")
    with transaction.atomic():
        held = _locked(decision.matter)
        earlier = Decision.objects.filter(undoes=decision).first()
        if earlier:
            return earlier
        if held is None or held.decision_id != decision.pk:
            raise _told(held)
        row = Decision.objects.create(
            matter=decision.matter,
            kind=Kind.UNDO,
            **{name: getattr(decision, name) for name in ("subject", "a", "b", "column_a", "column_b")},
            why=_why(why),
            undoes=decision,
            **signed(by),
        )
        rest = Decision.objects.filter(matter=decision.matter, undone_by=None).exclude(kind=Kind.UNDO)
        Standing.objects.filter(pk=held.pk).update(decision=rest.first(), newest=row)
    return row


@transaction.atomic
def _stood(made: Decision, seen: int | None) -> Decision:
    held = _locked(made.matter)
    now = held.decision if held else None
    if now is not None and _same(now, made):
        return now
    if (now.pk if now else None) != seen:
        raise _told(held)
    made.pk = None
    made.save(force_insert=True)
    if held:
        Standing.objects.filter(pk=held.pk).update(decision=made, newest=made)
    else:
        Standing.objects.create(matter=made.matter, decision=made, newest=made)
    return made


def _locked(matter: str) -> Standing | None:
    """What stands, under a lock to the end of the transaction: the row's, or on SQLite that of the whole database.

    The decisions it names are read after it, one by one: who waits for the lock would else join the row as it is now
    with decisions as they were when the waiting began, and find nothing.
    """
    return Standing.objects.select_for_update().filter(matter=matter).first()


def _same(now: Decision, made: Decision) -> bool:
    """The same again; a reason that it did not have yet makes it another one, and so do new columns."""
    alike = ("verdict", "relation", "nature", "schema_a", "schema_b")
    return all(getattr(now, name) == getattr(made, name) for name in alike) and made.why in {"", now.why}


def _told(held: Standing | None) -> Decided:
    """What the other person did."""
    if held is None:
        return Decided("Nothing is decided here.", advice=_AGAIN)
    newest = held.newest
    if newest.undoes:
        return Decided(f"{newest.by} took back a moment ago: {said_in_short(newest.undoes)}.", advice=_AGAIN)
    return Decided(f"{newest.by} decided this a moment ago: {said_in_short(newest)}.", advice=_AGAIN)


def said_in_short(one: Decision) -> str:
    """A decision in a word or two, for messages: “confirmed”, “related (subset)”, “records”."""
    said = one.verdict or one.nature.get("grain", "")
    return f"{said} ({one.relation})" if one.relation else said


def _made(matter: Matter, said: Said, by: User | str) -> Decision:
    """The row, not kept yet. Raises as `decide`."""
    _check(matter, said)
    sides = ((matter.a, matter.column_a), (matter.b, matter.column_b))
    schemas = [_checked(key, column) if key and matter.a else "" for key, column in sides]
    return Decision(
        matter=matter.key,
        **asdict(matter),
        verdict=said.verdict or "",
        relation=said.relation or "",
        nature=_nature(said.nature) if said.nature else {},
        why=_why(said.why),
        schema_a=schemas[0],
        schema_b=schemas[1],
        **signed(by),
    )


def _check(matter: Matter, said: Said) -> None:
    if not all(getattr(matter, name) for name in _NAMES[Kind(matter.kind)]):
        raise Usage(f"Only a part of a {matter.kind} is named.", advice="Name both sides.")
    if len(matter.subject) > LONGEST_SUBJECT:
        raise Usage(f"No name has {len(matter.subject):,} letters.", advice=f"It has at most {LONGEST_SUBJECT}.")
    if matter.a and matter.a == matter.b:
        raise Usage(f"{matter.a} cannot be compared with itself.", advice="Name another data set.")
    if matter.kind == Kind.PLACE and matter.subject not in register.subjects():
        raise NotFound(f"No subject “{matter.subject}”.", advice="The matrix lists the subjects of the register.")
    if matter.kind == Kind.PLACE and not matter.a and matter.b not in browse.known_cities():
        raise NotFound(f"No city “{matter.b}”.", advice="Name it by its slug, such as new_york.")
    if matter.kind == Kind.PLACE and not matter.a and said.verdict != Verdict.REJECTED:
        raise Usage("Of a city can only be said that it has none.", advice="Confirm one of its data sets.")
    if (matter.kind == Kind.GRAIN) != (said.nature is not None) or (matter.kind == Kind.GRAIN) == bool(said.verdict):
        raise Usage(f"That is nothing to say of a {matter.kind}.", advice="Say confirmed, rejected or related.")
    if (said.verdict == Verdict.RELATED) != bool(said.relation):
        raise Usage("What is related is so in some way.", advice=f"Say how: {', '.join(Relation)}.")


def _checked(key: str, column: str) -> str:
    """The fingerprint of a dataset's columns. A withdrawn one can be decided about; one never held cannot."""
    row = browse.dataset(key)
    if row.key != key:
        raise NotFound(f"No data set “{key}”.", advice=f"Its id is {row.key}.")
    if row.revision is None:
        return ""
    columns = of(row.revision.form).columns
    if column and column not in {name for one in columns or () for name in (one.name, one.field)}:
        raise NotFound(f"No column “{column}” in {key}.", advice="Name it as it is published.")
    return schema(columns)


def _nature(nature: Nature) -> dict[str, Any]:
    return {"grain": nature.grain, "by": list(nature.by), "timing": nature.timing, "geometry": nature.geometry}


def _why(text: str) -> str:
    return text.replace("\x00", "").strip()[:LONGEST_WHY]


def history(*, matter: str = "", dataset: str = "", subject: str = "", city: str = "") -> QuerySet[Decision]:
    """All that was decided and taken back, the newest first: of one matter, dataset, subject (with the subjects
    that were merged into it) or city (by slug), or of all.
    """
    rows = Decision.objects.select_related("undoes", "undone_by")
    if matter:
        rows = rows.filter(matter=matter)
    if dataset:
        rows = rows.filter(Q(a=dataset) | Q(b=dataset))
    if subject:
        known = register.current()
        rows = rows.filter(subject__in=[subject, *(slug for slug in known.merged if known.resolve(slug) == subject)])
    if city:
        about = Q(kind__in=(Kind.PLACE, Kind.UNDO), a="", b=city)
        for slug in [one.slug for one in browse.known_portals().values() if one.city == city]:
            about |= Q(a__startswith=f"{slug}/") | Q(b__startswith=f"{slug}/")
        rows = rows.filter(about)
    return rows


def standing(*kinds: str, dataset: str = "", subject: str = "") -> QuerySet[Decision]:
    """The decisions that stand, of these kinds or all; also those about a dataset that has gone since."""
    rows = history(dataset=dataset, subject=subject).filter(pk__in=Standing.objects.values("decision"))
    return rows.filter(kind__in=kinds) if kinds else rows


def standing_of(those: Iterable[Matter]) -> dict[Matter, Decision]:
    """Of some matters the decision that stands, where one does."""
    asked = {one.key: one for one in those}
    found: dict[Matter, Decision] = {}
    for some in batches(sorted(asked)):
        held = Standing.objects.filter(matter__in=some, decision__isnull=False).select_related("decision")
        found |= {asked[one.matter]: one.decision for one in held if one.decision}
    return found


def newest(matter: Matter) -> Decision | None:
    """What was said of a matter last, be it that something was taken back."""
    return history(matter=matter.key).first()


def schemas(keys: Iterable[str]) -> dict[str, str]:
    """The fingerprint of each dataset's columns as they are now; those we do not hold are left out."""
    found: dict[str, str] = {}
    for some in batches(sorted(keys)):
        found |= dict(Guess.objects.filter(dataset__key__in=some).values_list("dataset__key", "schema"))
        rest = Dataset.objects.filter(key__in=[key for key in some if key not in found], revision__isnull=False)
        found |= {key: schema(of(form).columns) for key, form in rest.values_list("key", "revision__form")}
    return found


def stands(decision: Decision, now: Mapping[str, str]) -> bool:
    """Whether a decision still speaks: all do, but a rejected pair is asked again once columns of it have changed.

    `now` is what `schemas` tells. Columns that were or are not known have not changed.
    """
    pairs = ((decision.schema_a, now.get(decision.a, "")), (decision.schema_b, now.get(decision.b, "")))
    return decision.verdict != Verdict.REJECTED or all(then == today or not then or not today for then, today in pairs)


def speaking(*kinds: str, dataset: str = "", subject: str = "") -> list[Decision]:
    """The decisions that stand and still speak (`stands`), of these kinds or all."""
    return still(standing(*kinds, dataset=dataset, subject=subject))


def still(rows: Iterable[Decision]) -> list[Decision]:
    """Without the rejections that speak no more, because columns have changed since."""
    every = list(rows)
    now = schemas({key for row in every if row.verdict == Verdict.REJECTED for key in (row.a, row.b) if "/" in key})
    return [row for row in every if stands(row, now)]


def gone(keys: Iterable[str]) -> dict[str, str]:
    """Of these datasets those that are no longer there, each with its state; `unknown` is one that we never held."""
    asked = set(keys)
    found: dict[str, str] = {}
    for some in batches(sorted(asked)):
        found |= dict(Dataset.objects.filter(key__in=some).values_list("key", "state"))
    lost = {key: state for key, state in found.items() if state == State.WITHDRAWN}
    return lost | dict.fromkeys(asked - found.keys(), "unknown")


def titles(rows: Iterable[Decision]) -> dict[str, str]:
    """The titles of the datasets that decisions are about, by id, of those that we hold."""
    keys = sorted({key for one in rows for key in (one.a, one.b) if key})
    found: dict[str, str] = {}
    for some in batches(keys):
        found |= dict(Dataset.objects.filter(key__in=some).values_list("key", "title"))
    return found


def form(one: Decision) -> dict[str, Any]:
    """A decision as JSON. `undone` says when and by whom it was taken back."""
    taken = getattr(one, "undone_by", None)
    return {
        "id": one.pk,
        "kind": one.kind,
        "subject": one.subject,
        "a": one.a,
        "b": one.b,
        "column_a": one.column_a,
        "column_b": one.column_b,
        "verdict": one.verdict,
        "relation": one.relation,
        "nature": one.nature,
        "why": one.why,
        "by": one.by,
        "at": one.at,
        "undoes": one.undoes_id,
        "undone": {"by": taken.by, "at": taken.at} if taken else None,
    }


def matter_of(one: Decision) -> Matter:
    """What a decision is about."""
    kind = one.undoes.kind if one.undoes else one.kind
    return Matter(kind, one.subject, one.a, one.b, one.column_a, one.column_b)


def place(subject: str, dataset: str) -> Matter:
    """Whether a dataset belongs to a subject."""
    return Matter(Kind.PLACE, subject, dataset)


def none_of(subject: str, city: str) -> Matter:
    """Whether a city publishes anything of a subject: who rejects this says that it has none."""
    return Matter(Kind.PLACE, subject, "", city)


def match(a: str, b: str) -> Matter:
    """Whether two datasets are the same thing; which of them is named first does not matter."""
    return Matter(Kind.MATCH, "", *sorted((a, b)))


def grain(dataset: str) -> Matter:
    """What one row of a dataset is."""
    return Matter(Kind.GRAIN, "", dataset)


def column(a: str, column_a: str, b: str, column_b: str) -> Matter:
    """Whether two columns mean the same; which of them is named first does not matter."""
    (a, column_a), (b, column_b) = sorted(((a, column_a), (b, column_b)))
    return Matter(Kind.COLUMN, "", a, b, column_a, column_b)


def field(dataset: str, column_name: str, standard: str, field_name: str) -> Matter:
    """Whether a column means a field of a standard; the standard's name stands where a subject would."""
    return replace(Matter(Kind.FIELD, standard, dataset), column_a=column_name, column_b=field_name)
