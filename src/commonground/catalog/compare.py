"""Compare what a portal lists with what we hold, and say what is to be written. Pure: plans, no I/O."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from commonground.catalog import forms
from commonground.protocols.base import Notes, Page, Reader
from commonground.protocols.fields import prose
from commonground.words import Dataset, Finding, Portal, Raw, State

READING = 1
"""Counts up when our reading of records changes: every record is then read anew, once."""

LONGEST_ID = 300
_KEPT_OF_A_LOST_RECORD = 2_000


class Change(StrEnum):
    """What a record brings: something new, another state, or only a better reading of the same."""

    ADD = "add"
    CHANGE = "change"
    REREAD = "reread"


@dataclass(frozen=True, slots=True)
class Held:
    """What we hold of one dataset, as far as comparing needs it."""

    listed_hash: str
    form_hash: str
    state: str = State.PRESENT
    incomplete: bool = False
    reading: int = READING


@dataclass(frozen=True, slots=True)
class Completed:
    """A record with what a further request told, or why it could not be had (`incomplete`)."""

    raw: Raw
    findings: tuple[Finding, ...] = ()
    incomplete: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """One record to be written."""

    change: Change
    dataset: Dataset
    raw: Raw
    listed_hash: str
    form_hash: str
    form: dict[str, object]
    incomplete: bool
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class PagePlan:
    """What one page of a listing asks us to write. `returned` were missing and are back unchanged."""

    seen: int
    declared: int | None
    entries: tuple[Entry, ...]
    unchanged: int
    returned: tuple[str, ...]
    findings: tuple[Finding, ...]
    ids: frozenset[str]

    @property
    def added(self) -> int:
        """Records that we did not hold."""
        return sum(entry.change is Change.ADD for entry in self.entries)

    @property
    def changed(self) -> int:
        """Records that the city changed."""
        return sum(entry.change is Change.CHANGE for entry in self.entries)


Complete = Callable[[list[Raw]], list[Completed]]


def storable_id(given: str) -> str:
    """An id that every database and address takes: no control characters, at most 300 characters."""
    clean = prose.clean(given).strip()
    if len(clean) <= LONGEST_ID:
        return clean
    return f"{clean[: LONGEST_ID - 33]}~{forms.digest(clean)}"


class Comparison:
    """One run over one portal: what is held, and which ids have been seen so far."""

    def __init__(self, portal: Portal, reader: Reader, held: Mapping[str, Held], complete: Complete) -> None:
        self.portal = portal
        self.reader = reader
        self.held = held
        self.complete = complete
        self.seen: dict[str, str] = {}

    def page(self, page: Page) -> PagePlan:
        """The plan for one page. A record with an id that came before is noted and left out."""
        findings = list(page.findings)
        fresh: list[tuple[str, Raw, str]] = []
        unchanged: list[str] = []
        for raw in page.records:
            native_id = self._identify(raw, findings)
            if native_id is None:
                continue
            listed = forms.digest(self.reader.canonical(raw))
            if native_id in self.seen:
                same = "the same record" if self.seen[native_id] == listed else "with other content"
                findings.append(Finding("duplicate-id", "listing", native_id, native_id, same))
                continue
            self.seen[native_id] = listed
            if self._is_unchanged(native_id, listed):
                unchanged.append(native_id)
            else:
                fresh.append((native_id, raw, listed))
        entries, same = self._read(fresh)
        returned = tuple(one for one in unchanged if self.held[one].state == State.MISSING)
        ids = frozenset(unchanged) | {native_id for native_id, _, _ in fresh}
        return PagePlan(
            len(page.records), page.declared, entries, len(unchanged) + same, returned, tuple(findings), ids
        )

    def _identify(self, raw: Raw, findings: list[Finding]) -> str | None:
        try:
            given = self.reader.native_id(raw)
        except ValueError as error:
            # The record cannot be held without an id; its text is kept with the finding.
            findings.append(Finding("no-id", str(error), detail=repr(raw)[:_KEPT_OF_A_LOST_RECORD]))
            return None
        native_id = storable_id(given)
        if native_id != given:
            findings.append(Finding("id-changed", "listing", repr(given)[:200], native_id))
        return native_id

    def _is_unchanged(self, native_id: str, listed: str) -> bool:
        held = self.held.get(native_id)
        return (
            held is not None and held.listed_hash == listed and not held.incomplete and held.reading == READING
        )

    def _read(self, fresh: list[tuple[str, Raw, str]]) -> tuple[tuple[Entry, ...], int]:
        """Entries of new and changed records, and how many turned out to be the same after all."""
        completed = self.complete([raw for _, raw, _ in fresh])
        entries = [
            self._entry(native_id, done, listed)
            for (native_id, _, listed), done in zip(fresh, completed, strict=True)
        ]
        return tuple(entries), sum(entry.change is Change.REREAD for entry in entries)

    def _entry(self, native_id: str, done: Completed, listed: str) -> Entry:
        notes = Notes(native_id)
        try:
            dataset = replace(self.reader.normalize(done.raw, self.portal, notes), native_id=native_id)
        # Door: one record of a harvest. Whatever is wrong with it, the others go on and it is kept raw.
        except Exception as error:  # noqa: BLE001
            notes.add("record-unusable", "record", f"{type(error).__name__}: {error}")
            dataset = Dataset(self.portal.city, self.portal.slug, self.portal.host, native_id, native_id)
        form = forms.dump(dataset)
        form_hash = forms.digest(form)
        return Entry(
            self._change(native_id, listed, form_hash),
            dataset,
            done.raw,
            listed,
            form_hash,
            form,
            done.incomplete,
            (*done.findings, *notes.found),
        )

    def _change(self, native_id: str, listed: str, form_hash: str) -> Change:
        held = self.held.get(native_id)
        if held is None:
            return Change.ADD
        if held.listed_hash == listed and (held.form_hash == form_hash or held.reading != READING):
            return Change.REREAD
        return Change.CHANGE

    def gone(self) -> tuple[str, ...]:
        """Ids that we hold as present and that the listing, once complete, did not name."""
        return tuple(one for one, held in self.held.items() if held.state == State.PRESENT and one not in self.seen)
