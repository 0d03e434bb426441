"""`commonground overlap review`, `confirm`, `reject`, `related`, `grain`, `none`, `undo`, `history`: what persons say."""

from __future__ import annotations

import getpass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from commonground.cli.home import ready
from commonground.cli.output import Json, as_json, as_table, say
from commonground.cli.overlap.compared import up_to_date

if TYPE_CHECKING:
    from commonground.overlap.decisions import Said
    from commonground.overlap.matters import Matter

What = Annotated[str, typer.Argument(help="A subject (slug or name), or the id of another data set.")]
Id = Annotated[str, typer.Argument(help="The data set: PORTAL/NATIVE-ID, or HOST/NATIVE-ID.")]
By = Annotated[str, typer.Option(help="Who decides; by default the user of this computer.")]
Why = Annotated[str, typer.Option(help="The reason, for those who ask later.")]
ColumnA = Annotated[str, typer.Option(help="A column of the other data set: decide about columns.")]
ColumnB = Annotated[str, typer.Option(help="The column of the data set that is, or is not, the same.")]


def review(
    *,
    city: Annotated[str, typer.Option(help="Only of this city (slug or name).")] = "",
    subject: Annotated[str, typer.Option(help="Only of this subject.")] = "",
    theme: Annotated[str, typer.Option(help="Only of this theme.")] = "",
    top: Annotated[int, typer.Option(min=1, max=1000, help="How many.")] = 10,
    json: Json = False,
) -> None:
    """What waits for a person's word, what matters most first.

    Example: commonground overlap review --city boston --top 5 --json
    """
    up_to_date()
    from commonground.overlap import queue

    found = queue.waiting(city=city, subject=subject, theme=theme)
    forms = [queue.form(one) for one in found[:top]]
    if json:
        as_json({"total": len(found), "questions": forms})
        return
    say(f"{len(found):,} question{'' if len(found) == 1 else 's'}.")
    rows = [(one["subject"], one["dataset"], one["band"], f"{one['score'] or 0:.2f}", one["title"]) for one in forms]
    as_table(("subject", "data set", "band", "score", "title"), rows)
    if forms:
        say("Decide with commonground overlap confirm SUBJECT ID, or reject, or related.")


def confirm(
    what: What,
    id: Id,  # noqa: A002 - shown in --help
    *,
    column_a: ColumnA = "",
    column_b: ColumnB = "",
    why: Why = "",
    by: By = "",
    json: Json = False,
) -> None:
    """Confirm that a data set is about a subject, or the same as another one; once and for ever.

    Example: commonground overlap confirm building-permits chicago/ydr8-5enu --by "Open Data Team"
    """
    _decide((what, id, column_a, column_b), "confirmed", why=why, by=by, json=json)


def reject(
    what: What,
    id: Id,  # noqa: A002 - shown in --help
    *,
    column_a: ColumnA = "",
    column_b: ColumnB = "",
    why: Why = "",
    by: By = "",
    json: Json = False,
) -> None:
    """Say that it is not; it comes back only when columns change.

    Example: commonground overlap reject building-permits chicago/x2n5-8w5q --why "These are crimes."
    """
    _decide((what, id, column_a, column_b), "rejected", why=why, by=by, json=json)


def related(
    what: What,
    id: Id,  # noqa: A002 - shown in --help
    *,
    relation: Annotated[str, typer.Option("--as", help="subset, aggregate, indicator or other.")] = "other",
    why: Why = "",
    by: By = "",
    json: Json = False,
) -> None:
    """Say that it is related: a part of it, totals of it, a measure of it.

    Example: commonground overlap related building-permits chicago/ydr8-5enu --as subset
    """
    _decide((what, id, "", ""), "related", relation=relation, why=why, by=by, json=json)


def grain(
    id: Id,  # noqa: A002 - shown in --help
    grain: Annotated[str, typer.Argument(help="records, aggregate, reference, indicator, map or unknown.")],
    *,
    count_by: Annotated[
        list[str] | None, typer.Option("--of", help="By what an aggregate counts; again for more.")
    ] = None,
    why: Why = "",
    by: By = "",
    json: Json = False,
) -> None:
    """Say what one row of a data set is.

    Example: commonground overlap grain chicago/ydr8-5enu records
    """
    ready()
    from commonground.catalog import browse
    from commonground.overlap import decisions
    from commonground.overlap.facets import Grain, Nature

    nature = Nature(_one_of(Grain, grain), tuple(count_by or ()))
    _keep(decisions.grain(browse.dataset(id).key), decisions.Said(nature=nature, why=why), by, json=json)


