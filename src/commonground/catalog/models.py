"""The catalog's state. Facts about cities and portals stay in their TOML; here are only their slugs."""

from __future__ import annotations

import secrets
import zlib
from collections.abc import Iterable
from typing import Any, ClassVar

import orjson
from django.db import models

from commonground.words import Dataset as DatasetWord
from commonground.words import State


class Harvest(models.Model):
    """One run over one portal. Counts are of this run; `held` leaves out what is missing."""

    class Outcome(models.TextChoices):
        RUNNING = "running", "running"
        COMPLETE = "complete", "complete"
        PARTIAL = "partial", "partial"
        WITHHELD = "withheld", "withheld"
        FAILED = "failed", "failed"

    class Decision(models.TextChoices):
        RELEASED = "released", "released"
        DISCARDED = "discarded", "discarded"
        SUPERSEDED = "superseded", "superseded"

    class Source(models.TextChoices):
        LIVE = "live", "live"
        REPLAY = "replay", "replay"
        DEMO = "demo", "demonstration"

    portal = models.SlugField(max_length=60)
    city = models.SlugField(max_length=60)
    host = models.CharField(max_length=253)
    protocol = models.CharField(max_length=30)
    dialect = models.CharField(max_length=40, blank=True)
    source = models.CharField(max_length=10, choices=Source.choices)
    recorded = models.DateField(null=True, help_text="Day of the recording, in a replay.")
    outcome = models.CharField(max_length=10, choices=Outcome.choices, default=Outcome.RUNNING)
    started = models.DateTimeField()
    finished = models.DateTimeField(null=True)
    declared = models.PositiveIntegerField(null=True, help_text="How many records the portal says it has.")
    seen = models.PositiveIntegerField(default=0)
    left_out: models.JSONField[dict[str, int]] = models.JSONField(
        default=dict, help_text="Records that were seen and are no dataset of their own, by the finding that says why."
    )
    held = models.PositiveIntegerField(default=0)
    added = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    missing = models.PositiveIntegerField(default=0, help_text="No longer listed, as of this run.")
    returned = models.PositiveIntegerField(default=0, help_text="Listed again after they were missing or withdrawn.")
    withdrawn = models.PositiveIntegerField(default=0, help_text="Missing for so long that they were withdrawn.")
    reason = models.TextField(blank=True, help_text="Why nothing was called missing, where the run is withheld.")
    would_go: models.JSONField[list[str]] = models.JSONField(
        default=list, help_text="Native ids of what would be missing, where the run is withheld."
    )
    decision = models.CharField(max_length=10, choices=Decision.choices, blank=True)
    decided = models.DateTimeField(null=True)
    decided_by = models.CharField(max_length=150, blank=True)
    resumed = models.PositiveSmallIntegerField(default=0, help_text="How often another process went on with it.")
    findings = models.PositiveIntegerField(default=0, help_text="Open findings of the portal when the run ended.")
    error = models.TextField(blank=True)

    class Meta:
        ordering: ClassVar = ["-started", "-id"]
        indexes: ClassVar = [
            models.Index(fields=["portal", "-started"]),
            models.Index(fields=["portal", "outcome", "-id"]),
        ]

    def __str__(self) -> str:
        return f"{self.portal} {self.started:%Y-%m-%d %H:%M} {self.outcome}"

    touched: bool = False
    """Whether this process wrote a dataset in this run; not kept."""

    @property
    def withheld(self) -> bool:
        """Whether something vanished that waits for a person to say that it is gone."""
        return self.outcome == self.Outcome.WITHHELD and not self.decision

    @property
    def seconds(self) -> float:
        """How long the run took; 0 while it runs, and where the clock was set back meanwhile."""
        return max(0.0, (self.finished - self.started).total_seconds()) if self.finished else 0.0


class Checkpoint(models.Model):
    """One page of a run under way that is written: another process can go on behind it. Gone when the run ends."""

    harvest = models.ForeignKey(Harvest, on_delete=models.CASCADE, related_name="checkpoints")
    number = models.PositiveIntegerField()
    packed = models.BinaryField(help_text="What the page listed (compare.Seen): JSON, zlib.")

    class Meta:
        ordering: ClassVar = ["harvest", "number"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["harvest", "number"], name="one_checkpoint_a_page"),
        ]

    def __str__(self) -> str:
        return f"{self.harvest_id} page {self.number}"


class Validator(models.Model):
    """What a portal said of a document by which it can say “not modified” next time (ETag, Last-Modified)."""

    portal = models.SlugField(max_length=60)
    url = models.TextField()
    etag = models.TextField(blank=True)
    last_modified = models.TextField(blank=True)
    read = models.DateTimeField(help_text="When the document was last read as a whole.")

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["portal", "url"], name="one_validator_an_address")]

    def __str__(self) -> str:
        return self.url


