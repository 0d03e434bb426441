"""The demonstration, served by the real server, in a real browser. One of each for the whole group."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

REPOSITORY = Path(__file__).resolve().parent.parent.parent
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All of this folder needs a browser."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the demonstration, gathered and served as a user would."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    home = tmp_path_factory.mktemp("demo")
    command = [str(Path(sys.executable).with_name("commonground")), "demo", "--port", str(port)]
    environment = {**os.environ, "COMMONGROUND_HOME": str(home)}
    environment.pop("DATABASE_URL", None)
    address = f"http://127.0.0.1:{port}"
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as served:
        try:
            _wait(address, served)
            yield address
        finally:
            served.terminate()
            served.communicate(timeout=20)


def _wait(address: str, served: subprocess.Popen[str]) -> None:
    """Until the page answers; a demonstration that dies is told with what it said."""
    for _ in range(1200):
        if served.poll() is not None:
            pytest.fail(f"The demonstration ended: {served.communicate()[1]}")
        try:
            with urllib.request.urlopen(address) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.1)
    pytest.fail("The demonstration did not start.")


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[Browser]:
    """Chromium, wherever it was found."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        yield started
        started.close()


@pytest.fixture(params=[1280, 390], ids=["desktop", "phone"])
def page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A page at the width of a desk and of a phone. Whatever the console complains of fails the test."""
    with browser.new_context(viewport={"width": request.param, "height": 900}, locale="en-US") as context:
        opened = context.new_page()
        complaints: list[str] = []

        def listen(said: ConsoleMessage) -> None:
            # Chromium itself notes a page of errors in the console; that is what the page is for.
            if said.type in {"error", "warning"} and said.location["url"] != opened.url:
                complaints.append(said.text)

        opened.on("console", listen)
        opened.on("pageerror", lambda error: complaints.append(str(error)))
        yield opened
        assert complaints == []
