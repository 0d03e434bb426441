"""Pages of tables as people meet them: with a screen reader, on a phone, without scripts."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.accessible import violations

REPOSITORY = Path(__file__).resolve().parent.parent.parent
PUBLISH = """
import django; django.setup()
from tests.tables.built import AGAIN, LATER, NO_KEY, ODD, ROBBERY, publish
publish([ROBBERY, AGAIN, ODD, NO_KEY, *[(f"L{n}", *LATER[1:]) for n in range(40)]])
publish([ROBBERY, ODD, LATER, *[(f"L{n}", *LATER[1:]) for n in range(40)]])
publish([("I9", "88888", "A NEW WORD", *ROBBERY[3:])])
"""
OWN_TABLES = True
TABLE = "/tables/crime_incidents"
PAGES = {
    "tables": "/tables",
    "table": TABLE,
    "an older release": f"{TABLE}?release=1",
    "filtered": f"{TABLE}?kind=robbery&from=2021-02",
    "nothing is like that": f"{TABLE}?from=2030",
    "in Spanish": f"{TABLE}?lang=es",
    "city": f"{TABLE}/cities/boston",
    "withheld": f"{TABLE}/cities/boston/withheld?release=1",
    "row": f"{TABLE}/rows/boston/I1-00301",
    "row with odd values": f"{TABLE}/rows/boston/{quote('I2/<b>')}{quote(chr(34) + '?-77777')}",
    "standard": f"{TABLE}/standard",
    "releases": f"{TABLE}/releases",
    "release": f"{TABLE}/releases/2",
    "home": "/",
    "city of the catalog": "/cities/boston",
}


@pytest.fixture(scope="module")
def tables(site: str, demo_home: Path) -> str:
    """The address of a site with two releases of Boston's crimes, and a build that was stopped."""
    settings = {
        **os.environ,
        "COMMONGROUND_HOME": str(demo_home),
        "DJANGO_SETTINGS_MODULE": "commonground.site.settings",
        "PYTHONPATH": str(REPOSITORY),
    }
    settings.pop("DATABASE_URL", None)
    subprocess.run([sys.executable, "-c", PUBLISH], env=settings, check=True, timeout=120)
    return site


@pytest.mark.parametrize("path", PAGES.values(), ids=PAGES)
def test_axe_finds_nothing_and_no_page_scrolls_sideways(tables: str, page: Page, path: str) -> None:
    answer = page.goto(tables + path)
    assert answer
    assert answer.status == 200
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_no_page_scrolls_sideways_on_the_smallest_phone(tables: str, browser: Browser) -> None:
    with browser.new_context(viewport={"width": 320, "height": 700}) as context:
        page = context.new_page()
        for path in PAGES.values():
            page.goto(tables + path)
            assert page.evaluate("document.documentElement.scrollWidth") <= 320, path


def test_a_filter_is_a_link_without_scripts(tables: str, browser: Browser) -> None:
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(tables + TABLE)
        page.get_by_label("From", exact=True).fill("2021-03-01")
        page.get_by_role("button", name="Show", exact=True).click()
        expect(page).to_have_url(re.compile("from=2021-03-01"))
        expect(page.get_by_text("41 of 43 rows.")).to_be_visible()
        page.locator("#rows").get_by_role("link", name="L39-00301").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("L39-00301")


def test_every_chart_has_its_numbers(tables: str, page: Page) -> None:
    page.goto(tables + TABLE)
    summaries = page.get_by_text(re.compile("Show the numbers of this chart|Show the same as a table"))
    assert summaries.count() == 4
    for place in range(4):
        summaries.nth(place).click()
        expect(page.locator("figure details").nth(place).get_by_role("table")).to_be_visible()


def test_the_map_of_a_city_can_be_opened(tables: str, page: Page) -> None:
    page.goto(f"{tables}{TABLE}/cities/boston")
    expect(page.get_by_role("button", name="Open a map that can be moved")).to_be_visible()
    expect(page.get_by_role("img", name="Map of Boston")).to_be_visible()
