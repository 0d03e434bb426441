"""The figures of the house, so that they hold without anybody watching."""

from __future__ import annotations

import ast
import re
import statistics
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import commonground
from tests.conftest import REPOSITORY

FOLDERS = ("src", "tests", "tools", "bench", "docs")
LONGEST_FILE = 400
LONGEST_FUNCTION = 60
MOST_FUNCTIONS = 45  # lines that 95 of 100 functions keep to
NAMELESS = re.compile(r"(?i)(^|_)(utils?|helpers?|misc|common)(_|$)")
HOLLOW = re.compile(r"(Manager|Service|Util|Helper|Handler)s?$")
DOORS = {
    "catalog/compare.py",  # one record of a harvest
    "catalog/harvest.py",  # one portal of a harvest
    "cli/door.py",  # one command
    "work/worker.py",  # one run of the worker
}
LOCKS = {
    "requirements.lock": (),
    "requirements-setup.lock": ("setup",),
    "requirements-node.lock": ("node",),
    "requirements-dev.lock": ("setup", "dev"),
}
PIN = re.compile(r"^([a-z0-9][a-z0-9.-]*)==([^ ;\\]+)", re.MULTILINE)


def sources(*folders: str) -> dict[str, str]:
    """Text of all our Python files, by path from the repository's root."""
    return {
        path.relative_to(REPOSITORY).as_posix(): path.read_text(encoding="utf-8")
        for folder in folders
        for path in sorted((REPOSITORY / folder).rglob("*.py"))
        if "migrations" not in path.parts
    }


def functions(folder: str) -> Iterator[tuple[str, int]]:
    """Place and lines of each function, nested ones within theirs."""
    for path, text in sources(folder).items():
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno:
                yield f"{path}:{node.lineno} {node.name}", node.end_lineno - node.lineno + 1


def test_files_are_short() -> None:
    long = {path: lines for path, text in sources(*FOLDERS).items() if (lines := text.count("\n")) > LONGEST_FILE}
    assert not long


@pytest.mark.parametrize("folder", ["src", "tests", "tools"])
def test_functions_are_short(folder: str) -> None:
    lengths = dict(functions(folder))
    assert not {place: lines for place, lines in lengths.items() if lines > LONGEST_FUNCTION}
    assert statistics.quantiles(lengths.values(), n=20)[-1] <= MOST_FUNCTIONS


def test_names_say_what_a_thing_is() -> None:
    files = {path for path in sources(*FOLDERS) if NAMELESS.search(Path(path).stem)}
    classes = {
        f"{path}: {node.name}"
        for path, text in sources("src", "tools").items()
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.ClassDef) and HOLLOW.search(node.name)
    }
    assert not files | classes


def test_everything_is_caught_at_the_doors_only() -> None:
    caught = set()
    for path, text in sources("src").items():
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.ExceptHandler) and _catches_everything(node) and not _raises_again(node):
                caught.add(path.removeprefix("src/commonground/"))
    assert caught == DOORS


def _catches_everything(node: ast.ExceptHandler) -> bool:
    return node.type is None or (isinstance(node.type, ast.Name) and node.type.id in {"Exception", "BaseException"})


def _raises_again(node: ast.ExceptHandler) -> bool:
    return isinstance(node.body[-1], ast.Raise)


def test_each_document_of_facts_is_readable() -> None:
    files = sorted((REPOSITORY / "src").rglob("*.toml"))
    assert len(files) > 10
    for path in files:
        assert tomllib.loads(path.read_text(encoding="utf-8")), path


@pytest.fixture(scope="module")
def project() -> dict[str, Any]:
    return tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))


def pins(lock: str) -> dict[str, set[str]]:
    """Versions of each package in a lock file; platforms may differ."""
    found: dict[str, set[str]] = {}
    for name, version in PIN.findall((REPOSITORY / lock).read_text(encoding="utf-8")):
        found.setdefault(name, set()).add(version)
    return found


@pytest.mark.parametrize("lock", LOCKS)
def test_the_lock_files_hold_what_the_project_asks_for(project: dict[str, Any], lock: str) -> None:
    groups = project["dependency-groups"]
    asked = [one for group in LOCKS[lock] for one in groups[group] if isinstance(one, str)]
    if lock in {"requirements.lock", "requirements-dev.lock"}:
        asked += project["project"]["dependencies"]
    held = pins(lock)
    for requirement in map(Requirement, asked):
        versions = held.get(canonicalize_name(requirement.name), set())
        assert versions, f"{lock} lacks {requirement}: make lock"
        assert all(version in requirement.specifier for version in versions), f"{lock}: {requirement}: make lock"


def test_the_lock_files_agree_and_name_no_place() -> None:
    run_time = pins("requirements.lock")
    tests = pins("requirements-dev.lock")
    assert {name: tests.get(name) for name in run_time} == run_time
    for lock in LOCKS:
        text = (REPOSITORY / lock).read_text(encoding="utf-8")
        assert "://" not in text
        assert len(PIN.findall(text)) == len(re.findall(r"==[^\n]*\\\n +--hash=", text))
    assert "://" not in re.sub(r'"url": "https://[^"]+"', "", (REPOSITORY / "package-lock.json").read_text("utf-8"))


def test_the_version_is_one(project: dict[str, Any]) -> None:
    assert project["project"]["version"] == commonground.__version__
