"""`commonground check`: exit codes, forms, addresses; needs no home."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from commonground.cli.app import app
from commonground.cli.door import run

GOOD = "city,permit_id,permit_type,issued_on\nboston,A1,building,2024-02-29\n"
BAD = GOOD + "boston,A2,castle,=cmd()\n"


def said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], path: Path | str, *more: str
) -> tuple[int, str, str]:
    """Exit code, stdout and stderr."""
    monkeypatch.setattr(sys, "argv", ["commonground", "check", str(path), "--standard", "building_permits", *more])
    code = run(app)
    out = capsys.readouterr()
    return code, out.out, out.err


def test_exit_codes_tell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "permits.csv"
    path.write_text(GOOD)
    code, out, _ = said(monkeypatch, capsys, path, "--json", "--city", "boston")
    assert (code, json.loads(out)["summary"]["ok"]) == (0, True)
    path.write_text(BAD)
    code, out, err = said(monkeypatch, capsys, path, "--json")
    assert (code, json.loads(out)["summary"]["errors"]) == (9, 2)
    assert "permits.csv breaks building_permits@" in err
    assert said(monkeypatch, capsys, tmp_path / "none.csv")[0] == 7
    assert said(monkeypatch, capsys, path, "--city", "atlantis")[0] == 3


def test_csv_and_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "permits.csv"
    path.write_text(BAD)
    _, out, _ = said(monkeypatch, capsys, path, "--csv")
    rows = [one for one in csv.DictReader(io.StringIO(out)) if one["severity"] == "error"]
    assert {(one["row"], one["line"], one["column"], one["value"]) for one in rows} == {
        ("2", "3", "permit_type", "castle"),
        ("2", "3", "issued_on", "'=cmd()"),
    }
    _, out, err = said(monkeypatch, capsys, path)
    table = list(csv.DictReader(io.StringIO(out), delimiter="\t"))
    assert [(one["row"], one["line"], one["who"]) for one in table if one["value"] == "castle"] == [("2", "3", "city")]
    assert "2 errors" in err


def test_private_addresses_are_refused(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = said(monkeypatch, capsys, "http://127.0.0.1:9/permits.csv")
    assert code == 16
    assert "private" in err


def test_it_needs_no_home(tmp_path: Path) -> None:
    path = tmp_path / "permits.csv"
    path.write_text(GOOD)
    command = [
        sys.executable,
        "-c",
        "from commonground.cli import main; main()",
        "check",
        str(path),
        "--standard",
        "building_permits",
    ]
    home = tmp_path / "home"
    done = subprocess.run(
        command, env={**os.environ, "COMMONGROUND_HOME": str(home)}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert not home.exists()
