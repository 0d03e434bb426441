"""Cities side by side in a real browser: for screen readers, on a phone, without scripts, and on two sheets of paper."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.accessible import violations

REPOSITORY = Path(__file__).resolve().parent.parent.parent
SEVEN = ("boston", "chicago", "los_angeles", "new_york", "san_francisco", "seattle", "washington_dc")
PUBLISH = f"""
import django; django.setup()
from datetime import date
from django.conf import settings
from tests.tables.published import Rows, publish
kinds = ("building", "electrical", "plumbing", "unmapped", "demolition", "roof", "fence", "sign", "solar", "grading")
publish(settings.HOME, "building_permits", [
    Rows(city, date(2014 + place % 3, 1 + place, 11), date(2019 - place % 2, 11, 14), 2 + place % 2, kinds,
         without=[date(2017, 4, 1), date(2018, 2, 1)], undated=170, unplaced=(900, 0)[place % 2])
    for place, city in enumerate({SEVEN!r})], number=77)
publish(settings.HOME, "street_assets", [
    Rows(city, date(2020, 1, 1), date(2020, 1, 1), 300, (kind,))
    for city, kind in (("boston", "hydrant"), ("new_york", "tree"))], number=77)
"""
OWN_TABLES = True
TWO = "city=boston&city=chicago"
ALL = "&".join(f"city={one}" for one in SEVEN)
PAGES = {
    "choose": "/compare",
    "cities": "/compare/building_permits",
    "two": f"/compare/building_permits?{TWO}",
    "all": f"/compare/building_permits?{ALL}&per=year&rate=0",
    "assets": "/compare/street_assets?city=boston&city=new_york",
    "brief": f"/compare/building_permits/brief?{ALL}",
    "frame": f"/compare/building_permits/time/embed?{TWO}",
    "spanish": f"/compare/building_permits?{TWO}&lang=es",
}
BRIEFS = {
    "two": f"/compare/building_permits/brief?{TWO}",
    "four": "/compare/building_permits/brief?city=los_angeles&city=new_york&city=chicago&city=washington_dc",
    "all": f"/compare/building_permits/brief?{ALL}",
    "all by year": f"/compare/building_permits/brief?{ALL}&per=year",
    "none common": f"/compare/building_permits/brief?{ALL}&kind=elevator&from=2011&to=2012",
    "assets": "/compare/street_assets/brief?city=boston&city=new_york",
    "spanish": f"/compare/building_permits/brief?{ALL}&lang=es",
}


@pytest.fixture(scope="module")
def compared(site: str, demo_home: Path) -> str:
    """The address of a site that has published permits of seven cities, which cover different times."""
    settings = {
        **os.environ,
        "COMMONGROUND_HOME": str(demo_home),
        "DJANGO_SETTINGS_MODULE": "commonground.site.settings",
        "PYTHONPATH": str(REPOSITORY),
    }
    settings.pop("DATABASE_URL", None)
    subprocess.run([sys.executable, "-c", PUBLISH], env=settings, check=True, timeout=120)
    return site


@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing(compared: str, page: Page, name: str) -> None:
    page.goto(f"{compared}{PAGES[name]}")
    for one in page.locator("details").all():
        one.evaluate("one => one.open = true")
    assert violations(page) == []


@pytest.mark.parametrize("width", [320, 390, 768, 1280])
def test_the_pages_do_not_scroll_sideways(compared: str, browser: Browser, width: int) -> None:
    with browser.new_context(viewport={"width": width, "height": 800}) as context:
        page = context.new_page()
        for name, address in PAGES.items():
            page.goto(f"{compared}{address}")
            assert page.evaluate("document.documentElement.scrollWidth") <= width, name


def test_choosing_without_scripts(compared: str, browser: Browser) -> None:
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(f"{compared}/compare")
        offer = page.locator("section", has=page.get_by_role("heading", name="Building permits"))
        offer.get_by_label("Seattle").check()
        offer.get_by_label("Boston").check()
        offer.get_by_role("button", name="Compare").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Building permits: Boston and Seattle")
        page.get_by_text("Change cities, time or kind").click()
        page.get_by_label("Count by").select_option("Year")
        page.get_by_label("Show", exact=True).select_option("Rows")
        page.get_by_role("button", name="Compare").click()
        expect(page.get_by_role("heading", name="Rows by year")).to_be_visible()
        assert "per=year&rate=0" in page.url


@pytest.mark.parametrize("name", BRIEFS)
def test_a_brief_is_two_pages_of_letter_paper(compared: str, browser: Browser, name: str) -> None:
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(f"{compared}{BRIEFS[name]}")
        printed = page.pdf(prefer_css_page_size=True, print_background=True)
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) == 2
    assert set(re.findall(rb"/MediaBox\s*\[([^\]]*)\]", printed)) == {b"0 0 612 792"}


def test_nothing_of_a_brief_is_cut_off_at_the_side(compared: str, browser: Browser) -> None:
    # The width that letter paper has between its margins.
    with browser.new_context(viewport={"width": 725, "height": 950}) as context:
        page = context.new_page()
        page.emulate_media(media="print")
        for name, address in BRIEFS.items():
            page.goto(f"{compared}{address}")
            assert page.evaluate("document.documentElement.scrollWidth") <= 725, name
