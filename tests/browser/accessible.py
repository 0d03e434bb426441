"""What axe finds wrong on a page."""

from __future__ import annotations

from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

_AXE = Axe.from_file(Path(__file__).resolve().parents[2] / "node_modules" / "axe-core" / "axe.min.js")
"""The newest rules, from npm; the Python package's own copy is older."""
_OPTIONS = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"],
    "resultTypes": ["violations"],  # all rules run; what passed is not described element by element, which takes longer
}


def violations(page: Page) -> list[str]:
    """A line each: rule, what it asks for, where."""
    told = _AXE.run(page, options=_OPTIONS).response["violations"]
    return [f"{one['id']}: {one['help']} {node['target']}" for one in told for node in one["nodes"]]
