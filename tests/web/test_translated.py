"""Every text that is marked for translation can be found by the tool that collects them, and has its Spanish."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

import commonground

SOURCE = Path(commonground.__file__).parent
MARKS = {"_", "gettext", "gettext_lazy", "ngettext", "ngettext_lazy", "pgettext", "npgettext"}


def hidden(text: str) -> Iterator[tuple[int, str]]:
    """Marks within f-strings, and marks of f-strings: line and source. xgettext looks into neither."""
    for one in ast.walk(ast.parse(text)):
        inner = ast.walk(one) if isinstance(one, ast.JoinedStr) else iter(())
        calls = [each for each in inner if isinstance(each, ast.Call)]
        if isinstance(one, ast.Call) and any(isinstance(each, ast.JoinedStr) for each in one.args):
            calls.append(one)
        for each in calls:
            if isinstance(each.func, ast.Name) and each.func.id in MARKS:
                yield each.lineno, ast.unparse(each)


def test_no_text_is_hidden_from_translators() -> None:
    found = [
        f"{path.relative_to(SOURCE)}:{line}: {said}"
        for path in sorted(SOURCE.rglob("*.py"))
        for line, said in hidden(path.read_text(encoding="utf-8"))
    ]
    assert found == []


@pytest.mark.parametrize("text", ["f\"{_('to')}\"", "_(f'{n} rows')", "ngettext(f'{n} row', 'rows', n)"])
def test_a_hidden_text_is_seen(text: str) -> None:
    assert list(hidden(text))


def test_every_text_has_its_spanish() -> None:
    lacking = []
    for path in sorted(SOURCE.rglob("locale/es/LC_MESSAGES/*.po")):
        with path.open("rb") as file:
            for one in read_po(file):
                texts = one.string if isinstance(one.string, (tuple, list)) else (one.string,)
                if one.id and ("fuzzy" in one.flags or not all(texts)):
                    lacking.append(f"{path.name}: {one.id}")
    assert lacking == []
