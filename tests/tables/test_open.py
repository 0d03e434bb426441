"""`commonground.open`, on this machine and over HTTP; and other people's clients on our files, from a running server."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import commonground
from commonground.errors import Misconfigured, NotFound, Unreadable, Usage
from commonground.tables.opening import table as opened
from commonground.tables.opening.remote import Remote, folder
from tests.conftest import REPOSITORY
from tests.docs.conftest import free_port
from tests.tables.filled import STANDARD, publish

BIN = Path(sys.executable).parent
COUNTS = {"boston": 40, "chicago": 60_000}
PATIENCE = 60


class Server:
    """A portal that runs in a process of its own, as an operator runs it."""

    def __init__(self, home: Path, rows: dict[str, int], **more: str) -> None:
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("COMMONGROUND", "DATABASE"))}
        self.environment = (
            kept | {"COMMONGROUND_HOME": str(home), "COMMONGROUND_LOG": "json", "COMMONGROUND_RATE": "0"} | more
        )
        given = [f"{city}={count}" for city, count in rows.items()]
        subprocess.run(
            [sys.executable, "-m", "tests.tables.filled", *given], cwd=REPOSITORY, env=self.environment, check=True
        )
        port = free_port()
        self.address = f"http://127.0.0.1:{port}"
        self.process = subprocess.Popen(
            [str(BIN / "commonground"), "serve", "--port", str(port)],
            env=self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._wait()

    def _wait(self) -> None:
        for _ in range(PATIENCE * 10):
            try:
                with urlopen(f"{self.address}/tables.json"):
                    return
            except OSError:
                time.sleep(0.1)
        raise AssertionError("the portal does not answer")

    @property
    def memory(self) -> int:
        """The most memory that a process of it ever held, in bytes."""
        children = subprocess.run(["pgrep", "-s", str(self.process.pid)], capture_output=True, text=True, check=True)
        return max(_peak(int(one)) for one in children.stdout.split())

    def stop(self) -> None:
        """End it and what it started."""
        os.killpg(self.process.pid, signal.SIGTERM)
        self.process.wait(PATIENCE)


def _peak(process: int) -> int:
    told = Path(f"/proc/{process}/status").read_text(encoding="utf-8")
    line = next(one for one in told.splitlines() if one.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    found = Server(tmp_path_factory.mktemp("portal"), COUNTS)
    yield found
    found.stop()


@pytest.fixture
def local(home: None, tmp_path: Path) -> commonground.Portal:  # noqa: ARG001 - asked for, not looked at
    publish(tmp_path, {"boston": 40, "chicago": 60})
    return commonground.open()


@pytest.fixture
def home(db: None, settings: Any, tmp_path: Path) -> None:  # noqa: ARG001 - as above
    settings.HOME = tmp_path


def check(portal: commonground.Portal, counts: dict[str, int]) -> None:
    """What every portal gives."""
    total = sum(counts.values())
    assert portal.tables() == [STANDARD]
    table = portal[STANDARD]
    assert (table.release, len(table), dict(table.rows)) == (1, total, counts)
    arrow = table.arrow()
    assert isinstance(arrow, pa.Table)
    assert (arrow.num_rows, tuple(arrow.column_names)) == (total, table.columns)
    assert arrow.column("description")[2].as_py() == "Ñandú 市 🏠"
    assert table.arrow(["issued_on", "city"], ["boston"]).column_names == ["issued_on", "city"]
    assert table.polars(cities=["boston"]).shape == (counts["boston"], len(table.columns))
    frame = table.df(["city", "issued_on", "estimated_cost"])
    assert frame.groupby("city").size().to_dict() == counts
    assert str(frame["issued_on"].dtype).startswith("datetime64")
    assert table.schema["name"] == STANDARD
    assert table.remainder["boston"]["permit_type"] == pytest.approx(1 / 3, abs=1e-6)
    assert {one["license"] for one in table.license} == {"Public domain"}
    assert table.attribution.startswith("Boston, Office; Chicago, Office")


def _by_ibis(table: commonground.Table) -> dict[str, int]:
    asked = table.ibis()
    wires = asked.filter(asked.permit_type == "electrical")
    told = wires.group_by("city").agg(n=wires.count()).to_pyarrow()
    return {one["city"]: one["n"] for one in told.to_pylist()}


def test_of_this_machine(local: commonground.Portal) -> None:
    check(local, {"boston": 40, "chicago": 60})


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # ibis speaks to DuckDB as to the version before
def test_ibis_asks_the_files(local: commonground.Portal) -> None:
    assert _by_ibis(local[STANDARD]) == {"boston": 10, "chicago": 15}


@pytest.mark.usefixtures("home")
def test_a_home_without_tables(tmp_path: Path) -> None:
    portal = commonground.open(tmp_path)
    assert portal.tables() == []
    with pytest.raises(NotFound, match="commonground build"):
        portal.table(STANDARD)


def test_names_that_are_not_there(local: commonground.Portal) -> None:
    with pytest.raises(NotFound, match="building_permits"):
        local["building_permit"]
    with pytest.raises(NotFound, match="no release 9"):
        local.table(STANDARD, 9)
    with pytest.raises(NotFound, match="“issued_on”"):
        local[STANDARD].arrow(["isued_on"])
    with pytest.raises(NotFound, match="“boston”"):
        local[STANDARD].paths(["bostn"])


def test_places_that_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no folder"):
        commonground.open(tmp_path / "none")
    with pytest.raises(Usage, match="Open another one in a new process"):
        commonground.open(tmp_path)
    with pytest.raises(Usage, match="https://"):
        commonground.open("ftp://example.org")
    with pytest.raises(Usage, match="names no host"):
        commonground.open("https:///x")


def test_a_library_that_is_missing_is_named(local: commonground.Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    monkeypatch.setitem(sys.modules, "polars", None)
    with pytest.raises(Misconfigured, match="pip install 'pandas'"):
        local[STANDARD].df()
    with pytest.raises(Misconfigured, match="pip install 'polars'"):
        local[STANDARD].polars()
    assert opened._library("json") is json


def test_the_package_stays_light() -> None:
    code = (
        "import commonground, sys; print(commonground.__version__, {'django', 'pyarrow', 'duckdb'} & set(sys.modules))"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said == f"{commonground.__version__} set()\n"
    with pytest.raises(AttributeError, match="opne"):
        commonground.opne  # type: ignore[attr-defined] # noqa: B018 - looking it up is what is tried


@pytest.mark.slow
def test_in_a_notebook(server: Server) -> None:
    code = (
        "import asyncio, commonground\n"
        "async def cell(): return len(commonground.open()['building_permits'].arrow())\n"
        "print(asyncio.run(cell()))"
    )
    said = subprocess.run(
        [sys.executable, "-c", code], env=server.environment, capture_output=True, text=True, check=True
    )
    assert said.stdout == "60040\n"


@pytest.mark.slow
def test_over_http(server: Server, tmp_path: Path) -> None:
    check(commonground.open(server.address, cache=tmp_path), COUNTS)


@pytest.mark.slow
def test_files_are_fetched_once_and_resumed(server: Server, tmp_path: Path) -> None:
    portal = commonground.open(server.address, cache=tmp_path)
    (path,) = portal[STANDARD].paths(["chicago"])
    content, written = path.read_bytes(), path.stat().st_mtime_ns
    assert portal[STANDARD].paths(["chicago"]) == [path]
    assert path.stat().st_mtime_ns == written
    path.with_suffix(".partial").write_bytes(content[: len(content) // 2])
    path.unlink()
    asked: list[str] = []
    client = commonground.open(server.address, cache=tmp_path)
    assert isinstance(client, Remote)
    opens = client._client._open

    def spy(url: str, condition: dict[str, str]) -> Any:
        asked.append(condition.get("Range", ""))
        return opens(url, condition)

    client._client._open = spy  # type: ignore[method-assign, assignment]
    assert client[STANDARD].paths(["chicago"]) == [path]
    assert f"bytes={len(content) // 2}-" in asked
    assert path.read_bytes() == content


@pytest.mark.slow
def test_a_part_that_is_of_something_else_is_not_believed(server: Server, tmp_path: Path) -> None:
    portal = commonground.open(server.address, cache=tmp_path)
    (path,) = portal[STANDARD].paths(["chicago"])
    size = path.stat().st_size
    for wrong in (b"x" * 100, b"x" * size, b"x" * (size + 5)):
        path.unlink(missing_ok=True)
        path.with_suffix(".partial").write_bytes(wrong)
        with pytest.raises(Unreadable, match="Open the table anew"):
            portal[STANDARD].paths(["chicago"])
        assert not path.with_suffix(".partial").exists()
    assert portal[STANDARD].paths(["chicago"]) == [path]


@pytest.mark.slow
def test_names_that_are_not_there_over_http(server: Server, tmp_path: Path) -> None:
    portal = commonground.open(server.address, cache=tmp_path)
    with pytest.raises(NotFound, match="Tables: building_permits"):
        portal["building_permit"]
    with pytest.raises(NotFound, match="no release 7"):
        portal.table(STANDARD, 7)


def test_where_files_are_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert folder() == tmp_path / "commonground"


@pytest.mark.slow
def test_curl_goes_on_where_it_was_cut_off(server: Server, tmp_path: Path) -> None:
    for form in ("csv", "parquet"):
        url = f"{server.address}/tables/{STANDARD}/releases/1/chicago.{form}"
        whole, part = tmp_path / f"whole.{form}", tmp_path / f"part.{form}"
        subprocess.run(["curl", "-sf", "-o", whole, url], check=True)
        part.write_bytes(whole.read_bytes()[:1000])
        said = subprocess.run(
            ["curl", "-sf", "-C", "-", "-o", part, "-w", "%{http_code} %{size_download}", url],
            capture_output=True,
            text=True,
            check=True,
        )
        assert said.stdout == f"206 {whole.stat().st_size - 1000}"
        assert part.read_bytes() == whole.read_bytes()


@pytest.mark.slow
def test_curl_sees_the_head_of_a_file(server: Server) -> None:
    url = f"{server.address}/tables/{STANDARD}.parquet"
    said = subprocess.run(["curl", "-sfI", url], capture_output=True, text=True, check=True).stdout.lower()
    assert "accept-ranges: bytes" in said
    with urlopen(url) as whole:
        assert f"content-length: {len(whole.read())}" in said


@pytest.mark.slow
def test_pandas_reads_addresses(server: Server) -> None:
    import pandas as pd

    base = f"{server.address}/tables/{STANDARD}"
    assert len(pd.read_parquet(f"{base}.parquet")) == 60_040
    assert len(pd.read_parquet(f"{base}/releases/1/chicago.parquet", columns=["city", "issued_on"])) == 60_000
    told = pd.read_csv(f"{base}/releases/1/chicago.csv", parse_dates=["issued_on"])
    assert (len(told), told["description"][2]) == (60_000, "Ñandú 市 🏠")
    assert len(pd.read_csv(f"{base}.csv?city=boston&fields=permit_id")) == 40


class Remotely:
    """A file at an address, as readers with random access see it: every read is one request for a portion."""

    def __init__(self, url: str) -> None:
        self.url, self.place, self.closed, self.read_bytes = url, 0, False, 0
        with urlopen(Request(url, method="HEAD")) as head:
            self.size = int(head.headers["Content-Length"])

    def seek(self, place: int, whence: int = 0) -> int:
        self.place = place + (self.place if whence == 1 else self.size if whence == 2 else 0)
        return self.place

    def tell(self) -> int:
        return self.place

    def read(self, many: int = -1) -> bytes:
        stop = self.size if many < 0 else min(self.place + many, self.size)
        if stop <= self.place:
            return b""
        with urlopen(Request(self.url, headers={"Range": f"bytes={self.place}-{stop - 1}"})) as answer:
            assert answer.status == 206
            content: bytes = answer.read()
        self.place += len(content)
        self.read_bytes += len(content)
        return content

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def writable(self) -> bool:
        return False

    def close(self) -> None:
        self.closed = True

    def flush(self) -> None:
        pass


@pytest.mark.slow
def test_a_reader_of_parquet_fetches_only_its_columns(server: Server) -> None:
    far = Remotely(f"{server.address}/tables/{STANDARD}/releases/1/chicago.parquet")
    told = pq.ParquetFile(pa.PythonFile(far, mode="r")).read(columns=["permit_type"])
    assert told.num_rows == 60_000
    assert far.read_bytes < far.size / 2


@pytest.mark.slow
def test_a_million_rows_are_streamed_in_little_memory(tmp_path: Path) -> None:
    server = Server(tmp_path, {"chicago": 1_000_000, "boston": 10})
    try:
        _consumed(f"{server.address}/tables/{STANDARD}.csv?city=boston")
        before = server.memory
        size, lines = _consumed(f"{server.address}/tables/{STANDARD}.csv?limit=5")
        assert lines > 1_000_011  # texts have line ends of their own
        assert size > 80_000_000
        sent, _ = _consumed(f"{server.address}/tables/{STANDARD}.parquet?city=chicago")
        assert sent > 5_000_000
        grown = server.memory - before
        assert grown < 200_000_000, f"{grown / 1e6:.0f} MB more for {size / 1e6:.0f} MB of CSV"
    finally:
        server.stop()


def _consumed(url: str) -> tuple[int, int]:
    """How many bytes came, and line ends among them; nothing is kept."""
    size = lines = 0
    with urlopen(url, timeout=PATIENCE) as answer:
        while piece := answer.read(2**20):
            size, lines = size + len(piece), lines + piece.count(b"\n")
    return size, lines


@pytest.mark.slow
def test_a_reader_that_goes_away_harms_nobody(server: Server) -> None:
    def leave() -> None:
        with urlopen(f"{server.address}/tables/{STANDARD}.csv") as answer:
            answer.read(10)

    leaving = [threading.Thread(target=leave) for _ in range(20)]
    for one in leaving:
        one.start()
    for one in leaving:
        one.join(PATIENCE)
    assert _consumed(f"{server.address}/tables/{STANDARD}.csv")[0] > 100_000
