"""State of overlap: what persons decided, for ever; and guesses, which can be thrown away and made again."""

from __future__ import annotations

from typing import ClassVar, Final

from django.conf import settings
from django.db import models

from commonground.catalog.models import Dataset

FOLLOWED: Final = "overlap"
DECIDED: Final = "overlap decisions"
"""Counters of the catalog's table: the generation, and the newest decision, that guesses have followed."""


class Decision(models.Model):
    """What a person said, once. Never changed and never deleted: who changes their mind adds another.

    `matter` names what it is about ("place building-permits chicago/ydr8-5enu"); the newest decision of a matter
    that nobody took back stands. Datasets are named by id, so that a decision outlives them.
    """

    class Kind(models.TextChoices):
        """What a decision is about."""

        PLACE = "place"
        MATCH = "match"
        GRAIN = "grain"
        COLUMN = "column"
        FIELD = "field"
        UNDO = "undo"

    matter = models.CharField(max_length=900)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    subject = models.CharField(max_length=80, blank=True)
    a = models.CharField(max_length=400, blank=True, help_text="Id of the dataset.")
    b = models.CharField(max_length=400, blank=True, help_text="Id of the other dataset.")
    column_a = models.TextField(blank=True, help_text="Published name of the column.")
    column_b = models.TextField(blank=True, help_text="Published name of the other column, or a standard's field.")
    verdict = models.CharField(max_length=12, blank=True)
    relation = models.CharField(max_length=12, blank=True, help_text="Of a related dataset: subset, aggregate …")
    nature = models.JSONField(default=dict, blank=True, help_text="Grain, by, timing, geometry that a person set.")
    why = models.TextField(blank=True)
    by = models.CharField(max_length=150)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField()
    schema_a = models.CharField(max_length=32, blank=True, help_text="Of its columns, when it was decided.")
    schema_b = models.CharField(max_length=32, blank=True)
    undoes = models.OneToOneField("self", null=True, on_delete=models.PROTECT, related_name="undone_by")

    class Meta:
        ordering: ClassVar = ["-pk"]
        indexes: ClassVar = [
            models.Index(fields=["matter", "-id"]),
            models.Index(fields=["kind", "subject"]),
            models.Index(fields=["a"]),
            models.Index(fields=["b"]),
        ]

    def __str__(self) -> str:
        return f"{self.matter}: {self.verdict}"


class Standing(models.Model):
    """Of each matter the decision that stands. Written with the decision, in one transaction, so that of two persons
    who decide at the same moment one is told of the other.
    """

    matter = models.CharField(max_length=900, unique=True)
    decision = models.ForeignKey(Decision, null=True, on_delete=models.PROTECT, related_name="+")
    newest = models.ForeignKey(Decision, on_delete=models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return self.matter


class SubjectVersion(models.Model):
    """A subject as persons changed it or made it; the newest version replaces the one in the package."""

    slug = models.SlugField(max_length=80)
    number = models.PositiveIntegerField()
    form = models.JSONField(help_text="The subject, as in the register's files.")
    merged_into = models.SlugField(max_length=80, blank=True)
    why = models.TextField(blank=True)
    by = models.CharField(max_length=150)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["slug", "-number"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["slug", "number"], name="one_version_a_number")]

    def __str__(self) -> str:
        return f"{self.slug} {self.number}"


class Guess(models.Model):
    """What kind of rows a dataset has, as guessed; a person's correction is a `Decision`."""

    dataset = models.OneToOneField(Dataset, on_delete=models.CASCADE, related_name="+")
    grain = models.CharField(max_length=12)
    by = models.JSONField(default=list)
    timing = models.CharField(max_length=12)
    geometry = models.CharField(max_length=12)
    why = models.JSONField(default=list)
    schema = models.CharField(max_length=32, help_text="Of its columns.")
    seen = models.CharField(max_length=32, help_text="Of all that matching sees of it.")
    method = models.CharField(max_length=20)

    def __str__(self) -> str:
        return f"{self.dataset_id}: {self.grain}"


class Match(models.Model):
    """A dataset of another city that seems to be about the same, with the reasons. One row each way."""

    a = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="+")
    b = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="+")
    score = models.FloatField(help_text="How probable it is that they are about the same, 0 to 1.")
    band = models.CharField(max_length=8)
    parts = models.JSONField(default=list, help_text="What adds up to the score: [what, points, [detail]].")
    method = models.CharField(max_length=20)

    class Meta:
        ordering: ClassVar = ["a", "-score"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["a", "b"], name="one_match_a_pair")]
        indexes: ClassVar = [models.Index(fields=["a", "-score"])]

    def __str__(self) -> str:
        return f"{self.a_id} and {self.b_id}: {self.score:.2f}"


class Placement(models.Model):
    """A dataset that seems to be about a subject of the register."""

    subject = models.CharField(max_length=80)
    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="+")
    city = models.SlugField(max_length=60)
    score = models.FloatField(help_text="How probable it is that it is about the subject, 0 to 1.")
    band = models.CharField(max_length=8)
    fits = models.BooleanField(help_text="Whether its rows are of the kind that the subject expects.")
    parts = models.JSONField(default=list, help_text="What adds up to the score: [what, points, [detail]].")
    method = models.CharField(max_length=20)

    class Meta:
        ordering: ClassVar = ["subject", "city", "-score"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["subject", "dataset"], name="one_placement_a_pair")]
        indexes: ClassVar = [
            models.Index(fields=["subject", "city", "-score"]),
            models.Index(fields=["dataset", "-score"]),
        ]

    def __str__(self) -> str:
        return f"{self.subject}, {self.city}: {self.score:.2f}"


class Profile(models.Model):
    """What the rows of a dataset's columns look like, where rows were read."""

    dataset = models.OneToOneField(Dataset, on_delete=models.CASCADE, related_name="+")
    rows = models.PositiveBigIntegerField()
    columns = models.JSONField(help_text="By column: nulls, distinct, least, greatest, patterns, samples.")
    source = models.TextField(help_text="Where the rows came from.")
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.dataset_id}: {self.rows} rows"
