"""Other people's clients against our CKAN: the ckanapi library and its command."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ckanapi
import pytest

from commonground.words import Raw


@pytest.fixture(scope="module")
def address(serving: Any, boston: list[Raw]) -> Iterator[str]:
    with serving(boston) as (address, _):
        yield address


@pytest.fixture(params=[False, True], ids=["post", "get"])
def remote(request: pytest.FixtureRequest, address: str) -> Iterator[Any]:
    with ckanapi.RemoteCKAN(address, apikey="any", get_only=request.param) as remote:
        yield remote


def shown(record: Raw) -> Raw:
    """A package as the portal shows it: what the datastore tells is not part of it."""
    (resource,) = record["resources"]
    if not resource["datastore_active"]:
        return record
    return {**record, "resources": [{key: resource[key] for key in resource if not key.startswith("x_")}]}


def test_packages(remote: Any, boston: list[Raw]) -> None:
    assert remote.action.site_read() is True
    assert remote.action.package_list() == sorted(record["name"] for record in boston)
    permits = boston[0]
    assert remote.action.package_show(id=permits["id"]) == shown(permits)
    assert remote.action.package_show(id=permits["name"]) == shown(permits)
    assert remote.action.resource_show(id=permits["resources"][0]["id"]) == shown(permits)["resources"][0]
    assert remote.action.resource_view_list(id=permits["resources"][0]["id"]) == []


def test_searches(remote: Any, boston: list[Raw]) -> None:
    result = remote.action.package_search(q="permits", rows=5, sort="title asc")
    titles = [package["title"] for package in result["results"]]
    assert "Approved Building Permits" in titles
    assert titles == sorted(titles, key=str.casefold)
    organization = boston[0]["organization"]
    result = remote.action.package_search(fq=f'organization:"{organization["name"]}"', rows=1000)
    names = {record["name"] for record in boston if record["organization"] == organization}
    assert {package["name"] for package in result["results"]} == names
    assert result["count"] == len(names)


def test_the_datastore(remote: Any, boston: list[Raw]) -> None:
    resource = boston[0]["resources"][0]
    result = remote.action.datastore_search(resource_id=resource["id"], limit=0)
    assert result["fields"] == resource["x_datastore_fields"]
    assert result["records"] == []
    outside = next(one for record in boston for one in record["resources"] if not one["datastore_active"])
    with pytest.raises(ckanapi.NotFound):
        remote.action.datastore_search(resource_id=outside["id"], limit=0)


def test_errors_are_ckans_own(remote: Any) -> None:
    with pytest.raises(ckanapi.NotFound):
        remote.action.package_show(id="no-such-package")
    with pytest.raises(ckanapi.ValidationError):
        remote.action.package_show()
    with pytest.raises(ckanapi.SearchQueryError):
        remote.action.package_search(q='"never closed')
    with pytest.raises(ckanapi.CKANAPIError, match="not known"):
        remote.action.package_delete(id="x")


def command(address: str, *arguments: str) -> list[Raw]:
    """The lines that the `ckanapi` command writes; its workers look for it on the PATH."""
    binaries = Path(sys.executable).parent
    environment = {**os.environ, "PATH": f"{binaries}{os.pathsep}{os.environ['PATH']}", "PYTHONWARNINGS": "ignore"}
    done = subprocess.run(
        [str(binaries / "ckanapi"), *arguments, "-r", address],
        env=environment,
        capture_output=True,
        check=True,
        timeout=120,
        stdin=subprocess.DEVNULL,
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_the_command_dumps_all_datasets(address: str, boston: list[Raw]) -> None:
    dumped = command(address, "dump", "datasets", "--all", "--quiet", "-p", "2")
    assert dumped == sorted(map(shown, boston), key=lambda record: str(record["name"]))


def test_the_command_searches_to_the_end(address: str, boston: list[Raw]) -> None:
    found = command(address, "search", "datasets", "sort=name asc")
    assert found == sorted(map(shown, boston), key=lambda record: str(record["name"]))


def test_the_command_dumps_organizations(address: str, boston: list[Raw]) -> None:
    dumped = command(address, "dump", "organizations", "--all", "--quiet", "-p", "1")
    assert {one["name"] for one in dumped} == {record["organization"]["name"] for record in boston}
