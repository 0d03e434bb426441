"""Writes the parts of the manual that the code knows best: `python docs/generate.py`, or `--check` to compare.

A part stands between `<!-- generated: NAME -->` and `<!-- end -->`; `PARTS` says who makes it.
"""  # noqa: INP001 - a script beside its pages

from __future__ import annotations

import argparse
import ast
import inspect
import os
import re
import sys
import tempfile
import tomllib
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import agreed
from marks import code, keys, table

ROOT = Path(__file__).resolve().parent.parent
MARKED = re.compile(r"(<!-- generated: (?P<name>[a-z-]+) -->\n)(?:(?!<!-- generated).)*?(<!-- end -->)", re.DOTALL)
WIDTH = "96"
SAID = {
    "/sitemap.xml": "For search engines: the list of the files below.",
    "/sitemap-<section>.xml": "For search engines: every page and data set.",
}
"""Views that are Django's own, in our words."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the pages anew; with `--check` only name those that are not as they should be (exit code 1)."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--check", action="store_true", help="write nothing; name what is out of date")
    given = options.parse_args(arguments)
    stale = [path for path in pages() if path.read_text(encoding="utf-8") != generated(path)]
    for path in stale:
        sys.stdout.write(f"{path.relative_to(ROOT)}\n")
        if not given.check:
            path.write_text(generated(path), encoding="utf-8")
    return int(given.check and bool(stale))


def pages() -> list[Path]:
    """All pages of the manual."""
    return [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]


def generated(path: Path) -> str:
    """The page as it should be. Raises `KeyError` for a part that nobody makes."""

    def part(found: re.Match[str]) -> str:
        return f"{found[1]}{PARTS[found['name']]().strip()}\n{found[3]}"

    return MARKED.sub(part, path.read_text(encoding="utf-8"))


def first_line(documented: object) -> str:
    """What the docstring says first."""
    return (inspect.getdoc(documented) or "").split("\n\n")[0].replace("\n", " ")


def commands() -> str:
    """Each command as its `--help` says it."""
    from typer.testing import CliRunner

    from commonground.cli.app import app

    runner, environment = CliRunner(), {"COLUMNS": WIDTH, "TERMINAL_WIDTH": WIDTH, "NO_COLOR": "1"}

    def section(words: list[str], title: str) -> str:
        result = runner.invoke(app, [*words, "--help"], prog_name="commonground", env=environment)
        shown = "\n".join(line.rstrip() for line in result.output.strip().splitlines())
        return f"## {title}\n\n```text\n{shown}\n```"

    parts = [section(name.split(), name) for name in command_names()]
    return "\n\n".join([section([], "commonground"), *parts])


def command_names() -> list[str]:
    """The commands, in the order of `--help`; those of a group after it: `overlap`, `overlap matrix`."""
    from typer.main import get_command

    from commonground.cli.app import app

    found: Any = get_command(app)
    inner = {name: getattr(one, "commands", {}) for name, one in found.commands.items()}
    return [word for name, some in inner.items() for word in (name, *(f"{name} {one}" for one in some))]


def settings() -> str:
    """The table of environment variables."""
    from commonground.site.environment import SETTINGS

    rows = [(f"`{one.name}`", code(one.default) or "empty", one.shape, one.meaning) for one in SETTINGS]
    return table(("Setting", "Default", "Shape", "Meaning"), rows)


def routes() -> Iterator[tuple[str, str, str]]:
    """Each address of the site: path, form, and what its view says of itself. The admin's own are left out."""
    from django.urls import URLPattern, get_resolver

    for one in get_resolver().url_patterns:
        for pattern in [one] if isinstance(one, URLPattern) else one.url_patterns:
            if isinstance(pattern, URLPattern) and "admin" not in str(one.pattern):
                path = f"/{one.pattern if one is not pattern else ''}{pattern.pattern}"
                form = (pattern.name or "").partition(".")[2] if pattern.name != "data.json" else ""
                yield _readable(path), form, SAID.get(path, first_line(pattern.callback))


def _readable(path: str) -> str:
    """`/cities/<slug:slug>` as people write it: `/cities/CITY`."""
    names = {"/cities/<slug:slug>": "CITY", "/harvests/<slug:slug>": "PORTAL"}
    for beginning, word in names.items():
        path = path.replace(beginning, f"{beginning.rpartition('/')[0]}/{word}")
    return re.sub(r"<(?:\w+:)?(\w+)>", lambda found: found[1].replace("native_id", "id").upper(), path)


