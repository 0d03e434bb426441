"""An archive gives back what was put in, or says why not: cut off anywhere, altered anywhere, or hostile."""

from __future__ import annotations

import gzip
import io
import stat
import tarfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from commonground.errors import BackupBroken, Usage
from commonground.site.archive import MANIFEST, Manifest, unpack, write

CONTENTS = {
    "database/one": b"rows " * 5_000,
    "search/current": b"{}",
    "search/a-1/.managed.json": b"",
    "é/ü": b"\x00\xff",
}


def manifest(**more: Any) -> Manifest:
    told = {
        "version": "0.2.0",
        "made": datetime(2026, 11, 23, tzinfo=UTC),
        "database": "sqlite",
        "migrations": ["catalog.0001_initial"],
        "mark": "0123456789abcdef",
        "generation": 7,
        "counts": {"catalog_dataset": 40},
        "members": {"search": {"generation": 7}},
    }
    return Manifest.model_validate({**told, **more})


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("archive")
    for name, content in CONTENTS.items():
        path = folder / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    write(folder / "a.tar.gz", folder / "in", manifest())
    return folder / "a.tar.gz"


def tampered(folder: Path, members: list[tuple[tarfile.TarInfo | str, bytes]]) -> Path:
    path = folder / "tampered.tar.gz"
    with tarfile.open(path, "w:gz") as tar:
        for header, content in members:
            info = tarfile.TarInfo(header) if isinstance(header, str) else header
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return path


def told(packed: Path) -> bytes:
    with tarfile.open(packed) as tar:
        file = tar.extractfile(MANIFEST)
        assert file
        return file.read()


def test_what_was_put_in_comes_out(packed: Path, tmp_path: Path) -> None:
    found = unpack(packed, tmp_path)
    assert {one.name: (tmp_path / one.name).read_bytes() for one in found.files} == CONTENTS
    assert found.model_copy(update={"files": ()}) == manifest()
    assert stat.S_IMODE(packed.stat().st_mode) == 0o600
    assert [path.name for path in packed.parent.iterdir() if path.is_file()] == ["a.tar.gz"]


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(share=st.floats(0, 1, exclude_max=True))
def test_cut_off_anywhere(packed: Path, tmp_path_factory: pytest.TempPathFactory, share: float) -> None:
    """Behind the last file come marks only, which may be missing; before, nothing may."""
    folder = tmp_path_factory.mktemp("cut")
    content = packed.read_bytes()
    (folder / "cut.tar.gz").write_bytes(content[: int(share * len(content))])
    (folder / "out").mkdir()
    try:
        found = unpack(folder / "cut.tar.gz", folder / "out")
    except BackupBroken:
        return
    assert share > 0.8
    assert {one.name: (folder / "out" / one.name).read_bytes() for one in found.files} == CONTENTS


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(share=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_a_flipped_bit_is_seen_or_harmless(
    packed: Path, tmp_path_factory: pytest.TempPathFactory, share: float, bit: int
) -> None:
    """Whatever comes out is what was put in."""
    folder = tmp_path_factory.mktemp("flipped")
    content = bytearray(gzip.decompress(packed.read_bytes()))
    content[int(share * len(content))] ^= 1 << bit
    path = folder / "flipped.tar.gz"
    path.write_bytes(gzip.compress(bytes(content), 1))
    (folder / "out").mkdir()
    try:
        found = unpack(path, folder / "out")
    except BackupBroken:
        return
    for one in found.files:
        assert (folder / "out" / one.name).read_bytes() == CONTENTS[one.name]


def _link(kind: bytes) -> tarfile.TarInfo:
    info = tarfile.TarInfo("search/current")
    info.type, info.linkname = kind, "/etc/passwd"
    return info


@pytest.mark.parametrize(
    ("header", "content", "said"),
    [
        ("../outside", b"x", "knows nothing"),
        ("/etc/outside", b"x", "knows nothing"),
        ("search/more", b"x", "knows nothing"),
        (_link(tarfile.SYMTYPE), b"", "knows nothing"),
        (_link(tarfile.LNKTYPE), b"", "knows nothing"),
        ("search/current", b"[]", "was altered"),
        ("search/current", b"{} ", "another size"),
    ],
)
def test_what_the_manifest_does_not_say(
    packed: Path, tmp_path: Path, header: tarfile.TarInfo | str, content: bytes, said: str
) -> None:
    (tmp_path / "out").mkdir()
    path = tampered(tmp_path, [(MANIFEST, told(packed)), (header, content)])
    with pytest.raises(BackupBroken, match=said):
        unpack(path, tmp_path / "out")
    assert {path.name for path in tmp_path.iterdir()} == {"out", "tampered.tar.gz"}


@pytest.mark.parametrize("name", ["../outside", "/etc/outside", "a/../../b", "", ".", "a//b", MANIFEST])
def test_a_hostile_manifest(tmp_path: Path, name: str) -> None:
    """Its names become paths, so they are checked too."""
    (tmp_path / "out").mkdir()
    text = manifest().model_dump_json().replace('"files":[]', f'"files":[{{"name":"{name}","bytes":1,"sha256":""}}]')
    with pytest.raises(BackupBroken, match="its manifest cannot be read: files"):
        unpack(tampered(tmp_path, [(MANIFEST, text.encode()), (name or "x", b"x")]), tmp_path / "out")


def test_no_backup_at_all(packed: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    with pytest.raises(Usage, match="There is no backup"):
        unpack(other, tmp_path)
    for content in (b"", b"hello", gzip.compress(b"hello"), gzip.compress(b"\0" * 10_240)):
        other.write_bytes(content)
        with pytest.raises(BackupBroken, match="cannot be restored"):
            unpack(other, tmp_path)
    later = manifest().model_dump_json().replace('"format":1', '"format":2')
    with pytest.raises(BackupBroken, match="its manifest cannot be read: format"):
        unpack(tampered(tmp_path, [(MANIFEST, later.encode())]), tmp_path)
    huge = manifest().model_dump_json()
    huge = huge.replace('"files":[]', f'"files":[{{"name":"a","bytes":{10**18},"sha256":""}}]')
    with pytest.raises(Usage, match="are free"):
        unpack(tampered(tmp_path, [(MANIFEST, huge.encode())]), tmp_path)
    assert list(packed.parent.glob(".*")) == []
