"""The package as a stranger gets it: built, installed outside the checkout, run without Node and without us."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZipFile

import httpx2
import pytest

from tests.conftest import REPOSITORY

pytestmark = pytest.mark.wheel
SECONDS_TO_START = 60
WITHIN = (
    "commonground/pages/static/built/site.css",
    "commonground/pages/static/built/htmx.js",
    "commonground/pages/templates/pages/base.html",
    "commonground/protocols/findings.toml",
    "commonground/py.typed",
)


def run(*command: str | Path, cwd: Path, home: Path | None = None) -> str:
    """What a command prints; a failure shows all of it."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("COMMONGROUND", "DJANGO"))}
    if home:
        environment["COMMONGROUND_HOME"] = str(home)
    done = subprocess.run(command, cwd=cwd, env=environment, check=False, capture_output=True, text=True)
    assert done.returncode == 0, f"{command}\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
    return done.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a fresh sdist, and of a wheel built from that sdist."""
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--outdir", folder, REPOSITORY, cwd=folder)
    return folder


@pytest.fixture(scope="module")
def installed(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command, in a new environment that holds the locked run-time packages and the wheel."""
    folder = tmp_path_factory.mktemp("elsewhere")
    (wheel,) = built.glob("*.whl")
    uv = Path(sys.executable).parent / "uv"
    python = folder / "venv/bin/python"
    run(uv, "venv", "--python", sys.executable, folder / "venv", cwd=folder)
    lock = REPOSITORY / "requirements.lock"
    run(uv, "pip", "install", "--python", python, "--require-hashes", "-r", lock, cwd=folder)
    run(uv, "pip", "install", "--python", python, "--no-deps", wheel, cwd=folder)
    run(uv, "pip", "check", "--python", python, cwd=folder)
    return folder / "venv/bin/commonground"


@pytest.fixture(scope="module")
def home(installed: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home that the installed command filled with the sample."""
    folder = tmp_path_factory.mktemp("home")
    run(installed, "demo", "--no-serve", cwd=folder, home=folder)
    return folder


@pytest.fixture(scope="module")
def site(installed: Path, home: Path) -> Iterator[httpx2.Client]:
    """The portal, served by the installed command."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {**os.environ, "COMMONGROUND_HOME": str(home)}
    command = [str(installed), "serve", "--port", str(port)]
    with subprocess.Popen(command, cwd=home, env=environment) as server:
        try:
            with httpx2.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
                wait(client, server)
                yield client
        finally:
            server.terminate()


def wait(client: httpx2.Client, server: subprocess.Popen[bytes]) -> None:
    """Until it answers."""
    end = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < end:
        assert server.poll() is None, "the server stopped"
        try:
            client.get("/robots.txt")
        except httpx2.TransportError:
            time.sleep(0.2)
        else:
            return
    pytest.fail(f"No answer within {SECONDS_TO_START} s.")


def test_wheel_and_sdist_hold_all_that_is_read_at_run_time(built: Path) -> None:
    (wheel,), (sdist,) = built.glob("*.whl"), built.glob("*.tar.gz")
    with ZipFile(wheel) as archive:
        packed = set(archive.namelist())
    with tarfile.open(sdist) as source:
        carried = {name.partition("/src/")[2] for name in source.getnames()}
        tops = {name.split("/")[1] for name in source.getnames() if "/" in name}
    read = [
        path for path in (REPOSITORY / "src").rglob("*") if path.suffix in {".toml", ".html", ".txt", ".json", ".po"}
    ]
    compiled = {str(path.relative_to(REPOSITORY / "src").with_suffix(".mo")) for path in read if path.suffix == ".po"}
    wanted = {*WITHIN, *compiled, *(str(path.relative_to(REPOSITORY / "src")) for path in read)}
    assert wanted <= packed
    assert wanted <= carried
    assert not tops & {"node_modules", "tests", ".venv"}


def test_a_build_without_assets_says_what_to_do(built: Path, tmp_path: Path) -> None:
    (sdist,) = built.glob("*.tar.gz")
    with tarfile.open(sdist) as source:
        source.extractall(tmp_path, filter="data")
    (folder,) = tmp_path.iterdir()
    (folder / "src/commonground/pages/static/built/site.css").unlink()
    command = [sys.executable, "-m", "build", "--no-isolation", "--wheel", str(folder)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode
    assert "make assets" in done.stdout + done.stderr


def test_the_installed_command_knows_the_sample(installed: Path, home: Path) -> None:
    assert "San Francisco" in run(installed, "cities", cwd=home, home=home)
    assert "results" in run(installed, "search", "permits", "--json", cwd=home, home=home)


def test_the_installed_site_serves_its_pages_and_assets(site: httpx2.Client) -> None:
    first = site.get("/")
    assert first.status_code == httpx2.codes.OK
    sheet = re.search(r'href="(/static/[^"]+\.css[^"]*)"', first.text)
    assert sheet
    style = site.get(sheet[1])
    assert style.status_code == httpx2.codes.OK
    assert style.headers["Content-Type"].startswith("text/css")
    found = site.get("/search.json", params={"q": "permits"}).json()
    assert found["total"] > 0
