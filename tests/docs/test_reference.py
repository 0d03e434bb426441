"""The reference is what the code says today, and nothing is left out of it."""

from __future__ import annotations

import inspect
import json
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any, get_args
from urllib.request import urlopen

import pytest
from typer.main import get_command

from commonground import errors
from commonground.catalog.search.query import FILTERS
from commonground.cities.files import Protocol
from commonground.cli.app import app
from commonground.protocols.findings import rules
from commonground.protocols.registry import READERS, readers
from commonground.site.environment import SETTINGS
from tests.docs.conftest import Place
from tests.docs.manual import PAGES, ROOT, name, text

REFERENCE = ROOT / "docs/reference"
OF_TESTS = {"COMMONGROUND_RECORDINGS"}
cli: Any = get_command(app)
COMMANDS = {
    word: found
    for name, one in cli.commands.items()
    for word, found in ((name, one), *((f"{name} {inner}", two) for inner, two in getattr(one, "commands", {}).items()))
}


def test_generated_parts_are_up_to_date() -> None:
    done = subprocess.run(
        [sys.executable, "docs/generate.py", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"Run make docs. Out of date:\n{done.stdout}{done.stderr}"


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_explained_with_an_example(command: str) -> None:
    assert f"## {command}\n" in text(REFERENCE / "commands.md")
    help_text = inspect.getdoc(COMMANDS[command].callback) or ""
    example = re.search(r"^Example: commonground (.+)$", help_text, re.MULTILINE)
    assert example, f"commonground {command} --help shows no example"
    words = shlex.split(example[1])
    many = len(command.split())
    assert words[:many] == command.split()
    COMMANDS[command].make_context(command, words[many:])  # raises when an option of the example does not exist


def test_every_setting_is_there() -> None:
    page = text(REFERENCE / "settings.md")
    assert [one.name for one in SETTINGS if f"| `{one.name}` |" not in page] == []


def test_no_page_speaks_of_a_setting_that_is_not() -> None:
    known = {one.name for one in SETTINGS} | OF_TESTS
    for page in PAGES:
        assert set(re.findall(r"\bCOMMONGROUND_[A-Z_]+\b", text(page))) <= known, name(page)


def test_every_finding_is_there() -> None:
    page = text(REFERENCE / "findings.md")
    assert [code for code in rules() if f"### {code}\n" not in page] == []


def test_every_error_and_its_code_are_there() -> None:
    page = text(REFERENCE / "errors.md")
    kinds = [
        one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, errors.CommonGroundError)
    ]
    assert len(kinds) > 10
    assert [one.__name__ for one in kinds if f"| {one.exit_code} | `{one.__name__}` |" not in page] == []


def test_every_dialect_is_there() -> None:
    page = text(REFERENCE / "protocols.md")
    names = [one.name for protocol in READERS for one in readers(protocol)]
    assert [one for one in names if f"`{one}`" not in page] == []


def test_a_city_may_name_every_protocol_and_no_other() -> None:
    assert set(get_args(Protocol)) == set(READERS)
    page = text(REFERENCE / "city-file.md")
    assert all(one in page for one in READERS)


def test_every_address_is_there() -> None:
    from django.urls import URLPattern, get_resolver

    page = text(REFERENCE / "addresses.md")
    for one in get_resolver().url_patterns:
        for pattern in [one] if isinstance(one, URLPattern) else one.url_patterns:
            if "admin" in str(one.pattern) or not isinstance(pattern, URLPattern):
                continue
            first = re.split(r"[/.<-]", f"{one.pattern if one is not pattern else ''}{pattern.pattern}")[0]
            assert f"`/{first}" in page, pattern
    assert [one for one in FILTERS if f"`{one}`" not in page] == []
    assert "`/admin/`" in page


def test_every_option_of_a_portal_is_there() -> None:
    used: set[str] = set()
    for path in (ROOT / "src/commonground/protocols").rglob("*.py"):
        used |= set(re.findall(r"\.options\.get\(\"(\w+)\"", path.read_text(encoding="utf-8")))
    page = text(REFERENCE / "protocols.md")
    assert used
    assert {one for one in used if f"| `{one}` |" not in page} == set()


def fields(heading: str) -> set[str]:
    """The fields that the page lists under a heading."""
    section = text(REFERENCE / "json-forms.md").partition(f"## {heading}\n")[2].partition("\n## ")[0]
    return set(re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE))


def only(heading: str, where: str) -> set[str]:
    """Of these, the fields that are said to be only there."""
    section = text(REFERENCE / "json-forms.md").partition(f"## {heading}\n")[2].partition("\n## ")[0]
    return set(re.findall(rf"^\| `(\w+)` \|.*\| only {where}.*$", section, re.MULTILINE))


