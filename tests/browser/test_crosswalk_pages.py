"""The check and the pages of a crosswalk as people meet them: by keyboard, on a phone, without scripts, with axe."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.accessible import violations

OWN_TABLES = True
CROSSWALK = "/tables/building_permits/cities/seattle/crosswalk"
SETUP = """
import django; django.setup()
from django.contrib.auth.models import User
from tests.web import drafted
if not User.objects.filter(username="sam"):
    drafted.permits()
    drafted.steward()
"""
BAD = "permit_id,permit_type,permit_type_raw,issued_on\nB-1,house,House,03/01/2024\n"


@pytest.fixture(scope="module")
def stocked(site: str, demo_home: Path) -> str:
    """The demonstration with raw permits of Seattle, and a steward of the city."""
    environment = {
        **os.environ,
        "COMMONGROUND_HOME": str(demo_home),
        "DJANGO_SETTINGS_MODULE": "commonground.site.settings",
    }
    environment.pop("DATABASE_URL", None)
    root = Path(__file__).resolve().parents[2]
    subprocess.run([sys.executable, "-c", SETUP], env=environment, check=True, cwd=root)
    return site


def fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


def test_a_file_is_checked(site: str, page: Page, tmp_path: Path) -> None:
    page.goto(f"{site}/check")
    assert violations(page) == []
    file = tmp_path / "permits.csv"
    file.write_text(BAD, encoding="utf-8")
    page.get_by_label("Standard").select_option("building_permits")
    page.get_by_label("City (then").select_option("boston")
    page.get_by_label("A file:").set_input_files(file)
    page.get_by_role("button", name="Check").click()
    expect(page.get_by_role("heading", level=2).first).to_contain_text("errors", timeout=60_000)
    expect(page.locator("#main")).to_contain_text("03/01/2024")
    for one in page.locator("details").all():
        one.evaluate("one => one.open = true")
    assert violations(page) == []
    assert fits(page)
    with page.expect_download() as waiting:
        page.get_by_role("link", name="CSV").click()
    assert Path(waiting.value.path()).read_text(encoding="utf-8").startswith("severity,row")


def test_a_steward_tries_and_saves(stocked: str, page: Page) -> None:
    from tests.web.drafted import TEXT

    page.goto(stocked + CROSSWALK)
    expect(page.locator("textarea")).to_have_count(0)
    assert violations(page) == []
    page.get_by_role("link", name="Sign in", exact=True).click()
    page.get_by_label("User name").fill("sam")
    page.get_by_label("Password").fill("correct horse battery")
    page.keyboard.press("Enter")
    area = page.get_by_label("The crosswalk, as TOML")
    expect(area).to_be_visible(timeout=30_000)
    area.fill(TEXT.replace("permit_id =", "permit_no ="))
    page.get_by_role("button", name="Try").click()
    expect(page.get_by_role("alert")).to_contain_text("Line 8", timeout=60_000)
    assert violations(page) == []
    page.get_by_label("The crosswalk, as TOML").fill(TEXT)
    page.get_by_role("button", name="Try").click()
    expect(page.locator("#main")).to_contain_text("Of 200 rows tried 200 are mapped", timeout=60_000)
    for one in page.locator("details").all():
        one.evaluate("one => one.open = true")
    assert violations(page) == []
    assert fits(page)
    page.get_by_role("button", name="Save draft").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Draft", timeout=60_000)
    expect(page.locator("#main")).to_contain_text("Saved by Sam Oh")
    assert violations(page) == []
    assert fits(page)


def test_without_scripts(site: str, browser: Browser, tmp_path: Path) -> None:
    file = tmp_path / "permits.csv"
    file.write_text(BAD, encoding="utf-8")
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(f"{site}/check")
        page.get_by_label("Standard").select_option("building_permits")
        page.get_by_label("A file:").set_input_files(file)
        page.get_by_role("button", name="Check").click()
        expect(page.locator("#found")).to_contain_text("errors", timeout=60_000)
