"""Run with a demonstration's home, while it is served: guesses to decide about, and a person who may."""

from __future__ import annotations

import django

django.setup()

from django.contrib.auth.models import Group, User  # noqa: E402 - after setup

from commonground.catalog.models import Dataset  # noqa: E402
from commonground.overlap.models import Decision, Match, Placement, Standing  # noqa: E402
from commonground.site.store import give_roles  # noqa: E402

SUBJECT = "building-permits"


def main() -> None:
    """Three cities seem to have building permits, the first one surely."""
    give_roles()
    user, _ = User.objects.get_or_create(username="ann", defaults={"first_name": "Ann", "last_name": "Lee"})
    user.set_password("correct horse battery")
    user.save()
    user.groups.add(Group.objects.get(name="city staff"))
    Placement.objects.filter(subject=SUBJECT).delete()
    Standing.objects.all().delete()
    Decision.objects.filter(undoes__isnull=False).delete()
    Decision.objects.all().delete()
    rows = [
        Dataset.objects.filter(city=city, kind="table", state="present", title__icontains="permit")
        .order_by("pk")
        .first()
        or Dataset.objects.filter(city=city, kind="table", state="present").order_by("pk").first()
        for city in ("chicago", "boston", "seattle")
    ]
    for row, score in zip(filter(None, rows), (0.95, 0.8, 0.7), strict=False):
        parts = [["names", score - 0.3, ["building", "permits"]], ["columns", 0.3, ["issue_date", "address", "cost"]]]
        band = "sure" if score > 0.9 else "likely"
        found = {"city": row.city, "score": score, "band": band, "fits": True, "parts": parts, "method": "test"}
        Placement.objects.update_or_create(subject=SUBJECT, dataset=row, defaults=found)
        for other in filter(None, rows):
            if other != row:
                Match.objects.update_or_create(
                    a=row, b=other, defaults={"score": score, "band": band, "parts": parts, "method": "test"}
                )


if __name__ == "__main__":
    main()