def answer(place: Place, *words: str) -> Any:
    """What a command prints with --json."""
    done = place.run(*words, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_form_of_a_data_set(place: Place) -> None:
    one = answer(place, "show", "chicago/ydr8-5enu")
    assert set(one) == fields("A data set") - only("A data set", "in a search")


def test_the_form_of_a_search(place: Place, portal: int) -> None:
    found = answer(place, "search", "permits")
    assert set(found) == fields("A search") - only("A search", "on the web")
    assert set(found["results"][0]) == fields("A data set") - only("A data set", "in the form of one data set")
    labels = {one["value"]: one["label"] for one in found["facets"]["city"]}
    assert labels["boston"] == "Boston"
    with urlopen(f"http://127.0.0.1:{portal}/search.json?q=permits") as response:
        assert set(json.load(response)) == fields("A search")


def test_the_form_of_a_harvest(place: Place, tmp_path: Path) -> None:
    done = place.run("harvest", "boston", "--replay", "recordings", "--json", COMMONGROUND_HOME=str(tmp_path))
    (one,) = json.loads(done.stdout)["portals"]
    assert set(one) == fields("A harvest")
    assert one["outcome"] == "complete"


def test_the_form_of_a_finding(place: Place) -> None:
    found = answer(place, "findings")
    assert set(found) == {"total", "findings"}
    assert set(found["findings"][0]) == fields("A finding")


def test_the_form_of_a_city_and_of_the_status(place: Place) -> None:
    assert set(answer(place, "cities")["cities"][0]) == fields("A city")
    status = answer(place, "status")
    assert set(status) == {"portals", "index", "live", "taken_over"}
    assert set(status["index"]) == {"state", "generation", "newest", "lag", "documents", "database"}
    (boston,) = (one for one in status["portals"] if one["portal"] == "boston")
    assert set(boston) == fields("A status")
    assert set(boston["last_run"]) == fields("A harvest")


@pytest.mark.parametrize(
    ("words", "settings", "code"),
    [
        ([], {}, 2),
        (["bogus"], {}, 2),
        (["search", "--limit", "0"], {}, 2),
        (["search", "--kind", "tabel"], {}, 2),
        (["harvest", "--at", "2022-07-23"], {}, 2),
        (["findings", "--fixer", "me"], {}, 2),
        (["show", "chicago/none"], {}, 3),
        (["search", "permits", "--city", "chicgo"], {}, 3),
        (["findings", "chicago", "bosston"], {}, 3),
        (["harvest", "nowhere"], {}, 3),
        (["replay", "no-folder"], {}, 3),
        (["harvest", "boston"], {}, 4),
        (["status"], {"DATABASE_URL": "nonsense"}, 5),
        (["status"], {"COMMONGROUND_HOME": "/proc/nowhere"}, 5),
        (["status"], {"COMMONGROUND_DEBUG": "yes"}, 5),
        (["--version"], {}, 0),
    ],
    ids=lambda one: " ".join(map(str, one)) if isinstance(one, (list, dict)) else str(one),
)
def test_exit_codes(place: Place, words: list[str], settings: dict[str, str], code: int) -> None:
    done = place.run(*words, **settings)
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    assert f"| {code} |" in text(REFERENCE / "errors.md")


def test_a_portal_that_cannot_be_read_is_10(place: Place, tmp_path: Path) -> None:
    """Our own guard refuses this one, so it fails at once."""
    example = text(ROOT / "docs/examples/philadelphia.toml")
    (tmp_path / "nowhere.toml").write_text(example.replace("https://opendataphilly.org", "http://127.0.0.1:9"))
    more = {"COMMONGROUND_HOME": str(tmp_path / "home"), "COMMONGROUND_CITIES": str(tmp_path)}
    done = place.run("harvest", "nowhere", "--json", **more)
    assert done.returncode == 10, done.stderr
    (one,) = json.loads(done.stdout)["portals"]
    assert (one["outcome"], one["held"]) == ("failed", 0)
    assert "COMMONGROUND_ALLOW_PRIVATE=1" in one["error"]


def test_a_recording_that_cannot_be_read_is_13(place: Place, tmp_path: Path) -> None:
    source = next((place.folder / "recordings/boston").rglob("*.gz"))
    cut = tmp_path / "boston" / source.parent.name / source.name
    cut.parent.mkdir(parents=True)
    cut.write_bytes(source.read_bytes()[:-200])
    done = place.run("harvest", "boston", "--replay", str(tmp_path), COMMONGROUND_HOME=str(tmp_path / "home"))
    assert done.returncode == 13, done.stderr
    assert source.name in done.stderr


def test_an_index_that_differs_is_20(place: Place, tmp_path: Path) -> None:
    home = tmp_path / "home"
    done = place.run("harvest", "boston", "--replay", "recordings", COMMONGROUND_HOME=str(home))
    assert done.returncode == 0, done.stderr
    for path in sorted((home / "search").rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    assert place.run("index", COMMONGROUND_HOME=str(home)).returncode == 20
    assert place.run("index", "--rebuild", COMMONGROUND_HOME=str(home)).returncode == 0