def addresses() -> str:
    """Pages with their forms, then the addresses that have one form only."""
    from commonground.pages.twins import HOME_TWIN

    pages: dict[str, tuple[list[str], str]] = {}
    for path, form, says in routes():
        page = path.removesuffix(f".{form}") if form else path
        page = "/" if form and page == f"/{HOME_TWIN}" else page
        forms = pages.setdefault(page, ([], says))[0]
        forms += [f"`.{form}`"] if form else []
    rows = [(f"`{page}`", says, " ".join(forms)) for page, (forms, says) in sorted(pages.items())]
    return table(("Address", "What it is", "Other forms"), rows)


def search_parameters() -> str:
    """The filters and orders that a search takes, from the code that reads them."""
    from commonground.catalog.search.query import FILTERS, ORDERS
    from commonground.words import Kind

    said = {"kind": ", ".join(f"`{one.value}`" for one in Kind), "city": "a city's slug", "portal": "a portal's slug"}
    rows = [("`q`", "words; quotes make a phrase")]
    rows += [(f"`{name}`", said.get(name, "as the search page shows it") + "; may be given again") for name in FILTERS]
    rows += [("`since`", "a date such as `2026-01-31`: updated on that day or later")]
    rows += [("`order`", ", ".join(f"`{one}`" for one in ORDERS))]
    rows += [("`copies`", "`all`: also list data sets that repeat one of another portal of their city")]
    rows += [("`page`, `size`", "which page, and how many on it (1 to 100)")]
    return table(("Parameter", "Takes"), rows)


def findings() -> str:
    """Every code of a finding, with who must fix it."""
    from commonground.protocols.findings import rules

    fixers = {"city": "The city fixes it", "us": "We fix it", "nobody": "Nobody has to fix it"}
    return "\n\n".join(
        f"### {one.code}\n\n*{one.severity.capitalize()}. {fixers[one.fixer]}.* {_filled(one.message)}\n\n{one.advice}"
        for one in sorted(rules().values(), key=lambda one: one.code)
    )


def quality() -> str:
    """The criteria of metadata quality, and who asks for each."""
    from commonground.catalog.quality import CRITERIA, SOURCES
    from commonground.words import Kind

    every = frozenset(Kind)
    rows = [
        (f"`{one.code}`", one.asks, "all" if one.kinds == every else _kinds(one.kinds), ", ".join(one.sources))
        for one in CRITERIA
    ]
    told = [f"- {short}: [{title}]({address})" for short, (title, address) in SOURCES.items()]
    return f"{table(('Finding', 'What is asked', 'Of which data sets', 'Asked for by'), rows)}\n\n" + "\n".join(told)


def _kinds(kinds: Iterable[str]) -> str:
    return ", ".join(sorted(kind.replace("_", " ") for kind in kinds))


def _filled(message: str) -> str:
    return re.sub(r"\{(\w+)\}", lambda found: f"*{found[1]}*", message)


def errors() -> str:
    """Exit codes of the command line: our errors, and those of the door."""
    from commonground import errors as house
    from commonground.cli.door import BUG, STOPPED

    kinds = [one for one in vars(house).values() if isinstance(one, type) and issubclass(one, house.CommonGroundError)]
    rows = [("0", "", "The command did what it was asked.", "")]
    rows += [(str(one.exit_code), f"`{one.__name__}`", first_line(one), "yes" if one.retry else "no") for one in kinds]
    rows += [(str(BUG), "", "A mistake in Common Ground. Report it with the lines that it printed.", "no")]
    rows += [(str(STOPPED), "", "Stopped with Ctrl-C.", "")]
    return table(("Exit code", "Error", "Meaning", "Can trying again help?"), sorted(rows, key=lambda row: int(row[0])))


def error_tree() -> str:
    """The tree that is drawn in errors.py."""
    from commonground import errors as house

    drawn = (inspect.getdoc(house) or "").split("\n\n")[1]
    return f"```text\n{drawn}\n```"


