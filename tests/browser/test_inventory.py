"""The columns of a city as people meet them: with a screen reader, on a phone, without scripts."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.accessible import violations

COLUMNS = "/overlap/cities/chicago/columns"
LISTS = ("names", "meanings", "types", "variants", "keys", "risks", "risks&code=name", "without", "names&lang=es")


@pytest.mark.parametrize("show", LISTS)
def test_axe_finds_nothing(site: str, page: Page, show: str) -> None:
    page.goto(f"{site}{COLUMNS}?show={show}")
    assert violations(page) == []


@pytest.mark.parametrize("width", [320, 390, 768, 1024])
def test_no_list_scrolls_sideways(site: str, browser: Browser, width: int) -> None:
    with browser.new_context(viewport={"width": width, "height": 800}) as context:
        page = context.new_page()
        for show in LISTS:
            page.goto(f"{site}{COLUMNS}?show={show}")
            assert page.evaluate("document.documentElement.scrollWidth") <= width, show


def test_the_way_from_the_city_to_a_list_without_scripts(site: str, browser: Browser) -> None:
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(f"{site}/overlap/cities/chicago")
        page.get_by_role("link", name="Take stock of the columns").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Columns of Chicago")
        page.get_by_role("link", name="What joins data sets").click()
        expect(page.locator("#count")).to_contain_text("What joins data sets")
        page.get_by_label("Name with").fill("zip")
        page.get_by_role("button", name="Show").click()
        expect(page).to_have_url(f"{site}{COLUMNS}?q=zip&show=keys")
        expect(page.locator("tbody tr")).to_have_count(1)
