"""What each thing that a build finds means, who must fix it, and how. The facts lie in tables/findings.toml."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from commonground.protocols.findings import rules as portal_rules
from commonground.words import Fixer

if TYPE_CHECKING:
    from commonground.standards.model import Standard

BEFORE = "before"
"""The begin of every code that compares two times: before-issued-on."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """One code in plain words; `loss` says whether the table lacks something because of it."""

    code: str
    kind: str
    fixer: Fixer
    meaning: str
    advice: str
    loss: bool = True


@cache
def meanings() -> dict[str, Meaning]:
    """All of them by code, in the order of the file."""
    text = files("commonground.tables").joinpath("findings.toml").read_text(encoding="utf-8")
    return {
        code: Meaning(code, one.pop("kind"), Fixer(one.pop("fixer")), **one)
        for code, one in tomllib.loads(text).items()
    }


def meaning(code: str, standard: Standard, field: str = "") -> Meaning:
    """What a code says of a field of a standard. A code that nobody explained is ours to explain, and breaks no page."""
    known = meanings().get(BEFORE if code.startswith(f"{BEFORE}-") else code)
    if known is None:
        return _of_portals(code)
    other = code.removeprefix(f"{BEFORE}-").replace("-", "_") if known.code == BEFORE else ""
    titles = {name: f"“{standard.named[name].title if name in standard.named else name}”" for name in (field, other)}
    said = known.meaning.replace("{field}", titles[field]).replace("{other}", titles[other])
    return Meaning(code, known.kind, known.fixer, said, known.advice, known.loss)


def briefly(code: str) -> str:
    """Why a row is withheld, in a few words; "" for a code that is not of rows."""
    said = {
        "no_key": _("No number of its own"),
        "broken_row": _("Cells that do not fit the header"),
        "superseded": _("Replaced by a later row"),
        "out_of_scope": _("Of something else than this table"),
        "no_vintage": _("In columns that are not known"),
        "withdrawn": _("Taken back by the city"),
    }
    return said.get(code, "")


def _of_portals(code: str) -> Meaning:
    """Notes of reading may be what portals are found with."""
    rule = portal_rules().get(code)
    if rule is None:
        return Meaning(code, "part", Fixer.US, f"Something is odd: {code}.", "Explain this code in findings.toml.")
    return Meaning(code, "part", rule.fixer, rule.message, rule.advice)
