"""Compare what a portal lists with what we hold, and say what is to be written. Pure: plans, no I/O."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, TypeVar

from commonground.catalog import characters, forms
from commonground.catalog.quality import criteria
from commonground.errors import PortalError
from commonground.protocols.base import SAMPLE_LENGTH, Notes, Page, Reader
from commonground.protocols.fields import prose
from commonground.words import Dataset, Finding, Portal, Raw, State

READING = 3
"""Counts up when our reading of records changes: every record is then read anew, once."""

LONGEST_ID = 300
MOST_RECORDS = 2**31 - 1
_KEPT_OF_A_LOST_RECORD = 2_000
_FOLDER = re.compile(r"(?<![^/])\.{1,2}(?![^/])")
"""A part of a path by which browsers would go up in our addresses."""
_LEFT_OUT = {"record-unusable", "wrong-domain"}
"""Findings of a reader that stand for one listed record each, which it did not hand over."""
_BRING_NOTHING = _LEFT_OUT | {"no-id", "duplicate-id"}
"""Findings that stand for one listed record each, which is no dataset of its own."""

Result = TypeVar("Result")


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
    dialect: str = ""
    released: bool = False
    """A person has said that it is gone."""


@dataclass(frozen=True, slots=True)
class Listed:
    """One record of a listing, the id that we keep it by, and the fingerprint of what the city says in it."""

    native_id: str
    raw: Raw
    hash: str


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
class Seen:
    """What one page of a listing named: ids with their fingerprints, and how many records may be any dataset.

    `cursor` is the reader's, to go on behind the page.
    """

    hashes: Mapping[str, str]
    doubtful: int = 0
    cursor: str = ""
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class PagePlan:
    """What one page of a listing asks us to write.

    `returned` were missing or withdrawn and are listed again, changed or not. `repeats`: the page only lists what
    earlier pages did. `listed` is what the next process must know to go on behind this page.
    """

    seen: int
    declared: int | None
    entries: tuple[Entry, ...]
    unchanged: int
    returned: tuple[str, ...]
    findings: tuple[Finding, ...]
    listed: Seen
    repeats: bool = False

    @property
    def added(self) -> int:
        """Records that we did not hold."""
        return sum(entry.change is Change.ADD for entry in self.entries)

    @property
    def changed(self) -> int:
        """Records that the city changed."""
        return sum(entry.change is Change.CHANGE for entry in self.entries)

    @property
    def left_out(self) -> Counter[str]:
        """Records that were seen and are no dataset of their own, by the finding that says why."""
        # An unusable record that has an id is kept under it.
        found = [one.code for one in self.findings if one.code != "record-unusable" or not one.native_id]
        return Counter(code for code in found if code in _BRING_NOTHING and not self.repeats)


def holding(entry: Entry, form: Mapping[str, Any]) -> Entry:
    """An incomplete entry with the columns that are held: that a host is down takes no column away."""
    if entry.dataset.columns is not None or not form.get("columns_known"):
        return entry
    rows = entry.form["row_count"] if entry.form["row_count"] is not None else form.get("row_count")
    kept = {**entry.form, "columns": form["columns"], "columns_known": True, "row_count": rows}
    return replace(entry, dataset=forms.load(kept), form=kept, form_hash=forms.digest(kept))


Complete = Callable[[Sequence[Listed]], Sequence[Completed]]


def storable_id(given: str) -> str:
    """An id that every database and address takes: no control characters, at most 300 characters."""
    clean = re.sub(r"[\n\t]+", " ", prose.clean(given)).strip()
    clean = _FOLDER.sub(r"~\g<0>", clean)
    if len(clean) <= LONGEST_ID:
        return clean
    return f"{clean[: LONGEST_ID - 33]}~{forms.digest(clean)}"


def guarded(do: Callable[[], Result], notes: Notes) -> Result | None:
    """The result, or None and a note: whatever is wrong with one record, the others go on.

    A `PortalError` passes: it is about the portal.
    """
    try:
        return do()
    except PortalError:
        raise
    # Door: one record of a harvest.
    except Exception as error:  # noqa: BLE001
        notes.add("record-unusable", "record", f"{type(error).__name__}: {error}")
        return None


def usable_total(told: object, findings: list[Finding]) -> int | None:
    """How many records the portal says it has, where that can be a count at all."""
    if told is None:
        return None
    if isinstance(told, int) and not isinstance(told, bool) and 0 <= told <= MOST_RECORDS:
        return told
    findings.append(Finding("total-unusable", "listing", repr(told)[:SAMPLE_LENGTH]))
    return None


def bearable(raw: Raw, notes: Notes) -> Raw:
    """The record without fields that are nested so deep that nothing can write them; each is noted."""
    try:
        forms.digest(raw)
    except RecursionError:
        kept = {}
        for name, value in raw.items():
            try:
                forms.digest(value)
            except RecursionError:
                notes.add("nested-too-deep", name)
            else:
                kept[name] = value
        return kept
    return raw


class Comparison:
    """One run over one portal: what is held, and which ids have been seen so far.

    What is held from one of the `better` dialects is not touched: read in a poorer one, a record would
    seem changed though the city changed nothing.
    """

    def __init__(
        self,
        portal: Portal,
        reader: Reader,
        held: Mapping[str, Held],
        complete: Complete,
        better: Collection[str] = (),
    ) -> None:
        self.portal = portal
        self.reader = reader
        self.held = held
        self.complete = complete
        self.better = better
        self._seen: dict[str, tuple[str, int]] = {}
        self._pages = 0
        self._doubtful = 0

    @property
    def identified(self) -> int:
        """How many different ids were listed so far."""
        return len(self._seen)

    def page(self, page: Page) -> PagePlan:
        """The plan for one page. A record with an id that came before is noted and left out."""
        self._pages += 1
        findings, doubles = list(page.findings), list[Finding]()
        fresh, unchanged, hashes, doubtful = list[Listed](), list[str](), dict[str, str](), self._doubtful
        for raw in page.records:
            one = self._listed(raw, findings)
            if one is None:
                self._doubtful += 1
            elif one.native_id in self._seen:
                doubles.append(self._double(one))
            else:
                self._seen[one.native_id] = (one.hash, self._pages)
                hashes[one.native_id] = one.hash
                if self._is_unchanged(one):
                    unchanged.append(one.native_id)
                else:
                    fresh.append(one)
        self._doubtful += sum(one.code == "record-unusable" for one in page.findings)
        entries, same = self._read(fresh)
        unchanged += same
        repeats = bool(doubles) and len(doubles) == len(page.records) and self._pages > 1
        if repeats:
            self._doubtful = doubtful
        else:
            findings += doubles
        declared = usable_total(page.declared, findings)
        return PagePlan(
            seen=len(page.records) + sum(one.code in _LEFT_OUT for one in page.findings),
            declared=declared,
            entries=entries,
            unchanged=len(unchanged) + sum(one.change is Change.REREAD for one in entries),
            returned=tuple(one for one in hashes if one in self.held and self.held[one].state != State.PRESENT),
            findings=tuple(findings),
            listed=Seen(hashes, self._doubtful - doubtful, page.cursor, tuple(findings)),
            repeats=repeats,
        )

    def resume(self, pages: Iterable[Seen]) -> None:
        """Know the pages that another process read before it died."""
        for page in pages:
            self._pages += 1
            self._seen.update({one: (hashed, self._pages) for one, hashed in page.hashes.items()})
            self._doubtful += page.doubtful

    def _listed(self, raw: Raw, findings: list[Finding]) -> Listed | None:
        """The record with its id; None and a finding, which keeps its text, when it has none."""
        try:
            given = self.reader.native_id(raw)
            native_id = storable_id(given)
            if not native_id:
                raise ValueError("listing")  # noqa: TRY301 - both ways of having no id end alike
        except ValueError as error:
            kept = repr(raw)
            findings.append(Finding("no-id", str(error), kept[:SAMPLE_LENGTH], detail=kept[:_KEPT_OF_A_LOST_RECORD]))
            return None
        if native_id != given:
            findings.append(Finding("id-changed", "listing", repr(given)[:SAMPLE_LENGTH], native_id))
        # What goes wrong here is noted where the record is looked at with care.
        hashed = guarded(lambda: forms.digest(self.reader.canonical(raw)), Notes(native_id))
        return Listed(native_id, raw, hashed) if hashed else self._odd(native_id, raw, findings)

    def _odd(self, native_id: str, raw: Raw, findings: list[Finding]) -> Listed:
        """A record whose form is broken: what nothing can write is left out, and the rest compared as it is."""
        notes = Notes(native_id)
        raw = bearable(raw, notes)
        canonical = guarded(lambda: self.reader.canonical(raw), notes)
        findings += notes.found
        return Listed(native_id, raw, forms.digest(raw if canonical is None else canonical))

    def _double(self, one: Listed) -> Finding:
        """A listing whose order changes while it is paged repeats some records and leaves out as many."""
        hashed, page = self._seen[one.native_id]
        self._doubtful += page < self._pages
        same = "the same record" if hashed == one.hash else "with other content"
        return Finding("duplicate-id", "listing", one.native_id, one.native_id, same)

    def _is_unchanged(self, one: Listed) -> bool:
        held = self.held.get(one.native_id)
        if held is None or held.state == State.WITHDRAWN:
            return False  # the findings of a withdrawn one were closed, and are found anew
        if held.dialect in self.better:
            return True
        return held.listed_hash == one.hash and not held.incomplete and held.reading == READING

    def _read(self, fresh: Sequence[Listed]) -> tuple[tuple[Entry, ...], list[str]]:
        """Entries of new and changed records, and the ids of those that stay as they are."""
        entries, same = list[Entry](), list[str]()
        for one, done in zip(fresh, self.complete(fresh), strict=True):
            held = self.held.get(one.native_id)
            if done.incomplete and held and held.listed_hash == one.hash:
                same.append(one.native_id)  # what we hold is no poorer than this; it is asked again next time
            else:
                entries.append(self._entry(one, done))
        return tuple(entries), same

    def _entry(self, one: Listed, done: Completed) -> Entry:
        notes = Notes(one.native_id)
        raw = bearable(done.raw, notes)
        for place, sample in characters.unstorable(raw):
            notes.add("odd-characters", place, sample)
        # Read without the portal's own contact, which stands in for the record's but is not the record's merit.
        dataset = guarded(lambda: self.reader.normalize(raw, replace(self.portal, contact=None), notes), notes)
        unread = dataset is None
        if dataset is None:
            dataset = Dataset(self.portal.city, self.portal.slug, self.portal.host, one.native_id, one.native_id)
        dataset = replace(dataset, native_id=one.native_id)
        faults = () if unread else criteria(dataset, self.reader.capabilities)
        dataset = replace(dataset, contact=dataset.contact or self.portal.contact)
        form = forms.dump(dataset)
        if characters.unstorable(form):
            form = characters.cleaned(form)
            dataset = forms.load(form)
        form_hash = forms.digest(form)
        return Entry(
            self._change(one, form_hash),
            dataset,
            raw,
            one.hash,
            form_hash,
            form,
            done.incomplete,
            (*done.findings, *notes.found, *faults),
        )

    def _change(self, one: Listed, form_hash: str) -> Change:
        held = self.held.get(one.native_id)
        if held is None:
            return Change.ADD
        if held.listed_hash == one.hash and (held.form_hash == form_hash or held.reading != READING or held.incomplete):
            return Change.REREAD
        return Change.CHANGE

    def gone(self) -> tuple[str, ...]:
        """Ids that we hold as present and that the listing did not name.

        None while there are as many records of which we cannot say whether they are these.
        """
        unnamed = self._unnamed()
        return unnamed if len(unnamed) > self._doubtful else ()

    def in_doubt(self) -> int:
        """How many ids the listing did not name, though they are not called missing for want of certainty."""
        unnamed = self._unnamed()
        return len(unnamed) if len(unnamed) <= self._doubtful else 0

    def _unnamed(self) -> tuple[str, ...]:
        return tuple(one for one, held in self.held.items() if held.state == State.PRESENT and one not in self._seen)

    def still_missing(self) -> tuple[str, ...]:
        """Ids that were missing before this listing and are not in it either, as certain as those that are gone."""
        still = tuple(one for one, held in self.held.items() if held.state == State.MISSING and one not in self._seen)
        return still if len(still) > self._doubtful else ()
