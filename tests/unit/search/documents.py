"""Made-up datasets: each field that a test needs is given, the rest is usual."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from commonground.catalog import forms
from commonground.words import Column, Dataset, Distribution, Kind, License, Moment

Document = dict[str, Any]

PORTALS = {"chicago": "data.cityofchicago.org", "san-francisco": "data.sfgov.org", "seattle": "data.seattle.gov"}
CITIES = {
    "chicago": ("chicago", "Chicago"),
    "san-francisco": ("san_francisco", "San Francisco"),
    "seattle": ("seattle", "Seattle"),
}
WIDE = tuple(f"field_{number}" for number in range(8))


def make(identity: str, title: str, **given: Any) -> Document:
    """The document of `portal/native-id`; `columns` are names, `updated` an ISO date."""
    portal, _, native = identity.partition("/")
    city, city_name = CITIES[portal]
    names = given.pop("columns", WIDE)
    updated = given.pop("updated", "2024-05-01")
    columns = None if names is None else tuple(Column(name, name) for name in names)
    formats = given.pop("formats", ("CSV",))
    dataset = Dataset(
        city=city,
        portal=portal,
        host=PORTALS[portal],
        native_id=native,
        title=title,
        columns=columns,
        data_updated=updated and Moment(datetime.fromisoformat(updated).replace(tzinfo=UTC), updated),
        distributions=tuple(Distribution(f"https://{PORTALS[portal]}/{native}", one) for one in formats),
        **given,
    )
    return {**forms.dump(dataset), "city_name": city_name, "portal_name": f"{city_name} Data"}


LICENSE = License("Public Domain Dedication", "PDDL-1.0")
DOCUMENTS = [
    make(
        "chicago/ydr8-5enu",
        "Building Permits",
        keywords=("permits", "construction"),
        publisher="Buildings",
        license=LICENSE,
    ),
    make("san-francisco/i98e-djp9", "Building Permits", publisher="Building Inspection", themes=("Housing",)),
    make("seattle/76t5-zqzr", "Building Permits", updated="2020-06-01", formats=("CSV", "GeoJSON")),
    make("seattle/view-0001", "Building Permits Map", kind=Kind.MAP_LAYER, parents=("76t5-zqzr",)),
    make("seattle/chrt-0001", "Building Permits Chart", kind=Kind.CHART, parents=("76t5-zqzr",)),
    make("seattle/kpis-0001", "Building Permits", columns=("month", "total")),
    make("chicago/ijzp-q8t2", "Crimes - 2001 to Present", description="Reported incidents of crime in the city."),
    make("san-francisco/wg3w-h783", "Police Department Incident Reports", publisher="Police Department"),
    make("chicago/97t6-zrhs", "Garbage Carts", description="Requests for carts, and where crime is not the subject."),
    make("seattle/trsh-0001", "Solid Waste Collection Days"),
    make("chicago/bike-0001", "Bicycle Racks"),
    make("seattle/bike-0002", "Bike Racks", updated="2026-01-15"),
    make("san-francisco/food-0001", "Restaurant Inspections", columns=(*WIDE, "inspection_date", "violation_code")),
    make("chicago/food-0002", "Food Inspections", columns=(*WIDE, "date", "code of violation")),
    make("chicago/2019-0001", "Street Sweeping Schedule - 2019", updated="2019-12-01"),
    make("chicago/2022-0001", "Street Sweeping Schedule - 2022", updated="2022-12-01"),
    make("seattle/cafe-0001", "Sidewalk Café Licenses", license=License("See Terms of Use")),
]
