"""State of tables: raw parts, builds of a city's rows, and the releases that people see. Files lie in the home."""

from __future__ import annotations

from typing import ClassVar, Final

from django.conf import settings
from django.db import models

BUILD: Final = "build"
"""The worker's task of making a table; the command line has its turn under the same name."""


class Part(models.Model):
    """A raw part: rows of a dataset as text, as they came. Never changed; the same rows twice are one part."""

    source = models.CharField(max_length=400, help_text="PORTAL/NATIVE-ID, or the path of a file.")
    label = models.CharField(
        max_length=200, blank=True, help_text="Which vintage: a file's name, or the day it was read."
    )
    sequence = models.PositiveIntegerField(help_text="Of one source the later wins.")
    path = models.CharField(max_length=400, help_text="Below the home.")
    names = models.JSONField(help_text="The columns, in order, as published.")
    rows = models.PositiveBigIntegerField()
    declared = models.PositiveBigIntegerField(null=True, help_text="How many the portal said there are.")
    revision = models.PositiveIntegerField(null=True, help_text="Of the dataset's record, when it was read.")
    digest = models.CharField(max_length=64, help_text="SHA-256 of the rows.")
    fetched = models.DateTimeField()
    notes = models.JSONField(default=list, help_text="Findings of reading: short counts, ragged rows, encodings.")

    class Meta:
        ordering: ClassVar = ["source", "sequence"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["source", "digest"], name="the_same_rows_once")]

    def __str__(self) -> str:
        return f"{self.source} {self.label}"


class Reading(models.Model):
    """How a dataset of a live portal was read last: the parts that make up its rows, and how to go on from there."""

    source = models.CharField(max_length=400, unique=True, help_text="PORTAL/NATIVE-ID.")
    parts = models.JSONField(help_text="Parts in order: the first is whole, later ones have rows that changed since.")
    rows = models.PositiveBigIntegerField(help_text="Rows of all parts without those that a later part overwrites.")
    state = models.TextField(blank=True, help_text="What the portal told of its rows before; empty if nothing.")
    cursor = models.TextField(blank=True, help_text="Asks for what changed since; empty where that cannot be asked.")
    revision = models.PositiveIntegerField(null=True, help_text="Of the dataset's record, when it was last looked at.")
    whole = models.DateTimeField(help_text="When all rows were read.")
    checked = models.DateTimeField(help_text="When the portal was last asked.")

    class Meta:
        ordering: ClassVar = ["source"]

    def __str__(self) -> str:
        return f"{self.source} {self.checked:%Y-%m-%d}"


class Build(models.Model):
    """One city's rows in a version of a standard, made from parts by a crosswalk. Never changed."""

    standard = models.CharField(max_length=80)
    version = models.CharField(max_length=20)
    city = models.CharField(max_length=80)
    crosswalk = models.CharField(max_length=64, help_text="Digest of the crosswalk.")
    revision = models.PositiveIntegerField(help_text="Of the crosswalk.")
    folder = models.CharField(max_length=400, help_text="Below the home: rows.parquet and withheld.parquet.")
    made = models.DateTimeField()
    result = models.JSONField(help_text="Counts, remainders and findings, as tables/build/result.py says.")
    rights = models.JSONField(default=list, help_text="License, attribution and terms of each source.")
    parts = models.ManyToManyField(Part, related_name="builds")

    class Meta:
        ordering: ClassVar = ["-pk"]
        indexes: ClassVar = [models.Index(fields=["standard", "city", "-id"])]

    def __str__(self) -> str:
        return f"{self.standard} {self.city} {self.pk}"


class Release(models.Model):
    """A published state of a table: for each city one build. Numbered from 1; older ones stay readable."""

    standard = models.CharField(max_length=80)
    number = models.PositiveIntegerField()
    version = models.CharField(max_length=20)
    at = models.DateTimeField()
    builds = models.ManyToManyField(Build, related_name="releases")
    difference = models.JSONField(default=list, help_text="Against the release before, by city.")

    class Meta:
        ordering: ClassVar = ["standard", "-number"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["standard", "number"], name="one_release_a_number")]

    def __str__(self) -> str:
        return f"{self.standard} {self.number}"


class Stop(models.Model):
    """A build that was not published, and why: a finding for the city. Open until a later build is published."""

    build = models.OneToOneField(Build, on_delete=models.CASCADE)
    reasons = models.JSONField()
    opened = models.DateTimeField()
    closed = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar = ["-opened"]

    def __str__(self) -> str:
        return f"{self.build}: {len(self.reasons)}"


class Withdrawal(models.Model):
    """A row that a city took back: hidden everywhere, in older releases too."""

    standard = models.CharField(max_length=80)
    city = models.CharField(max_length=80)
    key = models.CharField(max_length=400, help_text="The fields of the key without the city, joined by a slash.")
    why = models.TextField(blank=True)
    by = models.CharField(max_length=150)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["-at"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["standard", "city", "key"], name="one_withdrawal_a_row")
        ]

    def __str__(self) -> str:
        return f"{self.standard} {self.city} {self.key}"


class CrosswalkDraft(models.Model):
    """A version of a crosswalk that a steward saved. Never changed; nothing is published from it yet."""

    standard = models.CharField(max_length=80)
    city = models.CharField(max_length=80)
    number = models.PositiveIntegerField(help_text="From 1, of one city and standard.")
    text = models.TextField(help_text="TOML, as it was written.")
    by = models.CharField(max_length=150)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField()
    result = models.JSONField(default=dict, help_text="What came of trying it: counts, remainders, faults; no rows.")

    class Meta:
        ordering: ClassVar = ["standard", "city", "-number"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["standard", "city", "number"], name="one_draft_a_number")
        ]

    def __str__(self) -> str:
        return f"{self.standard} {self.city} draft {self.number}"