class Dataset(models.Model):
    """A dataset of a portal, for ever. `key` is the permanent id `<portal>/<native id>`.

    What it says is in its newest revision; the columns here serve lists, filters and order.
    """

    key = models.CharField(max_length=400, unique=True)
    portal = models.SlugField(max_length=60)
    city = models.SlugField(max_length=60)
    native_id = models.CharField(max_length=340)
    title = models.TextField()
    kind = models.CharField(max_length=20)
    series = models.CharField(max_length=200, blank=True)
    parent = models.CharField(max_length=340, blank=True, help_text="Native id of the dataset that this is a view of.")
    updated = models.DateTimeField(null=True, help_text="Newest of the data's and the record's own update times.")
    due = models.DateTimeField(
        null=True, help_text="When its data are stale by the promised frequency; empty where none is promised."
    )
    columns = models.PositiveIntegerField(
        null=True, help_text="How many columns it has; empty where they are not known."
    )
    state = models.CharField(max_length=10, default=State.PRESENT)
    first_seen = models.DateTimeField()
    last_changed = models.DateTimeField(help_text="When we last stored a revision.")
    missing_since = models.DateTimeField(null=True)
    missing_in = models.ForeignKey(
        Harvest, null=True, on_delete=models.PROTECT, related_name="+", help_text="The run that no longer found it."
    )
    same_as = models.CharField(
        max_length=400, blank=True, help_text="Id of the dataset on another portal of the city that this one repeats."
    )
    listed_hash = models.CharField(max_length=32, help_text="Of the record as listed, without what changes by itself.")
    form_hash = models.CharField(max_length=32, help_text="Of the record in our form.")
    incomplete = models.BooleanField(default=False, help_text="A further request failed; ask again next time.")
    reading = models.PositiveSmallIntegerField(default=0, help_text="Version of our reading of records.")
    revision = models.ForeignKey("Revision", null=True, on_delete=models.PROTECT, related_name="+")
    generation = models.PositiveBigIntegerField(default=0, help_text="Counts up with each change; the index follows.")

    class Meta:
        ordering: ClassVar = ["key"]
        indexes: ClassVar = [
            models.Index(fields=["portal", "state"]),
            models.Index(fields=["city", "state", "-updated"]),
            models.Index(fields=["same_as"]),
            models.Index(fields=["series"]),
            models.Index(fields=["portal", "parent"]),
            models.Index(fields=["generation"]),
            models.Index(fields=["-last_changed"]),
            models.Index(fields=["state", "-updated"]),
        ]

    def __str__(self) -> str:
        return f"{self.title} ({self.key})"

    @classmethod
    def named(cls, portal: str, native_ids: Iterable[str]) -> models.QuerySet[Dataset]:
        """Datasets of a portal by their native ids: by key, which has an index. At most a batch of them."""
        return cls.objects.filter(key__in=[f"{portal}/{native_id}" for native_id in native_ids])


class Revision(models.Model):
    """One state of a dataset's record: raw as the portal gave it (compressed), and normalized."""

    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="revisions")
    number = models.PositiveIntegerField()
    seen = models.DateTimeField()
    harvest = models.ForeignKey(Harvest, on_delete=models.PROTECT, related_name="+")
    dialect = models.CharField(max_length=40)
    packed = models.BinaryField(help_text="The raw record: JSON, zlib.")
    form = models.JSONField(help_text="The record in our form (forms.dump).")

    class Meta:
        ordering: ClassVar = ["dataset", "-number"]
        indexes: ClassVar = [models.Index(fields=["-seen", "-id"])]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["dataset", "number"], name="one_revision_a_number"),
        ]

    def __str__(self) -> str:
        return f"{self.dataset_id} revision {self.number}"

    @property
    def raw(self) -> dict[str, Any]:
        """The record as the portal gave it."""
        return unpack(bytes(self.packed))

    @property
    def normal(self) -> DatasetWord:
        """The record in our form."""
        from commonground.catalog import forms

        return forms.load(self.form)


class Event(models.Model):
    """What happened to a dataset beside a new revision of its record."""

    class Kind(models.TextChoices):
        MISSING = "missing", "missing"
        WITHDRAWN = "withdrawn", "withdrawn"
        RETURNED = "returned", "returned"
        REPLACED = "replaced", "replaced"
        MOVED = "moved", "moved"

    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="events")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    seen = models.DateTimeField()
    harvest = models.ForeignKey(Harvest, null=True, on_delete=models.PROTECT, related_name="+")
    detail = models.TextField(blank=True, help_text="MOVED: the id it moved to. REPLACED: the title it had.")

    class Meta:
        ordering: ClassVar = ["-seen", "-id"]
        indexes: ClassVar = [models.Index(fields=["dataset", "-seen"]), models.Index(fields=["-seen", "-id"])]

    def __str__(self) -> str:
        return f"{self.dataset_id} {self.kind}"