def protocols() -> str:
    """What each dialect can tell, from its `Capabilities`, with the reason why that matters."""
    from commonground.protocols.base import Capabilities
    from commonground.protocols.registry import READERS, readers

    dialects = [(protocol, one) for protocol in READERS for one in readers(protocol)]
    heads = ("Protocol", "Dialect", *(f"`{name}`" for name in Capabilities.__dataclass_fields__))
    rows = [
        (
            f"`{protocol}`",
            f"`{one.name}`",
            *(_answer(getattr(one.capabilities, name)) for name in Capabilities.__dataclass_fields__),
        )
        for protocol, one in dialects
    ]
    meanings = "\n".join(f"- `{name}`: {says}" for name, says in _field_notes(Capabilities))
    return f"{table(heads, rows)}\n\n{meanings}"


def _answer(value: object) -> str:
    """Yes or no; of a set its members."""
    if isinstance(value, frozenset):
        return ", ".join(code(one) for one in sorted(value)) or "none"
    return "yes" if value else "no"


def _field_notes(kind: type) -> Iterator[tuple[str, str]]:
    """The text under each field of a class, which Python itself does not keep."""
    (body,) = ast.parse(inspect.getsource(kind)).body
    assert isinstance(body, ast.ClassDef)
    for field, note in zip(body.body, body.body[1:], strict=False):
        if isinstance(field, ast.AnnAssign) and isinstance(note, ast.Expr) and isinstance(note.value, ast.Constant):
            yield ast.unparse(field.target), str(note.value.value)


def city_file() -> str:
    """The keys of a city's file, table by table, with what must stand there."""
    from commonground.cities.files import CityFile

    rows = []
    for key, model, required, description in keys(CityFile, ""):
        rows.append((f"`{key}`", "" if required else "may be left out", "" if model else description))
    return table(("Key", "", "Write"), [row for row in rows if row[2]])


def subject_file() -> str:
    """The keys of a subject, with what must stand there."""
    from commonground.overlap.subjects.files import SubjectForm

    fields = SubjectForm.model_fields.items()
    rows = [
        (f"`{name}`", "" if one.is_required() else "may be left out", one.description or "") for name, one in fields
    ]
    return table(("Key", "", "Write"), rows)


def subjects() -> str:
    """Every subject of the packaged register, theme by theme."""
    from commonground.overlap.subjects import packaged

    known = packaged()
    told = f"{len(known.subjects)} subjects in {len(known.themes)} themes."
    themes = [
        f"### {label}\n\n"
        + table(
            ("Subject", "What it is", "One row"),
            [
                (f"{one.label}<br>`{one.slug}`", one.definition, one.row)
                for one in sorted(known.subjects.values(), key=lambda one: one.label)
                if one.theme == theme
            ],
        )
        for theme, label in known.themes.items()
    ]
    return "\n\n".join([told, *themes])


def layers() -> str:
    """Which way imports point: the contract that `lint-imports` checks."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        contracts = tomllib.load(file)["tool"]["importlinter"]["contracts"]
    lines = next(one["layers"] for one in contracts if one["type"] == "layers")
    return "```text\n" + "\n".join(line.replace("commonground.", "") for line in lines) + "\n```"


def philadelphia() -> str:
    """The example of a city's file."""
    text = (ROOT / "docs/examples/philadelphia.toml").read_text(encoding="utf-8")
    return f"```toml\n{text.strip()}\n```"


PARTS: dict[str, Callable[[], str]] = {
    "commands": commands,
    "settings": settings,
    "addresses": addresses,
    "search-parameters": search_parameters,
    "findings": findings,
    "quality": quality,
    "errors": errors,
    "error-tree": error_tree,
    "protocols": protocols,
    "city-file": city_file,
    "subject-file": subject_file,
    "subjects": subjects,
    "standards": agreed.standards,
    "standard-file": agreed.standard_file,
    "crosswalk-file": agreed.crosswalk_file,
    "expression": agreed.expression,
    "layers": layers,
    "philadelphia": philadelphia,
}


def _set_up() -> None:
    """Django with a home of its own, so that nothing of this machine is read or written."""
    os.environ["COMMONGROUND_HOME"] = tempfile.mkdtemp(prefix="commonground-docs-")
    os.environ["DJANGO_SETTINGS_MODULE"] = "commonground.site.settings"
    import django

    django.setup()


if __name__ == "__main__":
    _set_up()
    sys.exit(main())
