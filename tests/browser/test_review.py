"""The review queue as city staff meet it: by keyboard, with a screen reader, on a phone, without scripts."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.accessible import violations

QUEUE = "/overlap/review?subject=building-permits"


@pytest.fixture
def staffed(site: str, demo_home: Path) -> str:
    """The demonstration with guesses to decide about, none decided, and a person who may."""
    environment = {**os.environ, "COMMONGROUND_HOME": str(demo_home)}
    environment.pop("DATABASE_URL", None)
    subprocess.run([sys.executable, str(Path(__file__).with_name("deciding.py"))], env=environment, check=True)
    return site


def sign_in(page: Page, site: str, path: str = QUEUE) -> None:
    page.goto(site + path)
    page.get_by_role("link", name="Sign in", exact=True).click()
    page.get_by_label("User name").fill("ann")
    page.get_by_label("Password").fill("correct horse battery")
    page.keyboard.press("Enter")
    expect(page).to_have_url(site + path, timeout=30_000)  # a busy machine is slow to check a password


def answered(page: Page, words: str) -> None:
    """The answer is shown and the next question has the focus: only then is another key meant for it."""
    expect(page.locator(".done")).to_contain_text(words)
    expect(page.locator("#question")).to_be_focused()


def test_one_key_answers_and_one_takes_back(staffed: str, page: Page) -> None:
    sign_in(page, staffed)
    question = page.locator("#question")
    first = question.inner_text()
    page.keyboard.press("s")
    expect(page).to_have_url(re.compile("skip=1"))
    expect(question).not_to_have_text(first)
    page.keyboard.press("k")
    expect(question).to_have_text(first)
    page.keyboard.press("c")
    answered(page, "You said “Confirmed”")
    expect(question).not_to_have_text(first)
    expect(question).to_be_focused()
    expect(page.locator("#said")).to_contain_text("You said “Confirmed”")
    page.keyboard.press("u")
    answered(page, "You took back “Confirmed”")
    expect(question).to_have_text(first)
    page.keyboard.press("r")
    answered(page, "You said “Rejected”")
    page.go_back()
    page.reload()
    expect(question).to_be_visible()


def test_e_and_a_number_says_how_it_is_related(staffed: str, page: Page) -> None:
    sign_in(page, staffed)
    page.keyboard.press("e")
    expect(page.locator("#relation")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#question")).to_be_focused()
    page.keyboard.press("e")
    page.keyboard.press("2")
    answered(page, "Related: Totals of it")
    page.keyboard.press("e")
    expect(page.locator("#relation")).to_be_focused()
    page.keyboard.press("Enter")
    answered(page, "Related: A part of it")
    page.keyboard.press("u")
    answered(page, "Before that you said “Related: Totals of it”")
    page.keyboard.press("u")
    answered(page, "There is nothing more of yours to take back.")
    page.keyboard.press("u")
    answered(page, "There is nothing more of yours to take back.")


def test_a_subject_is_changed_and_a_city_has_none(staffed: str, browser: Browser) -> None:
    for width in (320, 1280):
        with browser.new_context(viewport={"width": width, "height": 800}) as context:
            page = context.new_page()
            sign_in(page, staffed)
            for path in ("/overlap/subjects/building-permits", "/overlap/subjects/building-permits/edit"):
                page.goto(staffed + path)
                for summary in page.locator("main summary").all():
                    summary.click()
                assert violations(page) == [], path
                assert page.evaluate("document.documentElement.scrollWidth") <= width, path
            page.goto(f"{staffed}/overlap/subjects/new?name=Ice+rinks")
            assert violations(page) == []
            expect(page.get_by_label("Label")).to_have_value("Ice rinks")


def test_no_key_answers_while_one_writes_or_when_switched_off(staffed: str, page: Page) -> None:
    sign_in(page, staffed)
    first = page.locator("#question").inner_text()
    page.get_by_label("Why (if you like").click()
    page.keyboard.type("crs")
    expect(page.locator("textarea")).to_have_value("crs")
    page.keyboard.press("Escape")
    page.get_by_label("Single keys answer").uncheck()
    page.locator("#question").focus()
    page.keyboard.press("c")
    page.reload()
    expect(page.locator("kbd").first).to_be_hidden()
    expect(page.locator("#question")).to_have_text(first)
    assert page.locator(".done").count() == 0


def test_axe_finds_nothing(staffed: str, page: Page) -> None:
    page.goto(staffed + QUEUE)
    assert violations(page) == []
    sign_in(page, staffed)
    assert violations(page) == []
    for summary in page.locator("summary").all():
        summary.click()
    assert violations(page) == []
    page.keyboard.press("r")
    expect(page.locator(".done")).to_be_visible()
    href = page.locator(".question .pair h3 a").first.get_attribute("href") or ""
    for path in (f"/overlap{href}", "/overlap/decisions", f"{QUEUE}&skip=99", href):
        page.goto(staffed + path)
        assert violations(page) == [], path
    page.get_by_role("button", name="Sign out").click()
    page.goto(f"{staffed}/sign-in")
    assert violations(page) == []


@pytest.mark.parametrize("width", [320, 768])
def test_no_page_scrolls_sideways(staffed: str, browser: Browser, width: int) -> None:
    with browser.new_context(viewport={"width": width, "height": 800}) as context:
        page = context.new_page()
        sign_in(page, staffed)
        href = page.locator(".question .pair h3 a").first.get_attribute("href") or ""
        for path in (QUEUE, f"/overlap{href}", "/overlap/decisions"):
            page.goto(staffed + path)
            assert page.evaluate("document.documentElement.scrollWidth") <= width, path


def test_it_works_without_scripts(staffed: str, browser: Browser) -> None:
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        sign_in(page, staffed)
        first = page.locator("#question").inner_text()
        expect(page.locator("kbd").first).to_be_hidden()
        page.get_by_label("How it is related", exact=True).select_option("aggregate")
        page.get_by_role("button", name="Related").click()
        expect(page.locator(".done")).to_contain_text("Related: Totals of it")
        assert page.locator("#question").inner_text() != first
        page.get_by_role("button", name="Undo").click()
        expect(page.locator("#question")).to_have_text(first)
