"""Where builds meet the database: parts kept once, releases published in one transaction, rows taken back everywhere."""

from __future__ import annotations

import hashlib
import shutil
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pyarrow.parquet as pq
from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from commonground.catalog.models import Dataset
from commonground.engine.session import literal, metadata, private
from commonground.standards.crosswalk import Crosswalk
from commonground.standards.model import CITY, Standard
from commonground.tables import changes, giving, guard
from commonground.tables.build.cleaning import quoted
from commonground.tables.build.result import Built, built
from commonground.tables.manifest import home
from commonground.tables.models import Build, Part, Release, Stop, Withdrawal
from commonground.tables.raw import Written

if TYPE_CHECKING:
    from commonground.tables.build.rows import Order


def parts_folder(source: str) -> Path:
    """Where raw parts of a source lie."""
    return home() / "rows" / hashlib.sha256(source.encode()).hexdigest()[:24]


def build_folder(standard: str, city: str) -> Path:
    """A new folder for a build."""
    return home() / "tables" / standard / city / uuid4().hex


def keep(source: str, label: str, written: Written, *, declared: int | None = None, notes: Sequence[Any] = ()) -> Part:
    """The part of these rows: a new one, or the one that has them already. The newest read wins over older parts."""
    with transaction.atomic():
        held = Part.objects.filter(source=source, digest=written.digest).first()
        if held is not None:
            return held
        last = Part.objects.filter(source=source).aggregate(last=Max("sequence"))["last"] or 0
        return Part.objects.create(
            source=source,
            label=label,
            sequence=last + 1,
            path=str(written.path.relative_to(home())),
            names=list(written.names),
            rows=written.rows,
            declared=declared,
            revision=revision(source),
            digest=written.digest,
            fetched=timezone.now(),
            notes=list(notes),
        )


def revision(source: str) -> int | None:
    """The revision of the dataset's record while its rows are read; None of a file, or where we hold no record."""
    return Dataset.objects.filter(key=source).values_list("revision__number", flat=True).first()


def unkept(source: str, written: Written) -> None:
    """Remove a file of rows that became no part."""
    if not Part.objects.filter(source=source, digest=written.digest).exists():
        written.path.unlink(missing_ok=True)


def digest(crosswalk: Crosswalk) -> str:
    """What tells two states of a crosswalk apart."""
    return hashlib.sha256(crosswalk.model_dump_json(by_alias=True).encode()).hexdigest()


def record(made_by: Order, result: Built, parts: Iterable[Part], rights: Sequence[Any]) -> Build:
    """Keep a build; nobody sees it before it is published."""
    standard, crosswalk = made_by.standard, made_by.crosswalk
    with transaction.atomic():
        made = Build.objects.create(
            standard=standard.name,
            version=standard.version,
            city=crosswalk.city,
            crosswalk=digest(crosswalk),
            revision=crosswalk.revision,
            folder=str(made_by.folder.relative_to(home())),
            made=timezone.now(),
            result=result.form(),
            rights=list(rights),
        )
        made.parts.set(parts)
    return made


def current(standard: str) -> dict[str, Build]:
    """The published builds of a table by city; empty where nothing is published."""
    newest = Release.objects.filter(standard=standard).order_by("-number").first()
    return {one.city: one for one in newest.builds.all()} if newest else {}


def publish(standard: Standard, builds: Sequence[Build], *, accept: bool = False) -> Release | None:
    """Publish builds in one new release, in one transaction; other cities stay as they are.

    A build that something speaks against stays back with a finding for its city, unless a person says `accept`.
    Returns None where nothing is new.
    """
    before = current(standard.name)
    ready, stopped, accepted = [], [], {}
    for one in builds:
        held = before.get(one.city)
        why = guard.reasons(built(one.result), built(held.result) if held else None)
        if why and not (accept and one.result["mapped"]):
            stopped.append((one, why))
        else:
            ready.append(one)
            accepted[one.city] = why
    told = [{**_change(standard, before.get(one.city), one), "accepted": accepted[one.city]} for one in ready]
    now = timezone.now()
    with transaction.atomic():
        for one, why in stopped:
            Stop.objects.create(build=one, reasons=why, opened=now)
        if not ready:
            return None
        last = Release.objects.select_for_update().filter(standard=standard.name).aggregate(last=Max("number"))["last"]
        release = Release.objects.create(
            standard=standard.name, number=(last or 0) + 1, version=standard.version, at=now, difference=told
        )
        release.builds.set({**before, **{one.city: one for one in ready}}.values())
        cities = [one.city for one in ready]
        Stop.objects.filter(build__standard=standard.name, build__city__in=cities, closed=None).update(closed=now)
    return release


