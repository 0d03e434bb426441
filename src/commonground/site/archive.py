"""A backup as one file: a gzipped tar whose first member, the manifest, names all others with size and hash. Pure.

It appears whole or not at all, is readable by its owner only, and is unpacked into an empty folder and compared
before anything is done with it.
"""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import tarfile
import zlib
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import IO, Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, NonNegativeInt, ValidationError

from commonground.errors import BackupBroken, Usage

MANIFEST = "manifest.json"
LARGEST_MANIFEST = 64_000_000
QUICK = 3
"""Of gzip's levels: raw records are compressed already."""
_PIECE = 1_000_000


def _inside(name: str) -> str:
    """A plain path below the folder."""
    path = PurePosixPath(name)
    if path.is_absolute() or not path.parts or ".." in path.parts or path.as_posix() != name or name == MANIFEST:
        raise ValueError(f"{name!r} is no path inside the backup")
    return name


class File(BaseModel):
    """One file of a backup. `sha256` is in hexadecimal digits."""

    model_config = ConfigDict(frozen=True)

    name: Annotated[str, AfterValidator(_inside)]
    bytes: NonNegativeInt
    sha256: str


class Manifest(BaseModel):
    """What a backup holds, and of which state.

    `migrations` are the schema (`app.name`), `counts` the rows of each table, `members` what each further part of
    the home says of itself.
    """

    model_config = ConfigDict(frozen=True)

    format: Literal[1] = 1
    version: str
    made: datetime
    database: Literal["sqlite", "postgresql"]
    migrations: tuple[str, ...]
    mark: str
    generation: NonNegativeInt
    counts: dict[str, NonNegativeInt]
    members: dict[str, dict[str, Any]]
    files: tuple[File, ...] = ()


def write(target: Path, folder: Path, manifest: Manifest) -> Manifest:
    """Pack all files below the folder. Returns the manifest with them; raises `OSError` when the disk is full."""
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    full = manifest.model_copy(update={"files": tuple(_described(folder, name) for name in names)})
    partial = target.with_name(f".{target.name}.part")
    try:
        with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as raw:
            with tarfile.open(fileobj=raw, mode="w:gz", compresslevel=QUICK, format=tarfile.PAX_FORMAT) as tar:
                told = full.model_dump_json(indent=2).encode()
                tar.addfile(_header(MANIFEST, len(told), full.made), io.BytesIO(told))
                for one in full.files:
                    with (folder / one.name).open("rb") as file:
                        tar.addfile(_header(one.name, one.bytes, full.made), file)
            raw.flush()
            os.fsync(raw.fileno())
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
    return full


def _header(name: str, size: int, made: datetime) -> tarfile.TarInfo:
    found = tarfile.TarInfo(name)
    found.size, found.mtime, found.mode = size, int(made.timestamp()), 0o600
    return found


def _described(folder: Path, name: str) -> File:
    path = folder / name
    with path.open("rb") as file:
        return File(name=name, bytes=path.stat().st_size, sha256=hashlib.file_digest(file, "sha256").hexdigest())


def unpack(source: Path, folder: Path) -> Manifest:
    """Unpack a backup into an empty folder. Raises `BackupBroken` unless every file is what the manifest says."""
    try:
        with tarfile.open(source, mode="r|gz") as tar:
            manifest = _manifest(source, tar)
            _require_room(folder, manifest)
            waiting = {one.name: one for one in manifest.files}
            while found := tar.next():
                if found.name not in waiting or not found.isreg():
                    raise _broken(source, f"it holds {found.name!r}, of which the manifest knows nothing")
                _take(source, tar, found, waiting.pop(found.name), folder)
    except FileNotFoundError as error:
        raise Usage(f"There is no backup {source}.") from error
    except (tarfile.TarError, EOFError, zlib.error, OSError) as error:
        if isinstance(error, OSError) and not isinstance(error, tarfile.TarError) and error.errno:
            raise  # the disk, and not what stands on it
        raise _broken(source, f"it is cut off or no backup ({error})") from error
    if waiting:
        raise _broken(source, f"it lacks {min(waiting)}")
    return manifest


def _manifest(source: Path, tar: tarfile.TarFile) -> Manifest:
    first = tar.next()
    file = tar.extractfile(first) if first and first.name == MANIFEST and first.size <= LARGEST_MANIFEST else None
    if file is None:
        raise _broken(source, f"it does not begin with {MANIFEST}")
    try:
        return Manifest.model_validate_json(file.read())
    except ValidationError as error:
        problem = error.errors()[0]
        where = ".".join(map(str, problem["loc"]))
        raise _broken(source, f"its manifest cannot be read: {where}: {problem['msg']}") from error


def _require_room(folder: Path, manifest: Manifest) -> None:
    needed, free = sum(one.bytes for one in manifest.files), shutil.disk_usage(folder).free
    if needed > free:
        raise Usage(f"The backup needs {needed:,} bytes in {folder}, and {free:,} are free.", advice="Make room first.")


def _take(source: Path, tar: tarfile.TarFile, found: tarfile.TarInfo, told: File, folder: Path) -> None:
    """Write one file, comparing it on the way. Only the manifest's checked names become paths; links are refused."""
    file = tar.extractfile(found)
    if file is None or found.size != told.bytes:
        raise _broken(source, f"{told.name} has another size than the manifest says")
    path = folder / told.name
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("xb") as out:
        digest = _copied(file, out)
        out.flush()
        os.fsync(out.fileno())
    if digest != told.sha256:
        raise _broken(source, f"{told.name} was altered")


def _copied(file: IO[bytes], out: IO[bytes]) -> str:
    digest = hashlib.sha256()
    while piece := file.read(_PIECE):
        digest.update(piece)
        out.write(piece)
    return digest.hexdigest()


def _broken(source: Path, why: str) -> BackupBroken:
    return BackupBroken(f"{source} cannot be restored: {why}.", advice="Nothing was changed. Take another backup.")