def none(
    subject: Annotated[str, typer.Argument(help="A subject (slug or name).")],
    city: Annotated[str, typer.Argument(help="A city (slug or name).")],
    *,
    why: Why = "",
    by: By = "",
    json: Json = False,
) -> None:
    """Say that a city publishes nothing about a subject: its cell of the matrix says no.

    Example: commonground overlap none bike-share-trips boston --why "The operator publishes it, not the city."
    """
    ready()
    from commonground.catalog import browse
    from commonground.overlap import decisions
    from commonground.overlap.facets import Verdict

    matter = decisions.none_of(_slug(subject), browse.city_slug(city))
    _keep(matter, decisions.Said(Verdict.REJECTED, why=why), by, json=json)


def undo(
    number: Annotated[int, typer.Argument(help="The decision's number, as commonground overlap history says it.")],
    *,
    why: Why = "",
    by: By = "",
    json: Json = False,
) -> None:
    """Take a decision back; what stood before it stands again, and both stay in the history.

    Example: commonground overlap undo 12 --why "Read the wrong title."
    """
    ready()
    from commonground.errors import NotFound
    from commonground.overlap import decisions
    from commonground.overlap.models import Decision

    found = Decision.objects.filter(pk=number).first()
    if found is None:
        raise NotFound(f"No decision {number}.", advice="commonground overlap history lists them.")
    row = decisions.undo(found, by or getpass.getuser(), why=why)
    if json:
        as_json(decisions.form(row))
    else:
        say(f"Taken back: {found}.")


def history(
    *,
    dataset: Annotated[str, typer.Option(help="Only about this data set.")] = "",
    subject: Annotated[str, typer.Option(help="Only about this subject.")] = "",
    city: Annotated[str, typer.Option(help="Only about data sets of this city.")] = "",
    top: Annotated[int, typer.Option(min=1, max=10_000, help="How many, the newest first.")] = 20,
    json: Json = False,
) -> None:
    """What was decided, by whom, when and why.

    Example: commonground overlap history --dataset chicago/ydr8-5enu --json
    """
    ready()
    from commonground.catalog import browse
    from commonground.overlap import decisions

    key = browse.dataset(dataset).key if dataset else ""
    slug = browse.city_slug(city) if city else ""
    rows = decisions.history(dataset=key, subject=_slug(subject) if subject else "", city=slug)
    forms = [decisions.form(one) for one in rows[:top]]
    if json:
        as_json({"total": rows.count(), "decisions": forms})
        return
    heads = ("number", "at", "by", "kind", "about", "said", "why")
    as_table(
        heads,
        [(str(one["id"]), one["at"], one["by"], one["kind"], _about(one), _said(one), one["why"]) for one in forms],
    )


def _about(form: dict[str, Any]) -> str:
    parts = (form["subject"], form["a"], form["column_a"], form["b"], form["column_b"])
    return " · ".join(part for part in parts if part)


def _said(form: dict[str, Any]) -> str:
    if form["undoes"]:
        return f"took back {form['undoes']}"
    return " ".join(filter(None, (form["verdict"] or form["nature"].get("grain", ""), form["relation"])))


def _decide(
    about: tuple[str, str, str, str], verdict: str, *, relation: str = "", why: str, by: str, json: bool
) -> None:
    ready()
    from commonground.overlap.decisions import Said
    from commonground.overlap.facets import Relation, Verdict

    related = _one_of(Relation, relation) if relation else None
    _keep(_matter(*about), Said(Verdict(verdict), related, why=why), by, json=json)


def _matter(what: str, key: str, column_a: str, column_b: str) -> Matter:
    """What is decided about: a data set and a subject, or two data sets, or columns of these."""
    from commonground.catalog import browse
    from commonground.errors import Usage
    from commonground.overlap import decisions

    key = browse.dataset(key).key
    if bool(column_a) != bool(column_b):
        raise Usage("One column alone cannot be the same.", advice="Name both: --column-a and --column-b.")
    if column_a:
        return decisions.column(browse.dataset(what).key, column_a, key, column_b)
    if "/" in what:
        return decisions.match(browse.dataset(what).key, key)
    return decisions.place(_slug(what), key)


def _slug(name: str) -> str:
    from commonground.errors import NotFound
    from commonground.overlap import register

    found = register.find(name)
    if found is None:
        raise NotFound(f"No subject “{name}”.", advice="commonground overlap subjects lists them.")
    return found.slug


def _one_of(words: Any, given: str) -> Any:  # noqa: ANN401 - an enumeration and one of it
    from commonground.errors import Usage

    try:
        return words(given)
    except ValueError as error:
        raise Usage(f"No {words.__name__.lower()} “{given}”.", advice=f"One of: {', '.join(words)}.") from error


def _keep(matter: Matter, said: Said, by: str, *, json: bool) -> None:
    """Decide over what stands now: who types a command has just looked."""
    from commonground.overlap import decisions

    now = decisions.standing_of([matter]).get(matter)
    row = decisions.decide(matter, said, by or getpass.getuser(), seen=now.pk if now else None)
    if json:
        as_json(decisions.form(row))
    else:
        say(f"Kept as decision {row.pk}: {_about(decisions.form(row))}, {decisions.said_in_short(row)}.")
