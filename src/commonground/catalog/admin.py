"""The catalog in the admin: to look at, not to change; harvests change it."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html_join

from commonground.catalog import identity, index, removal
from commonground.catalog.models import Dataset, Finding, Harvest, Move
from commonground.errors import CommonGroundError, Usage


class ReadOnly(admin.ModelAdmin[Model]):
    """Rows that only a harvest writes."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody: nothing that a city said is lost."""
        return False


@admin.register(Harvest)
class HarvestAdmin(ReadOnly):
    list_display = (
        "portal",
        "source",
        "outcome",
        "decision",
        "started",
        "declared",
        "seen",
        "held",
        "changed",
        "reason",
        "error",
    )
    list_filter = ("outcome", "decision", "portal", "source")
    exclude = ("would_go",)
    readonly_fields = ("would_go_by_title",)
    actions = ("release", "discard")

    @admin.display(description="What would go")
    def would_go_by_title(self, harvest: Harvest) -> str:
        """Each data set that a release would call missing, on a line of its own."""
        rows = removal.would_go(harvest) if harvest.withheld else []
        return format_html_join("", "{} ({})<br>", ((row.title, row.key) for row in rows)) or "Nothing."

    @admin.action(description="Release: what was not listed is missing", permissions=["decide"])
    def release(self, request: HttpRequest, chosen: QuerySet[Harvest]) -> None:
        """Believe the withheld runs among those chosen."""
        self._decide(request, chosen, _release)

    @admin.action(description="Discard: nothing is called missing", permissions=["decide"])
    def discard(self, request: HttpRequest, chosen: QuerySet[Harvest]) -> None:
        """Do not believe the withheld runs among those chosen."""
        self._decide(request, chosen, _discard)

    def _decide(self, request: HttpRequest, chosen: QuerySet[Harvest], decide: Callable[[Harvest, str], str]) -> None:
        for run in chosen:
            try:
                self.message_user(request, f"{run}: {decide(run, request.user.get_username())}")
            except Usage as error:
                self.message_user(request, str(error), messages.WARNING)
        try:
            index.follow()
        except CommonGroundError as error:  # the decision stands; the index follows when it can be written again
            self.message_user(request, str(error), messages.WARNING)

    def has_decide_permission(self, request: HttpRequest) -> bool:
        """Who may change harvests, by the admin's own permissions; the rows themselves nobody edits."""
        return request.user.has_perm("catalog.change_harvest")


@admin.register(Dataset)
class DatasetAdmin(ReadOnly):
    list_display = ("key", "title", "kind", "state", "updated", "last_changed")
    list_filter = ("portal", "state", "kind")
    search_fields = ("key", "title")


@admin.register(Finding)
class FindingAdmin(ReadOnly):
    list_display = ("portal", "native_id", "code", "severity", "fixer", "place", "first_seen", "closed")
    list_filter = ("portal", "severity", "fixer", "code")


@admin.register(Move)
class MoveAdmin(ReadOnly):
    """Proposals and decisions; a person decides by an action, once."""

    list_display = ("old", "new", "score", "why", "state", "proposed", "decided", "decided_by")
    list_filter = ("state", "old__city")
    search_fields = ("old__key", "old__title", "new__key", "new__title")
    list_select_related = ("old", "new")
    actions = ("confirm", "reject")

    @admin.display(description="Why")
    def why(self, move: Move) -> str:
        """The reasons with their points, which add up to the score."""
        return ", ".join(f"{one['what']} {one['points']:.2f}" for one in move.reasons) or "a person named it"

    @admin.action(description="Confirm: old addresses lead to the new ones, for ever", permissions=["decide"])
    def confirm(self, request: HttpRequest, chosen: QuerySet[Move]) -> None:
        """Say that the old data sets live on as the new ones."""
        self._decide(request, chosen, identity.confirm)

    @admin.action(description="Reject: never propose it again", permissions=["decide"])
    def reject(self, request: HttpRequest, chosen: QuerySet[Move]) -> None:
        """Say that the old data sets do not live on as the new ones."""
        self._decide(request, chosen, identity.reject)

    def _decide(self, request: HttpRequest, chosen: QuerySet[Move], decide: Callable[[str, str, str], Move]) -> None:
        for old, new in list(chosen.values_list("old__key", "new__key")):
            try:
                move = decide(old, new, request.user.get_username())
                self.message_user(request, f"{old} to {new}: {move.state}.")
            except Usage as error:
                self.message_user(request, str(error), messages.WARNING)

    def has_decide_permission(self, request: HttpRequest) -> bool:
        """Who may change moves, by the admin's own permissions."""
        return request.user.has_perm("catalog.change_move")


def _release(run: Harvest, by: str) -> str:
    count = removal.release(run, by)
    identity.follow(run.portal)
    return f"{count:,} data sets are missing from now on."


def _discard(run: Harvest, by: str) -> str:
    removal.discard(run, by)
    return "Nothing is called missing. What the listing added or changed stays."
