"""The demonstration, gathered once for all, served to each file of tests by the real server, in a real browser."""

from __future__ import annotations

import fcntl
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

COMMAND = str(Path(sys.executable).with_name("commonground"))
NO_TABLES = """
import django; django.setup()
from commonground.tables.models import Build, Part, Reading, Release, Stop
for each in (Stop, Release, Build, Reading, Part):
    each.objects.all().delete()
"""
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
expect.set_options(timeout=30_000)  # milliseconds; five seconds would measure how busy the machine is


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All of this folder needs a browser."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def gathered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of the demonstration, as the command makes it; the processes of a run share it, to copy."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    home, begun = shared / "gathered", shared / "begun"
    with (shared / "gathering").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        if not home.exists():
            shutil.rmtree(begun, ignore_errors=True)
            subprocess.run([COMMAND, "demo", "--no-serve"], env=environment(begun), check=True)
            begun.rename(home)
    return home


@pytest.fixture(scope="module")
def demo_home(gathered: Path, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Path:
    """A home of the demonstration for one file of tests; without its tables where they make their own (OWN_TABLES)."""
    home = shutil.copytree(gathered, tmp_path_factory.mktemp("demo") / "home")
    if getattr(request.module, "OWN_TABLES", False):
        settings = environment(home) | {"DJANGO_SETTINGS_MODULE": "commonground.site.settings"}
        subprocess.run([sys.executable, "-c", NO_TABLES], env=settings, check=True)
        shutil.rmtree(home / "tables")
    return home


def environment(home: Path) -> dict[str, str]:
    """For a command on that home, whose database lies in it."""
    return {name: value for name, value in os.environ.items() if name != "DATABASE_URL"} | {
        "COMMONGROUND_HOME": str(home)
    }


@pytest.fixture(scope="module")
def site(demo_home: Path) -> Iterator[str]:
    """The address of the demonstration."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [COMMAND, "serve", "--port", str(port), "--workers", "1"]
    address = f"http://127.0.0.1:{port}"
    settings = environment(demo_home) | {"COMMONGROUND_URL": f"{address}/"}
    said = demo_home / "said"  # a file, because nobody would empty a pipe
    with said.open("wb") as told, subprocess.Popen(command, env=settings, stderr=told) as served:
        try:
            _wait(address, served, said)
            yield address
        finally:
            served.terminate()
            served.wait(timeout=60)


def _wait(address: str, served: subprocess.Popen[bytes], said: Path) -> None:
    """Until the page answers; a demonstration that dies is told with what it said."""
    for _ in range(1200):
        if served.poll() is not None:
            pytest.fail(f"The demonstration ended: {said.read_text()}")
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
