"""A folder that adds a small standard and a crosswalk to the packaged files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from commonground.standards import files
from tests.standards.trees import CHICAGO, draw, trees, write


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder with the standard of trees and Chicago's crosswalk."""
    write(tmp_path, trees())
    draw(tmp_path, CHICAGO)
    yield tmp_path
    files.forget()
