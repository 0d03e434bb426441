"""A small index of made-up datasets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from commonground.catalog.search import Index
from tests.unit.search.documents import DOCUMENTS

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def index(tmp_path: Path) -> Index:
    """An index of DOCUMENTS at generation 1, its own for each test."""
    found = Index(tmp_path / "search")
    found.rebuild(DOCUMENTS, generation=1)
    return found


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Index:
    """As `index`, for tests that only ask."""
    found = Index(tmp_path_factory.mktemp("home") / "search")
    found.rebuild(DOCUMENTS, generation=1)
    return found