class Move(models.Model):
    """A proposal that a dataset which vanished lives on as another one of the same city; a person decides, once."""

    class State(models.TextChoices):
        PROPOSED = "proposed", "proposed"
        CONFIRMED = "confirmed", "confirmed"
        REJECTED = "rejected", "rejected"

    old = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="moves_from")
    new = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="moves_to")
    score = models.FloatField(help_text="0 to 1.")
    reasons: models.JSONField[list[dict[str, Any]]] = models.JSONField(default=list)
    state = models.CharField(max_length=10, choices=State.choices, default=State.PROPOSED)
    proposed = models.DateTimeField()
    decided = models.DateTimeField(null=True)
    decided_by = models.CharField(max_length=150, blank=True)

    class Meta:
        ordering: ClassVar = ["-score", "id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["old", "new"], name="one_move_a_pair"),
            models.UniqueConstraint(fields=["old"], condition=models.Q(state="confirmed"), name="one_new_place"),
        ]

    def __str__(self) -> str:
        return f"{self.old_id} to {self.new_id} {self.state}"


class Link(models.Model):
    """An address that datasets of a portal name, and whether it answered when it was last asked."""

    portal = models.SlugField(max_length=60)
    url = models.TextField()
    host = models.CharField(max_length=253)
    status = models.PositiveSmallIntegerField(null=True, help_text="HTTP status; empty where there was no answer.")
    error = models.TextField(blank=True)
    failures = models.PositiveIntegerField(default=0, help_text="Checks in a row that failed.")
    failing_since = models.DateTimeField(null=True)
    checked = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["portal", "checked"])]
        constraints: ClassVar = [models.UniqueConstraint(fields=["portal", "url"], name="one_link_an_address")]

    def __str__(self) -> str:
        return self.url


class Finding(models.Model):
    """Something wrong at one place, and who must fix it. Open until `closed` is set.

    `scope` tells what closes it: the next reading of the record, the next listing of the portal, the next look
    at how old the data are, or the next check of links.
    """

    class Scope(models.TextChoices):
        RECORD = "record", "record"
        LISTING = "listing", "listing"
        FRESHNESS = "freshness", "freshness"
        LINK = "link", "link"

    scope = models.CharField(max_length=10, choices=Scope.choices)
    portal = models.SlugField(max_length=60)
    city = models.SlugField(max_length=60)
    native_id = models.CharField(max_length=340, blank=True)
    code = models.CharField(max_length=40)
    severity = models.CharField(max_length=10)
    fixer = models.CharField(max_length=10)
    place = models.TextField(blank=True)
    sample = models.TextField(blank=True)
    detail = models.TextField(blank=True)
    first_seen = models.DateTimeField()
    closed = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar = ["portal", "code", "native_id", "id"]
        indexes: ClassVar = [
            models.Index(fields=["portal", "native_id", "closed"]),
            models.Index(fields=["closed", "portal"]),
            models.Index(fields=["closed", "city"]),
            models.Index(fields=["-first_seen", "-id"]),
        ]

    def __str__(self) -> str:
        return f"{self.code} at {self.portal}/{self.native_id} {self.place}"


def new_mark() -> str:
    """Eight random bytes, written as hexadecimal digits."""
    return secrets.token_hex(8)


class Counter(models.Model):
    """A number that only grows, taken under a row lock (`catalog`: the newest generation).

    `mark` is drawn once for each database: what is derived from it (index, data.json) is kept under
    that name, so that two databases used with one home never mix.
    """

    name = models.CharField(max_length=40, primary_key=True)
    value = models.PositiveBigIntegerField(default=0)
    mark = models.CharField(max_length=16, default=new_mark)

    def __str__(self) -> str:
        return f"{self.name} {self.value}"


def pack(raw: dict[str, Any]) -> bytes:
    """A raw record, compressed. Lone surrogates and large integers survive."""
    import json

    try:
        text = orjson.dumps(raw)
    except TypeError:
        text = json.dumps(raw).encode("ascii")
    return zlib.compress(text, 6)


def unpack(packed: bytes) -> dict[str, Any]:
    """What `pack` was given."""
    import json

    loaded: dict[str, Any] = json.loads(zlib.decompress(packed))
    return loaded
