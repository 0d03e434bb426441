"""Fixtures that every group shares. COMMONGROUND_HOME is a fresh folder for each test process."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path

import django
import hypothesis
import pytest

from tools import browser

if "COMMONGROUND_HOME" not in os.environ:
    os.environ["COMMONGROUND_HOME"] = tempfile.mkdtemp(prefix="commonground-tests-")
    atexit.register(shutil.rmtree, os.environ["COMMONGROUND_HOME"], ignore_errors=True)
# Named here and not in pyproject.toml, because the settings read the home at once.
os.environ["DJANGO_SETTINGS_MODULE"] = "commonground.site.settings"
django.setup()

REPOSITORY = Path(__file__).resolve().parent.parent
DATABASES = {"db", "transactional_db", "django_db_reset_sequences", "live_server"}
_GIVEN = os.environ.get("COMMONGROUND_RECORDINGS", "../shared/data")


# A deadline would measure how busy the machine is, and not what a test asks.
hypothesis.settings.register_profile("house", deadline=None)
hypothesis.settings.load_profile("house")


@pytest.fixture(scope="session")
def recordings() -> Path:
    """The folder of recorded catalogs and answers. They are not part of the project: without them, these tests are
    skipped and counted, and with --recordings-must-run that fails; `COMMONGROUND_RECORDINGS=none` skips on purpose.
    """
    if _GIVEN == "none":
        pytest.skip("COMMONGROUND_RECORDINGS=none")
    folder = (REPOSITORY / _GIVEN).resolve()
    if not folder.is_dir():
        pytest.skip(f"no recordings at {folder}: COMMONGROUND_RECORDINGS names their folder")
    return folder


@pytest.fixture(scope="session")
def django_db_modify_db_settings(request: pytest.FixtureRequest) -> None:
    """SQLite as in use: a file, which several connections can share. PostgreSQL gets a database a test process."""
    from django.conf import settings

    database = settings.DATABASES["default"]
    if database["ENGINE"].endswith("sqlite3"):
        worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
        database["TEST"]["NAME"] = str(settings.HOME / f"test-{worker}.sqlite3")
    else:
        request.getfixturevalue("django_db_modify_db_settings_parallel_suffix")


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a Chromium; `make test-browser` finds or fetches one. Never skipped in silence."""
    found = browser.find()
    if not found:
        pytest.fail("No browser. Run make test-browser, or name one: CHROMIUM=/path/to/chromium.")
    return found


def pytest_addoption(parser: pytest.Parser) -> None:
    """What CI asks for."""
    parser.addoption("--recordings-must-run", action="store_true", help="fail when tests of recordings did not run")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whoever asks for recordings or for a database is marked so, and what runs the manual's commands."""
    for item in items:
        if REPOSITORY / "tests/docs" in item.path.parents:
            item.add_marker(pytest.mark.manual)
        fixtures = set(getattr(item, "fixturenames", ()))
        if "recordings" in fixtures:
            item.add_marker(pytest.mark.recordings)
        if fixtures & DATABASES or item.get_closest_marker("django_db"):
            item.add_marker(pytest.mark.database)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Tests of recordings are counted, so that nobody takes a run without them for a full one."""
    ran, skipped = counted(terminalreporter)
    terminalreporter.write_line(f"recordings: {ran} ran, {skipped} skipped")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """With --recordings-must-run a run without them fails, unless COMMONGROUND_RECORDINGS=none asked for that."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if exitstatus or not reporter or not session.config.getoption("--recordings-must-run") or _GIVEN == "none":
        return
    ran, skipped = counted(reporter)
    if skipped or not ran:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def counted(reporter: pytest.TerminalReporter) -> tuple[int, int]:
    """How many tests of recordings ran, and how many were skipped."""
    outcomes = {
        name: sum("recordings" in one.keywords for one in reporter.getreports(name))
        for name in ("passed", "failed", "skipped")
    }
    return outcomes["passed"] + outcomes["failed"], outcomes["skipped"]
