"""What the manual shows is done: its commands are run, what they print is compared, its Python runs."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from commonground.cities.files import CityFile
from commonground.overlap import subjects
from tests.docs.conftest import PATIENCE, Place, answering, free_port, started, stop, with_ports
from tests.docs.manual import PAGES, Block, blocks, name, steps

NOT_RUN = "not run: "
SUBJECT = "[subjects."
CROSSWALKS = "crosswalk"  # a page with a test of its own
UNTIL_STOPPED = "runs until stopped"
NEEDS_REPLAY = "needs a replay"
EXIT_CODE = re.compile(r"exit code (\d+)")
LANGUAGES = {"console", "python", "toml", "text", "ini", "nginx"}
WITH_COMMANDS = [page for page in PAGES if any(one.language == "console" for one in blocks(page))]


class Shell:
    """One bash for all blocks of a page, so that `export` and `cd` last."""

    def __init__(self, place: Place) -> None:
        self.process = subprocess.Popen(
            ["bash"],
            cwd=place.folder,
            env=place.environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, command: str) -> tuple[str, int]:
        """What it printed, and its exit code."""
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(f"{command}\nprintf '\\n<end %s>\\n' $?\n")
        self.process.stdin.flush()
        said = ""
        for line in self.process.stdout:
            end = re.fullmatch(r"<end (\d+)>\n", line)
            if end:
                return said, int(end[1])
            said += line
        raise AssertionError(f"{command} ended the shell: {said}")

    def close(self) -> None:
        """Let it go."""
        self.process.communicate("exit\n", timeout=PATIENCE)


@pytest.fixture
def shell(place: Place, tmp_path: Path) -> Iterator[Shell]:
    """A reader's shell in a folder of the page's own."""
    found = Shell(place.copy(tmp_path))
    yield found
    found.close()


def shown(printed: str, page_says: str) -> bool:
    """Whether that was printed; `…` stands for anything, and a terminal's alignment does not count."""
    wanted = [re.escape(" ".join(part.split())) for part in page_says.split("…")]
    pattern = r"\s?.*\s?".join(wanted)
    return re.fullmatch(pattern.strip(), " ".join(printed.split()), re.DOTALL) is not None


@pytest.mark.parametrize("page", WITH_COMMANDS, ids=name)
def test_commands_do_what_the_page_says(page: Path, shell: Shell, portal: int, request: pytest.FixtureRequest) -> None:
    for block in blocks(page):
        if block.language != "console" or block.note.startswith(NOT_RUN) or block.note == UNTIL_STOPPED:
            continue
        ports = {8000: portal}
        if block.note == NEEDS_REPLAY:
            ports[8100] = request.getfixturevalue("replayed")
        code = EXIT_CODE.fullmatch(block.note)
        for step in steps(block):
            printed, exit_code = shell.run(with_ports(step.command, ports))
            assert exit_code == (int(code[1]) if code and step == steps(block)[-1] else 0), (
                f"{block}: {step.command}\n{printed}"
            )
            if step.printed.strip():
                assert shown(printed, with_ports(step.printed, ports)), f"{block}: {step.command}\n{printed}"


def _of(language: str, note: str = "") -> list[Block]:
    return [
        one for page in PAGES for one in blocks(page) if one.language == language and (not note or one.note == note)
    ]


@pytest.mark.parametrize("block", _of("console", UNTIL_STOPPED), ids=str)
def test_servers_start_and_stop(block: Block, place: Place) -> None:
    (step,) = steps(block)
    written = int(step.command.rpartition("--port ")[2])
    first = free_port(3)
    ports = {written + more: first + more for more in range(3)}
    process, said = started(with_ports(step.command, ports), place)
    answering(first)
    assert stop(process) in {0, 130, -2}
    if step.printed.strip():
        assert shown(said, with_ports(step.printed, ports)), said


@pytest.mark.parametrize("block", _of("python"), ids=str)
def test_python_runs(block: Block, place: Place, portal: int, request: pytest.FixtureRequest) -> None:
    ports = {8000: portal}
    if block.note == NEEDS_REPLAY:
        first = request.getfixturevalue("replayed")
        ports |= {8100: first, 8101: first + 1}
    done = subprocess.run(
        [sys.executable, "-c", with_ports(block.text, ports)],
        cwd=place.folder,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout or "print" not in block.text


@pytest.mark.parametrize(
    "block", [one for one in _of("toml") if SUBJECT not in one.text and one.page.stem != CROSSWALKS], ids=str
)
def test_city_files_are_right(block: Block) -> None:
    city = CityFile.model_validate(tomllib.loads(block.text)).city("philadelphia")
    assert city.portals[0].protocol == "dcat-us"


@pytest.mark.parametrize("block", [one for one in _of("toml") if SUBJECT in one.text], ids=str)
def test_subjects_are_right(block: Block, tmp_path: Path) -> None:
    (tmp_path / "sport.toml").write_text(f'label = "Sport"\nplace = 40\n{block.text}', encoding="utf-8")
    assert "ice-rinks" in subjects.load(tmp_path).subjects


def test_every_block_says_what_it_is() -> None:
    every = [one for page in PAGES for one in blocks(page)]
    assert {one.language for one in every} <= LANGUAGES
    left_out = [one for one in every if one.note.startswith(NOT_RUN)]
    assert all(len(one.note) > len(NOT_RUN) + 10 for one in left_out), "say why it is not run"
    run = [one for one in every if one.language == "console" and one not in left_out]
    assert len(run) > len(left_out)
