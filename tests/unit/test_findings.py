from __future__ import annotations

import re
from pathlib import Path

import pytest

import commonground
from commonground.protocols.findings import rule, rules
from commonground.words import Finding, Fixer, Severity

NOTED = re.compile(r"""(?:notes\.add|Finding)\(\s*["']([a-z0-9-]+)["']""")


def test_every_rule_is_complete_and_speaks_in_sentences() -> None:
    assert len(rules()) >= 20
    for one in rules().values():
        assert re.fullmatch(r"[a-z0-9]+(?:-[a-z0-9]+)*", one.code)
        assert one.message.endswith((".", "{detail}"))  # the detail is a sentence of an error
        assert one.advice.endswith(".")
        said = one.say(Finding(one.code, "resource.name", "{sample} {0} %s", "abcd-1234", "a detail"))
        assert "resource.name" in said or "{place}" not in one.message
        assert "{place}" not in said


def test_every_code_in_the_source_is_explained() -> None:
    folder = Path(commonground.__file__).parent
    used = {
        (code, path.relative_to(folder).as_posix())
        for path in folder.rglob("*.py")
        for code in NOTED.findall(path.read_text(encoding="utf-8"))
    }
    assert {code for code, _ in used} >= {"wrong-type", "date-unreadable"}
    assert not {(code, path) for code, path in used if code not in rules()}


def test_a_code_that_nobody_explained_breaks_no_page() -> None:
    unknown = rule("of-another-{version}")
    assert (unknown.severity, unknown.fixer) == (Severity.WARNING, Fixer.US)
    assert unknown.say(Finding("of-another-{version}", "title", "x")) == "of-another-{version}: “x” at title."


@pytest.mark.parametrize("code", ["date-unreadable", "bad-link", "no-title"])
def test_the_city_is_told_what_to_fix(code: str) -> None:
    assert rule(code).fixer is Fixer.CITY