def _change(standard: Standard, before: Build | None, now: Build) -> Any:  # noqa: ANN401 - JSON
    def at(one: Build) -> tuple[Built, Path]:
        return built(one.result), home() / one.folder / "rows.parquet"

    return changes.change(standard, at(before) if before else None, at(now))


def withdrawn(standard: str, city: str) -> frozenset[str]:
    """The keys of rows that a city took back."""
    return frozenset(Withdrawal.objects.filter(standard=standard, city=city).values_list("key", flat=True))


def holds(standard: Standard, city: str, key: str) -> bool:
    """Whether any build has such a row, or withheld it."""
    files = (
        home() / one.folder / f"{name}.parquet"
        for one in Build.objects.filter(standard=standard.name, city=city)
        for name in ("rows", "withheld")
    )
    asked = f"FROM read_parquet(?) WHERE {_key(standard)} = ? LIMIT 1"
    with private() as session:
        return any(session.execute(asked, [str(one), key]).fetchall() for one in files if one.exists())


def _key(standard: Standard) -> str:
    """SQL of a row's key without the city, as people write it."""
    return f"concat_ws('/', {', '.join(f'{quoted(one)}::VARCHAR' for one in standard.key if one != CITY)})"


def withdraw(standard: Standard, city: str, key: str, *, by: str, why: str = "") -> int:
    """Take a row back everywhere: it is left out of every build that has it, old ones too, and of all to come.

    Returns in how many builds it was.
    """
    Withdrawal.objects.get_or_create(
        standard=standard.name, city=city, key=key, defaults={"by": by, "why": why, "at": timezone.now()}
    )
    changed = 0
    for one in Build.objects.filter(standard=standard.name, city=city):
        changed += _without(standard, one, key)
    giving.forget(standard.name)
    return changed


def _without(standard: Standard, build: Build, key: str) -> int:
    """Write a build's files anew without a row. The counts say that one is withdrawn, whether it was published or not."""
    told = _key(standard)
    gone = 0
    for name in ("rows", "withheld"):
        path = home() / build.folder / f"{name}.parquet"
        if not path.exists():
            continue
        aside = path.with_suffix(".partial")
        source = f"read_parquet({literal(str(path))})"
        why = "_withheld" if name == "withheld" else "''"
        with private() as session:
            hits = dict(
                session.execute(f"SELECT {why}, count(*) FROM {source} WHERE {told} = ? GROUP BY ALL", [key]).fetchall()
            )
            if not sum(hits.values()):  # without a row the counts have one line all the same: none
                continue
            session.execute(
                f"COPY (SELECT * FROM {source} WHERE ({told} = {literal(key)}) IS NOT TRUE ORDER BY _order)"
                f" TO {literal(str(aside))} (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 60000{metadata(_about(path))})"
            )
        aside.replace(path)
        result = built(build.result)
        result.withheld["withdrawn"] += sum(hits.values())
        if name == "rows":
            result.mapped -= sum(hits.values())
            gone = 1
        else:  # it is counted once: as taken back, not for what it was withheld for
            result.withheld -= Counter(hits)
        build.result = result.form()
        build.save(update_fields=["result"])
    return gone


def _about(path: Path) -> dict[str, str]:
    """What a file says of itself, beside what Arrow keeps there."""
    held = pq.read_metadata(path).metadata or {}
    return {key.decode(): text.decode() for key, text in held.items() if not key.startswith(b"ARROW:")}


def forget(folder: Path) -> None:
    """Remove the files of a build that was not kept."""
    shutil.rmtree(folder, ignore_errors=True)
