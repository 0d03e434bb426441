"""The matrix as people meet it: with a screen reader, on a phone, on paper, without scripts."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.accessible import violations

PAGES = {
    "matrix": "/overlap",
    "matrix of permits, one row open": "/overlap?show=all&q=permits&open=building-permits",
    "matrix by theme, in Spanish": "/overlap?show=all&q=street&sort=theme&lang=es",
    "nothing fits": "/overlap?q=zzzz",
    "subject": "/overlap/subjects/building-permits",
    "city": "/overlap/cities/chicago",
    "without a subject": "/overlap/cities/chicago/without-subject",
    "home": "/",
    "city of the catalog": "/cities/chicago",
}
MATRIX = "/overlap?show=all&q=permits&sort=name"
CELL = re.compile(r"^Building permits, Chicago: (Yes|Partly|Maybe|No|Unknown)")


@pytest.mark.parametrize("path", PAGES.values(), ids=PAGES)
def test_axe_finds_nothing(site: str, page: Page, path: str) -> None:
    page.goto(site + path)
    assert violations(page) == []


@pytest.mark.parametrize("path", [MATRIX, f"{MATRIX}&open=building-permits", *list(PAGES.values())[4:7]])
@pytest.mark.parametrize("width", [320, 390, 768, 1024])
def test_no_page_scrolls_sideways(site: str, browser: Browser, path: str, width: int) -> None:
    with browser.new_context(viewport={"width": width, "height": 800}) as context:
        page = context.new_page()
        page.goto(site + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_it_is_a_table_at_every_width_and_a_cell_says_all(site: str, page: Page) -> None:
    page.goto(site + MATRIX)
    table = page.get_by_role("table", name="Which city publishes which subject")
    row = table.get_by_role("row").filter(has=page.get_by_role("rowheader", name="Building permits", exact=True))
    expect(row).to_have_count(1)
    expect(row.get_by_role("cell")).to_have_count(7)
    expect(table.get_by_role("columnheader")).to_have_count(8)
    cell = row.get_by_role("link", name=CELL)
    box = cell.bounding_box()
    assert box
    assert box["height"] >= 44
    cell.click()
    expect(page).to_have_url(re.compile("/overlap/subjects/building-permits#chicago$"))
    expect(page.locator("#chicago")).to_be_in_viewport()


def test_the_heads_stay_in_sight(site: str, page: Page) -> None:
    page.goto(f"{site}/overlap?show=all")
    page.locator("tr[id]").nth(60).scroll_into_view_if_needed()
    page.mouse.wheel(0, 400)
    expect(page.locator(".mx thead a").first).to_be_in_viewport()


def test_it_narrows_and_opens_without_scripts(site: str, browser: Browser) -> None:
    with browser.new_context(java_script_enabled=False, locale="en-US") as context:
        page = context.new_page()
        page.goto(f"{site}/overlap?show=all")
        every = page.locator("tr[id]").count()
        page.get_by_label("Subject", exact=True).fill("permits")
        page.get_by_label("Order").select_option(label="Subject, A to Z")
        page.get_by_role("button", name="Show").click()
        assert 0 < page.locator("tr[id]").count() < every
        expect(page).to_have_url(re.compile("q=permits.*sort=name"))
        page.locator("#building-permits").get_by_role("link").first.click()
        expect(page.locator("tr.detail")).to_contain_text("One row is one permit.")
        expect(page.get_by_label("Order")).to_have_value("name")
        page.locator("#building-permits").get_by_role("link").first.click()
        expect(page.locator("tr.detail")).to_have_count(0)


def test_on_paper_is_the_table_and_what_its_cells_mean(site: str, page: Page) -> None:
    page.goto(site + MATRIX)
    page.emulate_media(media="print")
    expect(page.locator(".toolbar")).to_be_hidden()
    expect(page.locator(".legend")).to_be_visible()
    expect(page.get_by_role("table", name="Which city publishes which subject")).to_be_visible()
