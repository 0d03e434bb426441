"""The Run table: everything that is to be done, is being done, or was done."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q


class Run(models.Model):
    """One piece of work: `task` names a registered function, `subject` what it works on.

    Claimed by setting `owner` and `leased_until` in one update; a lease that runs out is free again.
    """

    class State(models.TextChoices):
        DUE = "due", "due"
        RUNNING = "running", "running"
        DONE = "done", "done"
        FAILED = "failed", "failed"

    task = models.CharField(max_length=60)
    subject = models.CharField(max_length=200, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.DUE)
    due = models.DateTimeField()
    every = models.PositiveIntegerField(null=True, help_text="Seconds until it is due again after it ended.")
    attempt = models.PositiveSmallIntegerField(default=0)
    owner = models.CharField(max_length=100, blank=True)
    heartbeat = models.DateTimeField(null=True)
    leased_until = models.DateTimeField(null=True)
    started = models.DateTimeField(null=True)
    finished = models.DateTimeField(null=True)
    error = models.TextField(blank=True)
    reaped = models.TextField(blank=True, help_text="Why it was taken from the process that had it before.")

    class Meta:
        ordering: ClassVar = ["due", "id"]
        indexes: ClassVar = [models.Index(fields=["state", "due"])]
        constraints: ClassVar = [
            # Two runs of one portal cannot overlap, nor wait twice.
            models.UniqueConstraint(
                fields=["task", "subject"], condition=Q(state__in=["due", "running"]), name="one_open_run_a_subject"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.task} {self.subject} {self.state}"
