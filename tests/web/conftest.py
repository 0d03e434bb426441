"""A small catalog of invented datasets, written as a harvest writes, with everything odd that a page must bear."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from django.conf import settings
from django.contrib.auth.models import Group, User
from django.utils import translation

from commonground.catalog import browse, forms, index, store
from commonground.catalog.compare import Change, Entry, Held, PagePlan, Seen
from commonground.catalog.grace import Grace
from commonground.catalog.harvest import Ending
from commonground.site.store import give_roles
from commonground.words import (
    Column,
    ColumnType,
    Contact,
    Dataset,
    Distribution,
    Extent,
    Finding,
    Frequency,
    Kind,
    License,
    Moment,
    Period,
    State,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from django.test import Client

HOSTILE = "<script>alert('1')</script> \"quoted\" & =HYPERLINK(1)"
JULY = datetime(2022, 7, 23, 3, 30, tzinfo=UTC)


def permits() -> Dataset:
    """A dataset of which everything is known."""
    return Dataset(
        city="chicago",
        portal="chicago",
        host="data.cityofchicago.org",
        native_id="ydr8-5enu",
        title="Building Permits",
        description="Permits issued by the city from 2006 to the present.\n\nFees are not payments.",
        description_html="<p>Permits issued by the city from 2006 to the present.</p><p>Fees are not payments.</p>",
        publisher="Department of Buildings",
        contact=Contact("City of Chicago Open Data Team", "dataportal@cityofchicago.org"),
        license=License("CC0", spdx="CC0-1.0", url="https://creativecommons.org/publicdomain/zero/1.0/"),
        themes=("Buildings",),
        keywords=("buildings", "permits"),
        issued=Moment(datetime(2011, 9, 30, tzinfo=UTC), "2011-09-30"),
        data_updated=Moment(JULY, "2022-07-23T03:30:00Z"),
        frequency=Frequency("Daily", 1),
        spatial=Extent(-87.9, 41.6, -87.5, 42.0),
        temporal=Period(datetime(2006, 1, 1, tzinfo=UTC), None),
        columns=tuple(Column(f"COLUMN_{n}", f"column_{n}", ColumnType.TEXT, "text") for n in range(30)),
        distributions=(Distribution("https://data.cityofchicago.org/rows.csv", "CSV", media_type="text/csv"),),
        landing_page="https://data.cityofchicago.org/d/ydr8-5enu",
        row_count=1234,
    )


def hostile() -> Dataset:
    """A dataset whose every text attacks the page."""
    return Dataset(
        city="boston",
        portal="boston",
        host="data.boston.gov",
        native_id='a/b"c<d>.json',
        title=HOSTILE,
        description=HOSTILE,
        publisher=HOSTILE,
        themes=(HOSTILE,),
        keywords=(HOSTILE,),
        license=License(HOSTILE),
        frequency=Frequency(HOSTILE),
        modified=Moment(None, HOSTILE),
        columns=(Column(HOSTILE, HOSTILE, ColumnType.UNKNOWN, HOSTILE, HOSTILE),),
        distributions=(Distribution("https://data.boston.gov/x?a=1&b=<2>", HOSTILE, HOSTILE),),
    )


def bare() -> Dataset:
    """A dataset of which hardly anything is known."""
    return Dataset("washington_dc", "washington-dc", "opendata.dc.gov", "f00d_1", "Benches", kind=Kind.MAP_LAYER)


@pytest.fixture(autouse=True)
def language() -> Iterator[None]:
    """A request in Spanish leaves its language to whatever runs next in this thread."""
    yield
    translation.activate(settings.LANGUAGE_CODE)


@pytest.fixture
def home(
    db: None,  # noqa: ARG001 - asked for, not looked at
    settings: Any,
    tmp_path: Path,
) -> None:
    """An empty home with an index of its own."""
    settings.HOME = tmp_path


@pytest.fixture
def write(home: None) -> Callable[..., None]:  # noqa: ARG001 - as above
    """Write datasets of one portal as a complete harvest of it; what it held and is not among them goes missing."""

    def run(datasets: Sequence[Dataset], findings: Sequence[Finding] = ()) -> None:
        portal = browse.known_portals()[datasets[0].portal]
        held = store.held(portal)
        harvest, _ = store.begin(portal, "replay", JULY.date())
        entries, here = [], Held("", "")
        for dataset in datasets:
            form = forms.dump(dataset)
            change = Change.CHANGE if dataset.native_id in held else Change.ADD
            digest = forms.digest(form)
            found = tuple(one for one in findings if one.native_id == dataset.native_id)
            entries.append(Entry(change, dataset, {"title": dataset.title}, digest, digest, form, False, found))
        back = tuple(one.native_id for one in datasets if held.get(one.native_id, here).state != State.PRESENT)
        store.apply(harvest, PagePlan(len(entries), len(entries), tuple(entries), 0, back, (), Seen({})))
        gone = tuple(held.keys() - {one.native_id for one in datasets})
        store.end(harvest, Ending(True, "test", len(entries), len(entries), gone), Grace())
        index.follow()

    return run


@pytest.fixture
def catalog(write: Callable[..., None]) -> None:
    """Three portals with one dataset each, and one finding."""
    write([permits()], [Finding("repeated-keyword", "keyword[2]", "permits", "ydr8-5enu")])
    write([hostile()])
    write([bare()])


@pytest.fixture
def ann(client: Client, db: None) -> User:  # noqa: ARG001 - asked for, not looked at
    """City staff, signed in."""
    give_roles()
    user = User.objects.create_user("ann.lee@boston.gov", password="correct horse", first_name="Ann", last_name="Lee")
    user.groups.add(Group.objects.get(name="city staff"))
    client.force_login(user)
    return user
