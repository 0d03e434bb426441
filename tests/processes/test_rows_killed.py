"""kill -9 while rows are read: the next process goes on behind the last page, and keeps what nobody's death changed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.cli.conftest import environment

ROOT = Path(__file__).resolve().parents[2]
PAGES = 11
"""Ten of four rows, and one that is empty and says that there are no more, as the last one was full."""


def read(home: Path, die_at: int = 0) -> dict[str, Any]:
    """Read the rows in a process of its own; nothing where it died."""
    env = environment(home, DIE_AT_PAGE=str(die_at), PYTHONPATH=str(ROOT))
    command = [sys.executable, str(ROOT / "tests/processes/reading.py")]
    done = subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == (-9 if die_at else 0), done.stderr
    told: dict[str, Any] = json.loads(done.stdout) if done.stdout else {}
    return told


def test_a_killed_reading_goes_on_from_its_last_page(tmp_path: Path) -> None:
    undisturbed = read(tmp_path / "undisturbed")
    assert undisturbed["pages"] == PAGES
    assert undisturbed["failed"] == {}
    home = tmp_path / "killed"
    read(home, die_at=6)
    (spool,) = (home / "reading").iterdir()
    assert json.loads((spool / "at.json").read_text())["pages"] == 3, "two are on their way"
    read(home, die_at=4)
    last = read(home)
    assert last["pages"] == PAGES - 4, "what two processes kept is not asked for again"
    assert last["kept"] == undisturbed["kept"]
    assert list((home / "reading").iterdir()) == []
