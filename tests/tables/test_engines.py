"""One table of dirty values, mapped alike by DuckDB and by an engine that is reached by Spark Connect (Sail)."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from commonground.errors import Misconfigured
from commonground.standards.crosswalk import Crosswalk
from commonground.standards.model import Code, Codelist, Field, FieldType, Order, Standard
from tests.tables.made import build, of_cells

INTEGERS = ["12", "+7", "-3", "12.0", "12.5", "7.9", "1e3", "0x10", "", " 5 ", "1,234", "007", "9" * 18, "9" * 19, None]
NUMBERS = ["12.5", ".5", "5.", "-0.0", "1e3", "1e400", "inf", "nan", "NaN", "1,5", "$5", " 2 ", "12.5x", "--1", None]
MONEY = [
    "$1,234.50",
    "1234",
    "(5.00)",
    "-$3",
    "$-3",
    "$1,23",
    "USD 5",
    "$",
    "",
    "1,234,567",
    "0",
    ".99",
    "$ 7",
    "5$",
    None,
]
TRUTHS = ["true", "T", "yes", "Y", "1", "false", "f", "NO", "n", "0", "2", "maybe", "", " true ", None]
DAYS = [
    *("2024-01-05", "2024", " 2024-01-05 ", "inf", "2024-02-30", "2024-1-5", "01/05/2024", "2024-01-05T23:59:59"),
    *("2024-01-05T10:11:12-05:00", "0000-00-00", "1900-01-01", "2099-01-01", "", "infinity", None),
]
TIMES = [
    *("2024-01-05T10:11:12-05:00", "2024-01-05 10:11:12", "2024-01-05T10:11:12.123Z", "2024-03-10 02:30:00"),
    *("2024-11-03 01:30:00", "2024-01-05", "2024-01-05T24:00:00", "10:11", "2024-01-05T10:11:12+0530", "epoch"),
    *("now", "1899-12-30", "2030-01-01T00:00:00Z", "", None),
]
WORDS = [
    "Closed",
    " closed ",
    "CLOSED",
    "Öffnen",
    "öffnen",
    "ÖFFNEN",
    "x",
    "",
    "N/A",
    "n/a",
    "clo sed",
    "é",
    "'",
    '"',
    None,
]


@pytest.fixture(scope="module")
def sail(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an engine that speaks Spark Connect, in a process of its own."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        port = found.getsockname()[1]
    log = (tmp_path_factory.mktemp("sail") / "log").open("wb")
    command = [str(Path(sys.executable).parent / "sail"), "spark", "server", "--ip", "127.0.0.1", "--port", str(port)]
    with log, pytest.MonkeyPatch.context() as patch:
        # Its client takes a process whose main module has no file, as one of xdist, for a run of doctests.
        patch.setattr(sys, "ps1", "", raising=False)
        server = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            _wait(port, server)
            yield f"sc://127.0.0.1:{port}"
        finally:
            server.kill()
            server.wait()


def _wait(port: int, server: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 60
    while True:
        assert server.poll() is None, "the engine ended"
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        assert time.monotonic() < until, "the engine did not start"
        time.sleep(0.1)


def standard() -> Standard:
    kinds = FieldType
    fields = (
        Field("city", kinds.STRING, "City", "", required=True),
        Field("id", kinds.STRING, "Id", "", required=True),
        Field("whole", kinds.INTEGER, "", "", minimum=-1),
        Field("number", kinds.NUMBER, "", "", maximum=1_000),
        Field("cost", kinds.NUMBER, "", ""),
        Field("truth", kinds.BOOLEAN, "", ""),
        Field("on", kinds.DATE, "", ""),
        Field("at", kinds.DATETIME, "", ""),
        Field("later", kinds.DATETIME, "", "", ahead=True),
        Field("status", kinds.STRING, "", "", codelist="status", raw="status_raw"),
        Field("status_raw", kinds.STRING, "", ""),
        Field("joined", kinds.STRING, "", ""),
        Field("part", kinds.STRING, "", ""),
        Field("matched", kinds.STRING, "", "", pattern=r"^\d+$"),
        Field("feet", kinds.NUMBER, "", "", unit="meters"),
        Field("first", kinds.STRING, "", ""),
    )
    status = Codelist("status", "Status", "", (Code("closed", "Closed"), Code("open", "Open")))
    return Standard(
        *("dirty", "Dirty", "", "", "one row", "1.0.0", (), date(2027, 1, 1)),
        key=("city", "id"),
        time="on",
        kind="status",
        fields=fields,
        codelists={"status": status},
        orders=(Order("at", "later"),),
    )


def crosswalk() -> Crosswalk:
    fields: dict[str, Any] = {
        "id": "id",
        "whole": "whole",
        "number": "number",
        "cost": {"column": "cost", "as": "money"},
        "truth": "truth",
        "on": "day",
        "at": "time",
        "later": "day",
        "status": {"first": ["word", "second"], "codes": "status"},
        "status_raw": {"concat": ["word", "second"], "with": " / "},
        "joined": {"concat": ["word", "whole", {"constant": "end"}], "with": "-"},
        "part": {"split": "time", "at": "-", "part": -1},
        "matched": {"match": "cost", "pattern": r"(\d+,?\d*)"},
        "feet": {"column": "number", "factor": 0.3048},
        "first": {"first": ["second", "word", "id"]},
    }
    return Crosswalk.model_validate(
        {
            "standard": "dirty",
            "version": "1.0.0",
            "revision": 1,
            "city": "chicago",
            "nothing": ["N/A"],
            "sources": [{"dataset": "chicago/dirty-0000"}],
            "vintages": [{"name": "all", "when": ["id"], "fields": fields}],
            "codes": {"status": {"Closed": "closed", "öffnen": "open"}},
        }
    )


def columns() -> dict[str, list[str | None]]:
    lists: dict[str, list[str | None]] = {
        "whole": [*INTEGERS],
        "number": [*NUMBERS],
        "cost": [*MONEY],
        "truth": [*TRUTHS],
        "day": [*DAYS],
        "time": [*TIMES],
        "word": [*WORDS],
        "second": [*reversed(WORDS)],
    }
    size = len(INTEGERS)
    assert {len(one) for one in lists.values()} == {size}
    return {"id": [str(n) for n in range(size)], **lists}


def test_both_engines_say_the_same(sail: str, tmp_path: Path) -> None:
    part = of_cells(tmp_path, 1, columns())
    duck = build(tmp_path / "duck", standard(), crosswalk(), [part], within=None)
    other = build(tmp_path / "sail", standard(), crosswalk(), [part], within=None, engine=sail)
    rows, others = (sorted(one.rows(), key=lambda row: row["_row"]) for one in (duck, other))
    for mine, theirs in zip(rows, others, strict=True):
        assert {name: str(value) for name, value in mine.items()} == {
            name: str(value) for name, value in theirs.items()
        }
    same = ("read", "mapped", "withheld", "remainder", "troubles", "unmapped")
    assert [getattr(duck.result, name) for name in same] == [getattr(other.result, name) for name in same]


def test_dirty_values_become_nothing_and_are_counted(tmp_path: Path) -> None:
    made = build(tmp_path, standard(), crosswalk(), [of_cells(tmp_path, 1, columns())], within=None)
    rows = sorted(made.rows(), key=lambda row: row["_row"])
    assert [row["whole"] for row in rows] == [12, 7, None, 12, *[None] * 4, None, 5, None, 7, int("9" * 18), None, None]
    assert [row["cost"] for row in rows] == [1234.5, 1234, -5, -3, None, *[None] * 4, 1234567, 0, 0.99, 7, None, None]
    assert [row["truth"] for row in rows] == [*[True] * 5, *[False] * 5, None, None, None, True, None]
    assert [str(row["on"] or "") for row in rows][:8] == [
        "2024-01-05",
        "",
        "2024-01-05",
        "",
        "",
        "2024-01-05",
        "",
        "2024-01-05",
    ]
    assert rows[0]["at"].isoformat() == "2024-01-05T15:11:12+00:00"
    assert rows[1]["at"].isoformat() == "2024-01-05T16:11:12+00:00", "Chicago's own time"
    assert rows[3]["at"] is None, "the clocks are set forward then"
    assert rows[4]["at"].isoformat() == "2024-11-03T06:30:00+00:00", "the first of two"
    assert [row["status"] for row in rows][:6] == ["closed", "closed", "closed", "open", "open", "open"]
    told = {(one.field, one.code): one.count for one in made.result.troubles}
    assert told["at", "no-such-time"] == 1
    assert told["whole", "too-small"] == 1
    assert told["status", "unmapped"] > 0


@pytest.mark.parametrize("address", ["localhost:15002", "sc://", "http://engine:1"])
def test_an_address_that_is_none_is_told(address: str, tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="COMMONGROUND_ENGINE"):
        build(tmp_path, standard(), crosswalk(), [of_cells(tmp_path, 1, columns())], within=None, engine=address)
