"""When to believe that datasets are gone: the removal guard and the grace. Pure.

Portals answer with nothing, with half, or with the first thousand, and mean none of it. What vanishes too fast is
withheld until a person says that it is gone; what vanishes slowly is withdrawn after a grace of days and of
complete listings.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

ROUND = 100
"""Portals cap their lists at numbers like 100, 1,000 or 10,000; a list that is cut there is no list."""


@dataclass(frozen=True, slots=True)
class Grace:
    """How long to wait, and how much may vanish at once (`share` of what is listed, but never fewer than `least`)."""

    days: float = 7
    runs: int = 3
    share: float = 0.1
    least: int = 5

    def over(self, missing_since: datetime, runs: int, now: datetime) -> bool:
        """Whether a dataset that so many complete listings in a row did not name is to be withdrawn.

        A clock that was set back makes the wait longer, never shorter.
        """
        return runs >= self.runs and now - missing_since >= timedelta(days=self.days)


@dataclass(frozen=True, slots=True)
class Listing:
    """What one listing named, beside what was held: counts of datasets."""

    present: int
    """Held as present when the listing began."""
    gone: int
    """Of these, not named."""
    waiting: int = field(default=0, kw_only=True)
    """Not named by the listings before either, within the grace, and no person has said that they are gone."""
    named: int
    """Different ids that were named, new ones as well."""
    seen: int
    declared: int | None
    error: str = ""
    broken_off: bool = False
    """The listing goes on, but not for us."""


def doubt(listing: Listing, grace: Grace) -> str:
    """Why what this listing did not name is not to be called missing; empty when it is to be believed."""
    return (_failed(listing) or _cut(listing) or _too_many(listing, grace)) if listing.gone else ""


def _failed(listing: Listing) -> str:
    if listing.error:
        return f"The listing failed after {listing.seen:,} records: {listing.error}"
    if not listing.named:
        return f"The listing was empty; {listing.present:,} data sets were listed before."
    return f"The listing repeats itself after {listing.seen:,} records." if listing.broken_off else ""


def _cut(listing: Listing) -> str:
    if listing.declared is not None and listing.seen < listing.declared:
        return f"The listing is short: {listing.declared:,} declared, {listing.seen:,} listed."
    if listing.named % ROUND == 0 and listing.declared is None:
        return f"The listing ends after exactly {listing.named:,} data sets, as one that is cut off does."
    return ""


def _too_many(listing: Listing, grace: Grace) -> str:
    # What vanishes by a little each day is counted together, or a portal could be lost in small portions.
    gone, of = listing.gone + listing.waiting, listing.present + listing.waiting
    if gone < grace.least or gone <= grace.share * of:
        return ""
    when = "within the grace" if listing.waiting else "at once"
    return f"{gone:,} of {of:,} data sets vanished {when}, more than {100 * grace.share:g} %."
