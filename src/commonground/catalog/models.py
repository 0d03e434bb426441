"""The catalog's state. Facts about cities and portals stay in their TOML; here are only their slugs."""

from __future__ import annotations

import secrets
import zlib
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
        FAILED = "failed", "failed"

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
    held = models.PositiveIntegerField(default=0)
    added = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    missing = models.PositiveIntegerField(default=0)
    findings = models.PositiveIntegerField(default=0, help_text="Open findings of the portal when the run ended.")
    error = models.TextField(blank=True)

    class Meta:
        ordering: ClassVar = ["-started", "-id"]
        indexes: ClassVar = [models.Index(fields=["portal", "-started"])]

    def __str__(self) -> str:
        return f"{self.portal} {self.started:%Y-%m-%d %H:%M} {self.outcome}"

    @property
    def seconds(self) -> float:
        """How long the run took; 0 while it runs."""
        return (self.finished - self.started).total_seconds() if self.finished else 0.0


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
    state = models.CharField(max_length=10, default=State.PRESENT)
    first_seen = models.DateTimeField()
    last_changed = models.DateTimeField(help_text="When we last stored a revision.")
    missing_since = models.DateTimeField(null=True)
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
            models.Index(fields=["city", "state"]),
            models.Index(fields=["series"]),
            models.Index(fields=["portal", "parent"]),
            models.Index(fields=["generation"]),
            models.Index(fields=["-last_changed"]),
            models.Index(fields=["state", "-updated"]),
        ]

    def __str__(self) -> str:
        return f"{self.title} ({self.key})"


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


class Finding(models.Model):
    """Something wrong at one place, and who must fix it. Open until `closed` is set.

    `scope` tells what closes it: the next reading of the record, or the next listing of the portal.
    """

    class Scope(models.TextChoices):
        RECORD = "record", "record"
        LISTING = "listing", "listing"

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
