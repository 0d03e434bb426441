"""Questions in SQL as people ask them: with a screen reader, on a phone, without scripts."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

import duckdb
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.accessible import violations

PUBLISH = """
import django; django.setup()
from django.utils import timezone
from commonground.standards import files
from commonground.tables.build.result import Built
from commonground.tables.models import Build, Release
version = files.standard("building_permits").version
release = Release.objects.create(standard="building_permits", number=99, version=version, at=timezone.now())
result = Built("building_permits", "boston", raw=300, read=300, mapped=300).form()
release.builds.add(Build.objects.create(standard="building_permits", version=version, city="boston", crosswalk="x",
    revision=1, folder="tables/of-a-test", made=timezone.now(), result=result))
"""
OWN_TABLES = True
QUESTIONS = {
    "form": "/sql",
    "answer": "/sql?q=" + quote("select *, repeat('wide ', 30) as wide from building_permits"),
    "nothing": "/sql?q=" + quote("select 1 where false"),
    "refused": "/sql?q=" + quote("select colour,\n  permit_id\nfrom building_permits"),
    "long line": "/sql?q=" + quote("select " + "1 + " * 90 + "colour from building_permits"),
    "spanish": "/sql?lang=es&q=" + quote("select 1"),
}


@pytest.fixture(scope="module")
def asked(site: str, demo_home: Path) -> str:
    """The address of a site that has published building permits of Boston."""
    folder = demo_home / "tables" / "of-a-test"
    folder.mkdir(parents=True)
    with duckdb.connect() as session:
        session.execute(
            "COPY (SELECT 'boston' AS city, 'B-' || i AS permit_id, DATE '2024-01-01' AS issued_on,"
            f" i * 1.5 AS estimated_cost FROM range(300) t(i)) TO '{folder / 'rows.parquet'}' (FORMAT parquet)"
        )
    settings = {
        **os.environ,
        "COMMONGROUND_HOME": str(demo_home),
        "DJANGO_SETTINGS_MODULE": "commonground.site.settings",
    }
    settings.pop("DATABASE_URL", None)
    subprocess.run([sys.executable, "-c", PUBLISH], env=settings, check=True, timeout=60)
    return site


@pytest.mark.parametrize("name", QUESTIONS)
def test_axe_finds_nothing(asked: str, page: Page, name: str) -> None:
    page.goto(f"{asked}{QUESTIONS[name]}")
    for one in page.locator("details").all():
        one.evaluate("one => one.open = true")
    assert violations(page) == []


@pytest.mark.parametrize("width", [320, 390, 768, 1280])
def test_the_page_does_not_scroll_sideways(asked: str, browser: Browser, width: int) -> None:
    with browser.new_context(viewport={"width": width, "height": 800}) as context:
        page = context.new_page()
        for name, address in QUESTIONS.items():
            page.goto(f"{asked}{address}")
            assert page.evaluate("document.documentElement.scrollWidth") <= width, name


def test_asking_and_calling_off_without_scripts(asked: str, browser: Browser) -> None:
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(f"{asked}/sql")
        page.get_by_label("Your question").fill("select count(*) as n from building_permits")
        page.get_by_role("button", name="Ask", exact=True).click()
        expect(page.locator("#answer")).to_have_text("1 row")
        expect(page.locator("tbody td").first).to_have_text("300")
        with page.expect_download() as download:
            page.get_by_role("link", name="PARQUET").click()
        assert download.value.suggested_filename == "answer.parquet"
        page.get_by_label("Your question").fill("select 2")
        page.get_by_role("button", name="Call off what is running").click()
        expect(page.get_by_label("Your question")).to_have_value("select 2")
        expect(page.locator("#answer")).to_have_count(0)
