"""Each measurement at a tenth of its size, with those of its goals that hold on any machine, slow or busy."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

BENCH = Path(__file__).resolve().parent.parent.parent / "bench"
PATIENCE = 1_200

pytestmark = [pytest.mark.slow, pytest.mark.recordings]


@pytest.mark.parametrize(
    "name", sorted(path.stem for path in BENCH.glob("*.py") if path.stem != "run" and "fit_" not in path.stem)
)
def test_a_measurement_meets_its_ratios(name: str, recordings: Path) -> None:  # noqa: ARG001 - skips where there are none
    command = [sys.executable, str(BENCH / f"{name}.py"), "--scale", "0.1", "--check"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == 0, done.stdout[-4_000:] + done.stderr[-4_000:]
    told = json.loads(done.stdout)
    assert told.get("goals") or told["ckan"] == "left out"


def test_no_other_measurement_is_taken_for_one() -> None:
    command = [sys.executable, str(BENCH / "run.py"), "harvset"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert "harvest" in done.stderr
