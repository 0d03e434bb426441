"""A portal elsewhere, over HTTP. Files are fetched once: they are kept under the hash that the portal names."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urljoin, urlsplit

from commonground.errors import Disagrees, NotFound, Refused, Unreadable, Usage
from commonground.protocols.http import Client, Manners
from commonground.tables.opening.table import Json, Portal, Table

_MANNERS: Final = Manners(total=3600, max_bytes=2**37)
"""A city's file may have gigabytes, and come over a slow line."""
_NOT_FOUND: Final = 404
_NO_RANGE: Final = 416


def folder() -> Path:
    """Where files are kept where no other place is named: the user's own folder for what can be fetched again."""
    if sys.platform == "win32":  # pragma: no cover
        return Path(os.environ.get("LOCALAPPDATA", Path.home())) / "commonground"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "commonground"


class Remote(Portal):
    """A portal by its address."""

    def __init__(self, address: str, cache: Path | None = None) -> None:
        host = urlsplit(address).hostname
        if not host:
            raise Usage(f"{address} names no host.", advice="Write it as https://portal.example.org.")
        self.address = address.rstrip("/")
        self._cache = cache or folder()
        # A person named this address, so that no guard knows better; it may be a portal on this machine.
        self._client = Client(allow_private=True, manners=_MANNERS)

    def __repr__(self) -> str:
        """As it was opened."""
        return f"commonground.open({self.address!r})"

    def tables(self) -> list[str]:
        """See `Portal`."""
        told = self._client.json(f"{self.address}/tables.json")
        try:
            return [str(one["name"]) for one in told["tables"]]
        except (TypeError, KeyError) as error:
            raise Disagrees(f"{self.address} does not list tables as Common Ground does.", url=self.address) from error

    def table(self, name: str, release: int | None = None) -> Table:
        """See `Portal`."""
        path = f"tables/{quote(name, safe='')}/{f'releases/{release}/' if release else ''}datapackage.json"
        address = f"{self.address}/{path}"
        try:
            told = self._client.json(address)
        except Refused as error:
            if error.status != _NOT_FOUND:
                raise
            which = f"no release {release} of a table" if release else "no table"
            raise NotFound(f"{self.address} has {which} “{name}”.", advice=f"Tables: {self._known()}.") from None
        try:
            return self._table(name, address, told)
        except (TypeError, KeyError, StopIteration) as error:
            raise Disagrees(f"{address} is no data package of a table.", url=address) from error

    def _known(self) -> str:
        return ", ".join(self.tables()) or "none"

    def _table(self, name: str, address: str, told: Json) -> Table:
        files = {one["city"]: one for one in told["resources"] if one["format"] == "parquet"}
        cities = {one["city"]: one for one in told["cities"]}
        schema = next(iter(files.values()))["schema"] if files else {"fields": []}
        return Table(
            name,
            int(told["release"]),
            str(told["standard"]["version"]),
            {city: int(one["rows"]) for city, one in files.items()},
            schema,
            {city: one["remainder"] for city, one in cities.items()},
            told["terms"],
            told["attribution"],
            {city: one["not_given"] for city, one in cities.items() if "not_given" in one},
            partial(self._fetch, address, files),
        )

    def _fetch(self, address: str, files: Mapping[str, Json], chosen: Iterable[str]) -> Sequence[Path]:
        return [self._file(urljoin(address, files[city]["path"]), files[city]) for city in chosen]

    def _file(self, url: str, told: Mapping[str, Any]) -> Path:
        """The file on this machine: the one that is there, or the rest of it fetched. Raises a `PortalError`."""
        digest = str(told["hash"]).removeprefix("sha256:")
        place = self._cache / hashlib.blake2b(url.encode(), digest_size=12).hexdigest()
        path = place / f"{digest}.parquet"
        if path.exists():
            return path
        place.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".partial")
        self._rest(url, part, int(told["bytes"]))
        if _sha256(part) != digest:
            part.unlink()
            raise Unreadable(f"{url} did not come as the portal describes it. Open the table anew.", url=url)
        part.replace(path)
        for other in place.glob("*.parquet"):  # an older state, which may have a row that its city took back
            if other != path:
                other.unlink()
        return path

    def _rest(self, url: str, part: Path, size: int) -> None:
        with part.open("ab+") as file:
            if file.seek(0, os.SEEK_END) == size:
                return
            try:
                self._client.resume(url, file)
            except Refused as error:
                if error.status != _NO_RANGE:
                    raise  # with 416 it is longer than the portal's, and its hash will say so


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
