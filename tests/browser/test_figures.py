"""Charts and maps in a real browser: axe, phone and desk, the map that moves, a frame on another site."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator

import pytest
from django.core.wsgi import get_wsgi_application
from django.test import override_settings
from playwright.sync_api import Browser, Page, expect
from werkzeug.serving import make_server

from tests.browser.accessible import violations

OPEN = "Open a map that can be moved"


@pytest.fixture(scope="module")
def figures() -> Iterator[str]:
    """The address of the small site, served behind the real middleware."""
    with override_settings(ROOT_URLCONF="tests.browser.figures_site", ALLOWED_HOSTS=["127.0.0.1", "localhost"]):
        server = make_server("127.0.0.1", 0, get_wsgi_application(), threaded=True)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.port}/figures"
        server.shutdown()
        thread.join(timeout=10)


@pytest.fixture(params=[1280, 390], ids=["desktop", "phone"])
def moving(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A page whose script errors fail the test; what the driver of the graphics says of its speed does not."""
    with browser.new_context(viewport={"width": request.param, "height": 900}, locale="en-US") as context:
        opened = context.new_page()
        wrong: list[str] = []
        opened.on("pageerror", lambda error: wrong.append(str(error)))
        opened.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
        yield opened
        assert wrong == []


def test_axe_finds_nothing_closed_or_open(figures: str, page: Page) -> None:
    page.goto(f"{figures}/")
    assert violations(page) == []
    for summary in page.locator("summary").all():
        summary.click()
    assert violations(page) == []


@pytest.mark.parametrize("width", [320, 390, 768, 1024, 1280])
def test_nothing_scrolls_sideways(figures: str, browser: Browser, width: int) -> None:
    with browser.new_context(viewport={"width": width, "height": 800}) as context:
        page = context.new_page()
        page.goto(f"{figures}/")
        for summary in page.locator("summary").all():
            summary.click()
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_every_city_and_the_bar_are_at_one_scale(figures: str, page: Page) -> None:
    page.goto(f"{figures}/")
    bar = page.locator(".scalebar svg").first.bounding_box()
    assert bar is not None
    row = page.locator(".maprow").first
    for image in row.locator(".maps svg").all():
        box = image.bounding_box()
        assert box is not None
        em = float((image.get_attribute("width") or "").removesuffix("em"))
        assert box["width"] == pytest.approx(em * bar["width"], abs=0.5)


def test_charts_are_images_with_names_and_letters_that_can_be_read(figures: str, page: Page) -> None:
    page.goto(f"{figures}/")
    shown = page.get_by_role("img", name="Boston: At what hour: fewest before dawn, most from noon to evening")
    expect(shown.first).to_be_visible()
    scales = page.evaluate(
        "[...document.querySelectorAll('.panels svg')].filter((each) => each.checkVisibility())"
        ".map((each) => each.getBoundingClientRect().width / each.viewBox.baseVal.width)"
    )
    assert min(scales) > 0.85  # letters of 11 px and more are drawn


def test_the_map_moves_by_keyboard_and_tells_what_it_shows(figures: str, moving: Page) -> None:
    moving.goto(f"{figures}/")
    place = moving.locator(".largemap").first
    place.get_by_role("button", name=OPEN).click()
    canvas = moving.get_by_role("region", name="Map of Chicago")
    expect(canvas).to_be_focused()
    expect(place.get_by_role("status")).to_contain_text("rows in view, in")
    expect(place.locator(".breaks li").first).to_be_visible()
    assert violations(moving) == []
    moving.wait_for_timeout(300)
    for _ in range(5):
        canvas.press("Equal")
        moving.wait_for_timeout(400)
    expect(place.get_by_role("status")).to_contain_text("Zoom in to see the others")
    for _ in range(3):
        canvas.press("Minus")
        moving.wait_for_timeout(400)
    expect(place.get_by_role("status")).to_contain_text("squares")
    moving.wait_for_timeout(500)
    canvas.press("Enter")  # what lies under the cross
    expect(place.locator(".maplibregl-popup-content span")).to_have_text(re.compile(r"^\d+$"))


def test_two_maps_on_a_page_have_two_names(figures: str, moving: Page) -> None:
    moving.goto(f"{figures}/")
    for _ in range(2):
        moving.get_by_role("button", name=OPEN).first.click()
        moving.wait_for_timeout(1500)
    expect(moving.get_by_role("region", name="Map of Chicago")).to_be_visible()
    expect(moving.get_by_role("region", name="Map of Boston")).to_be_visible()
    assert violations(moving) == []


def test_without_scripts_the_drawing_stands(figures: str, browser: Browser) -> None:
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(f"{figures}/")
        expect(page.locator(".largemap svg").first).to_be_visible()
        expect(page.get_by_role("button", name=OPEN)).to_have_count(0)


def test_another_site_may_frame_an_embed_and_nothing_else(figures: str, browser: Browser) -> None:
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(f"{figures}/hours.embed")
        assert violations(page) == []
        page.goto(f"{figures.replace('127.0.0.1', 'localhost')}/elsewhere")
        expect(page.frame_locator("#a").get_by_role("heading", level=1)).to_contain_text("At what hour")
        expect(page.frame_locator("#b").get_by_role("heading", level=1)).to_have_count(0)
