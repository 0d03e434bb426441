"""The addresses of tables: each page with its twins."""

from __future__ import annotations

from django.urls import URLPattern, path

from commonground.pages.twins import paths
from commonground.tables.views import check, city, compare, crosswalk, releases, rest, row, standard, table, tables

TABLES = ("html", "json", "csv")

urlpatterns: list[URLPattern] = [
    *(path(f"tables/<slug:standard>.{form}", rest.data, {"form": form}, name=f"table.{form}") for form in rest.FORMS),
    path("tables/<slug:standard>/datapackage.json", rest.package, name="table-package"),
    path("tables/<slug:standard>/releases/<int:number>/datapackage.json", rest.package, name="table-release-package"),
    path(
        "tables/<slug:standard>/releases/<int:number>/withheld/<slug:city>.parquet",
        rest.withheld_file,
        name="table-withheld-file",
    ),
    *(
        path(
            f"tables/<slug:standard>/releases/<int:number>/<slug:city>.{form}",
            rest.city_file,
            {"form": form},
            name=f"table-city-file-{form}",
        )
        for form in ("parquet", "csv")
    ),
    *paths("tables", tables.tables, name="tables", forms=TABLES),
    *paths("tables/<slug:name>/standard", standard.standard, name="standard", forms=TABLES),
    *paths("tables/<slug:name>/releases", releases.releases, name="table-releases", forms=TABLES),
    *paths("tables/<slug:name>/releases/<int:number>", releases.release, name="table-release", forms=TABLES),
    path("tables/<slug:name>/figures/<slug:figure>.<slug:form>", table.figure, name="table-figure"),
    *paths("tables/<slug:name>/cities/<slug:slug>/withheld", city.withheld, name="table-withheld", forms=TABLES),
    *paths("tables/<slug:name>/cities/<slug:slug>/crosswalk", crosswalk.of, name="crosswalk"),
    path("tables/<slug:name>/cities/<slug:slug>/crosswalk/draft", crosswalk.work, name="crosswalk-try"),
    *paths(
        "tables/<slug:name>/cities/<slug:slug>/crosswalk/drafts/<int:number>", crosswalk.draft, name="crosswalk-draft"
    ),
    *paths("tables/<slug:name>/cities/<slug:slug>", city.of, name="table-city", forms=TABLES),
    *paths("tables/<slug:name>/rows/<slug:slug>/<path:key>", row.row, name="table-row"),
    *paths("tables/<slug:name>", table.table, name="table", forms=("html",)),
    *paths("compare", compare.choose, name="compare"),
    *paths("compare/<slug:standard>", compare.compare, name="compare-cities", forms=TABLES),
    *paths("compare/<slug:standard>/brief", compare.brief, name="compare-brief", forms=("html",)),
    path("compare/<slug:standard>/<slug:name>/embed", compare.figure, {"form": "embed"}, name="compare-embed"),
    path("compare/<slug:standard>/<slug:name>.<slug:form>", compare.figure, name="compare-figure"),
    path("check", check.page, name="check"),
    path("check.json", check.data, {"form": "json"}, name="check.json"),
    path("check.csv", check.data, {"form": "csv"}, name="check.csv"),
]
