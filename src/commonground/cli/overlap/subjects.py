"""`commonground overlap subject-add`, `subject-edit`, `subject-merge`: the register as persons change it."""

from __future__ import annotations

import getpass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from commonground.cli.home import ready
from commonground.cli.output import Json, as_json, say
from commonground.cli.overlap.decide import By, Why

if TYPE_CHECKING:
    from commonground.overlap.subjects import Subject

Name = Annotated[str, typer.Argument(help="A subject (slug or name).")]
Definition = Annotated[str, typer.Option(help="One plain sentence that says what belongs here.")]
Row = Annotated[str, typer.Option(help="What one row is, such as “one permit”.")]
Grain = Annotated[str, typer.Option(help="records, aggregate, reference, indicator, map or unknown.")]
Synonyms = Annotated[list[str] | None, typer.Option("--synonym", help="Another name; again for more.")]


def subject_add(
    label: Annotated[str, typer.Argument(help="A plain name, such as “Ice rinks”.")],
    *,
    theme: Annotated[str, typer.Option(help="The slug of its theme, as the matrix names it.")],
    definition: Definition,
    row: Row,
    grain: Grain = "records",
    synonym: Synonyms = None,
    why: Why = "",
    by: By = "",
    json: Json = False,
) -> None:
    """Add a subject to the register.

    Example: commonground overlap subject-add Piers --theme transportation --definition "Piers." --row "one pier"
    """
    ready()
    from commonground.overlap import register

    form = {"label": label, "theme": theme, "definition": definition, "row": row, "grain": grain}
    made = register.add({**form, "synonyms": synonym or []}, by or getpass.getuser(), why=why)
    _told(made, json=json)


def subject_edit(
    name: Name,
    *,
    label: Annotated[str, typer.Option(help="Its new label.")] = "",
    definition: Definition = "",
    row: Row = "",
    grain: Grain = "",
    synonym: Synonyms = None,
    why: Why = "",
    by: By = "",
    json: Json = False,
) -> None:
    """Change a subject; what is not named stays. Names given with --synonym are added to those that it has.

    Example: commonground overlap subject-edit trees --synonym Arboretum --why "Boston calls it so."
    """
    ready()
    from commonground.overlap import register

    before = _found(name)
    given = {"label": label, "definition": definition, "row": row, "grain": grain}
    changes: dict[str, Any] = {key: value for key, value in given.items() if value}
    if synonym:
        changes["synonyms"] = [*before.synonyms, *synonym]
    seen = register.number(before.slug)
    _told(register.edit(before.slug, changes, by or getpass.getuser(), seen=seen, why=why), json=json)


def subject_merge(
    name: Name,
    into: Annotated[str, typer.Argument(help="The subject that it lives on in.")],
    *,
    why: Why = "",
    by: By = "",
    json: Json = False,
) -> None:
    """Let a subject live on in another one, which takes its names as synonyms.

    Example: commonground overlap subject-merge crime-statistics crime-incidents --why "Totals of the same."
    """
    ready()
    from commonground.overlap import register

    gone, stays = _found(name).slug, _found(into).slug
    _told(register.merge(gone, stays, by or getpass.getuser(), seen=register.number(gone), why=why), json=json)


def _found(name: str) -> Subject:
    from commonground.errors import NotFound
    from commonground.overlap import register

    found = register.find(name)
    if found is None:
        raise NotFound(f"No subject “{name}”.", advice="commonground overlap subjects lists them.")
    return found


def _told(made: Subject, *, json: bool) -> None:
    from commonground.overlap import register

    form = {"slug": made.slug, "version": register.number(made.slug), **register.form_of(made)}
    if json:
        as_json(form)
    else:
        say(f"{made.label} ({made.slug}) stands as version {form['version']}.")
