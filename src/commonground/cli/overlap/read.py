"""`commonground overlap matrix`, `subjects`, `subject`, `dataset`, `matches`, `columns`: read what was compared."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from commonground.cli.home import ready
from commonground.cli.output import Json, as_json, as_table, say
from commonground.cli.overlap.compared import up_to_date, working

FEW = 6
City = Annotated[str, typer.Option(help="Only this city (slug or name).")]


def matrix(
    *,
    words: Annotated[str, typer.Option(help="Only subjects with these words in a name.")] = "",
    show: Annotated[str, typer.Option(help="all, shared, confirm, or missing (in --city).")] = "",
    theme: Annotated[str, typer.Option(help="Only this theme.")] = "",
    sort: Annotated[str, typer.Option(help="cities, gaps, theme or name.")] = "",
    city: Annotated[str, typer.Option(help="The city that --show missing is about.")] = "",
    json: Json = False,
) -> None:
    """Who publishes what: subjects and cities, each cell yes, partly, maybe, no or unknown.

    Example: commonground overlap matrix --show missing --city seattle --json
    """
    up_to_date()
    from commonground.overlap import browse

    form = browse.matrix(words, show, theme, sort, city)
    if json:
        as_json(form)
        return
    heads = ("subject", *(one["short"] for one in form["cities"]))
    as_table(heads, [(one["slug"], *(cell["state"] for cell in one["cells"])) for one in form["subjects"]])


def subjects(*, json: Json = False) -> None:
    """The register: what city data sets can be about.

    Example: commonground overlap subjects --json
    """
    up_to_date()
    from commonground.overlap import register

    known = register.current()
    forms = [{"slug": one.slug, **register.form_of(one)} for one in known.subjects.values()]
    if json:
        as_json({"register": known.version, "total": len(forms), "subjects": forms})
        return
    as_table(("slug", "label", "theme"), [(one["slug"], one["label"], one["theme"]) for one in forms])


def subject(
    name: Annotated[str, typer.Argument(help="A subject's slug, label or synonym, or any other words.")],
    *,
    city: City = "",
    top: Annotated[int, typer.Option(min=1, max=1000, help="How many of each city.")] = 10,
    json: Json = False,
) -> None:
    """The data sets of a city that are likeliest about a subject; of every city, if none is named.

    Example: commonground overlap subject "building permits" --city chicago --top 5 --json
    """
    from commonground.errors import Usage

    if not name.strip():
        raise Usage(
            "No subject is named.", advice='Say what it is about: commonground overlap subject "tree inventory".'
        )
    up_to_date()
    from commonground.catalog import browse
    from commonground.overlap import listing, store, tasks

    slug = browse.city_slug(city) if city else ""
    with working("Reading the catalog …"):
        form = listing.candidates(store.matcher(tasks.model()), name, slug, top)
    if json:
        as_json(form)
        return
    known = f"{form['label']} ({form['subject']})" if form["subject"] else f"“{name}”, which the register does not name"
    say(f"{known}:")
    _listed(form["results"])


def dataset(
    id: Annotated[str, typer.Argument(help="PORTAL/NATIVE-ID, or HOST/NATIVE-ID.")],  # noqa: A002 - shown in --help
    *,
    top: Annotated[int, typer.Option(min=1, max=60, help="How many matches.")] = 20,
    json: Json = False,
) -> None:
    """The same elsewhere: what a data set is about, its best matches in other cities, and why.

    Example: commonground overlap dataset chicago/ydr8-5enu --top 20 --json
    """
    up_to_date()
    from commonground.catalog import browse
    from commonground.overlap import elsewhere, listing

    row = browse.dataset(id)
    form: dict[str, Any] = elsewhere.of(row.key, top)
    known = {one["id"]: one for group in form["matches"] for one in group["datasets"]}
    form["matches"] = [known.get(one["id"], {}) | one for one in listing.of(row, top)]
    if json:
        as_json(form)
        return
    say(f"{form['title']}: the same in {_names(form['same_in'])}; missing in {_names(form['missing_in'])}.")
    for one in form["subjects"]:
        say(f"about {one['label']}: {one['verdict'] or one['band']}")
    _listed(form["matches"])


def _names(slugs: list[str]) -> str:
    return ", ".join(slugs) or "none"


def _listed(forms: list[dict[str, Any]]) -> None:
    rows = [(one["city"], f"{one['score']:.2f}", one["band"], one.get("title"), one["id"]) for one in forms]
    as_table(("city", "score", "band", "title", "id"), rows)


def matches(
    *,
    top: Annotated[int, typer.Option(min=1, max=60, help="How many for each data set.")] = 20,
    city: City = "",
    jsonl: Annotated[bool, typer.Option("--jsonl", help="Print one JSON document a line, a data set each.")] = False,
    json: Json = False,
) -> None:
    """Every data set with its best matches in other cities.

    Example: commonground overlap matches --top 20 --jsonl
    """
    up_to_date()
    import orjson

    from commonground.catalog import browse
    from commonground.overlap import listing

    found = listing.matches(top, browse.city_slug(city) if city else "")
    if json and not jsonl:
        as_json({"datasets": list(found)})
        return
    for form in found:
        if jsonl:
            sys.stdout.buffer.write(orjson.dumps(form, option=orjson.OPT_APPEND_NEWLINE))
        else:
            for one in form["matches"]:
                print(form["dataset"]["id"], f"{one['score']:.2f}", one["band"] or "", one["id"], sep="\t")
    sys.stdout.flush()


def columns(
    id_a: Annotated[str, typer.Argument(help="A data set: PORTAL/NATIVE-ID, or HOST/NATIVE-ID.")],
    id_b: Annotated[str, typer.Argument(help="Another one.")],
    *,
    json: Json = False,
) -> None:
    """Which columns of two data sets mean the same, and why we think so.

    Example: commonground overlap columns chicago/ijzp-q8t2 san-francisco/wg3w-h783 --json
    """
    up_to_date()
    from commonground.overlap import beside, tasks

    form = beside.of(id_a, id_b, tasks.model())
    if json:
        as_json(form)
        return
    as_table(
        ("a", "b", "score", "band"), [(one["a"], one["b"], f"{one['score']:.2f}", one["band"]) for one in form["pairs"]]
    )
    for one in form["pairs"]:
        say(f"{one['a']} and {one['b']}: {one['why']}")


def standards(
    id: Annotated[str, typer.Argument(help="PORTAL/NATIVE-ID, or HOST/NATIVE-ID.")],  # noqa: A002 - shown in --help
    *,
    schemas: Annotated[Path, typer.Option(help="A folder of standards: Frictionless Table Schemas, one file each.")],
    json: Json = False,
) -> None:
    """Which standards a data set follows already, and how far.

    Example: commonground overlap standards chicago/ydr8-5enu --schemas table-schemas --json
    """
    ready()
    from commonground.catalog import browse
    from commonground.overlap import beside, tasks
    from commonground.overlap.columns.following import following
    from commonground.overlap.columns.following import standards as read

    known, row = read(schemas), browse.dataset(id)
    memory = {one.slug: beside.memory(one.slug) for one in known}
    found = following(beside.columns_of(row), known, memory=memory, embedder=tasks.model())
    forms = [one.form() for one in found]
    if json:
        as_json({"id": row.key, "title": row.title, "standards": forms})
        return
    heads = ("standard", "fields found", "of those required", "by the same name", "missing")
    shares = ("found", "required_found", "literal")
    as_table(heads, [(one["standard"], *(f"{one[name]:.0%}" for name in shares), _few(one)) for one in forms])


def _few(form: dict[str, Any]) -> str:
    missing = form["missing_required"] or form["missing"]
    return ", ".join(missing[:FEW]) + (" …" if len(missing) > FEW else "")
