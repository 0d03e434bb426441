"""A city's raw rows in a home, and a steward of that city: what tests of drafts of crosswalks begin with."""

from __future__ import annotations

import pyarrow as pa
from django.contrib.auth.models import Group, User

from commonground.site.store import give_roles
from commonground.standards import files
from commonground.tables import raw, store
from commonground.tables.drafting.store import group_of
from commonground.tables.models import Part

STANDARD, CITY, DATASET = "building_permits", "seattle", "seattle/76t5-zqzr"
TEXT = f"""\
standard = "{STANDARD}"
version = "1.0.0"
revision = 2
city = "{CITY}"
[[sources]]
dataset = "{DATASET}"
[fields]
permit_id = "Permit"
status = {{ column = "Status", codes = "status" }}
status_raw = "Status"
issued_on = {{ column = "Issued", formats = ["%m/%d/%Y"] }}
estimated_cost = {{ column = "Cost", as = "money" }}
[[vintages]]
name = "portal"
when = ["Permit", "Issued"]
[codes.status]
"Permit Issued" = "permit_issued"
"""


def keep(source: str, columns: dict[str, list[str | None]], label: str = "rows.csv") -> Part:
    """Raw rows of a source, as a build keeps them."""
    table = pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()})
    return store.keep(source, label, raw.write(store.parts_folder(source), list(columns), iter([table])))


def permits(count: int = 200, source: str = DATASET) -> Part:
    """Permits, of which every tenth was closed and every fiftieth has a date that is none."""
    return keep(
        source,
        {
            "Permit": [f"P-{n}" for n in range(count)],
            "Status": ["Permit Closed" if n % 10 == 0 else "Permit Issued" for n in range(count)],
            "Issued": ["13/45/2024" if n % 50 == 0 else f"03/{n % 28 + 1:02}/2024" for n in range(count)],
            "Cost": [f"${n + 1:,}.00" for n in range(count)],
        },
    )


def steward(city: str = CITY, name: str = "sam") -> User:
    """A steward of a city."""
    give_roles()
    user = User.objects.create_user(name, password="correct horse battery", first_name="Sam", last_name="Oh")
    user.groups.add(Group.objects.get(name="city steward"), Group.objects.get_or_create(name=group_of(city))[0])
    return user


def published() -> str:
    """The text of the city's published crosswalk."""
    return (files.PACKAGED / "crosswalks" / STANDARD / f"{CITY}.toml").read_text(encoding="utf-8")
