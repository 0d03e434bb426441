"""Fixtures that every group shares. COMMONGROUND_HOME is a fresh folder for each test process."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

os.environ.setdefault("COMMONGROUND_HOME", tempfile.mkdtemp(prefix="commonground-tests-"))

REPOSITORY = Path(__file__).resolve().parent.parent
_GIVEN = os.environ.get("COMMONGROUND_RECORDINGS", "../shared/data")


@pytest.fixture(scope="session")
def recordings() -> Path:
    """The folder of recorded catalogs and answers; `COMMONGROUND_RECORDINGS=none` skips on purpose."""
    if _GIVEN == "none":
        pytest.skip("COMMONGROUND_RECORDINGS=none")
    folder = (REPOSITORY / _GIVEN).resolve()
    if not folder.is_dir():
        pytest.fail(f"No recordings at {folder}. Set COMMONGROUND_RECORDINGS to their folder, or to “none” to skip.")
    return folder


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whoever asks for recordings is marked so."""
    for item in items:
        if "recordings" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.recordings)
