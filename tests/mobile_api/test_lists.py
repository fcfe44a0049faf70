"""No answer of the API grows with the region: every list is a page by keyset, or bounded by name and number."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from backend.kernel import ids, paging
from mobile_api.metering import MOST_SAMPLES

WHOLE = {
    "/alarms/counts": (4, "one for each priority"),
    "/asset-search": (paging.MOST, "the best hits of a search, ranked; a narrower question finds the rest"),
    "/auth/devices": (100, "the asker's own log-ins, the last used first"),
    "/forecast-targets/{target}/accuracy": (5, "one for each lead"),
    "/devices/nearest": (paging.MOST, "the nearest to a place"),
    "/meter-families": (200, "tables in the source, one file a family"),
    "/points/{point}/amounts": (24 * 3661, "buckets of a stretch of ten years at most"),
    "/points/{point}/shut-periods": (1000, "what was ever said of one point"),
    "/positions/nearest": (paging.MOST, "the nearest to a place"),
    "/positions/{position}/way": (30, "places lie at most so deep"),
    "/weather-places/{weather_place}/errors": (20, "variables by leads"),
}
"""Lists that come whole: so many items at most, and why that is few enough."""

OWN_CURSOR = {"/field/pull": "the feed of a phone: changes after its cursor, in pieces of 500"}
INDEX = {"/tags/index": "pages of a feed: its cursor never ends, and each row is one tag's own few names"}


@pytest.fixture(scope="module")
def description(app):
    return app.test_client().get("/api/v1/openapi.json").json


def resolved(schema: dict[str, Any], description: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in schema:
        schema = description["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    return schema


def arrays(schema: dict[str, Any], description: dict[str, Any], place: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every list in a shape with its place in it."""
    schema = resolved(schema, description)
    for part in schema.get("anyOf", []) + schema.get("allOf", []):
        yield from arrays(part, description, place)
    if schema.get("type") == "array" or "array" in (schema.get("type") or []):
        yield place, schema
        yield from arrays(schema["items"], description, place + "[]")
    for name, part in schema.get("properties", {}).items():
        yield from arrays(part, description, f"{place}.{name}")


def answers(description: dict[str, Any]) -> Iterator[tuple[str, set[str], dict[str, Any]]]:
    """Yield the path of every GET, the names in its query, the shape of its answer."""
    for path, calls in description["paths"].items():
        if "get" in calls:
            query = {one["name"] for one in calls["get"].get("parameters", []) if one.get("in") == "query"}
            for told in calls["get"]["responses"].get("200", {}).get("content", {}).values():
                yield path.removeprefix("/api/v1"), query, told.get("schema", {})


def test_every_list_is_a_page_or_on_the_short_list(description):
    whole, unbounded = set(), []
    for path, query, schema in answers(description):
        for place, found in arrays(schema, description):
            if place == "":
                whole.add(path)
            elif place == ".items" and "cursor" in query and path not in INDEX:
                assert {"cursor", "limit"} <= query, path
                assert found["maxItems"] == paging.MOST, path
            elif path not in OWN_CURSOR | INDEX and "maxItems" not in found:
                unbounded.append((path, place))
    assert unbounded == []
    assert whole == WHOLE.keys()


def test_a_page_is_shown_with_an_example_of_its_cursor(description):
    pages = [
        schema["properties"]["next"]
        for name, schema in description["components"]["schemas"].items()
        if name.endswith("Page")
    ]
    assert len(pages) > 30
    assert all(one["example"] for one in pages)


def test_a_curve_has_no_more_samples_than_it_says(description):
    (curve,) = [schema for path, _query, schema in answers(description) if path == "/points/{point}/curve"]
    assert {found["maxItems"] for _place, found in arrays(curve, description)} == {MOST_SAMPLES}


QUERY = {"start": "2020-01-01T00:00:00Z", "end": "2100-01-01T00:00:00Z"}


def test_read_one_by_one_every_list_says_what_it_says_at_once(world, phone, description):
    east, administrator = world.east, phone(world.east, "administrator")
    real = {name: ids.show(value) for name, value in east.ids.items()}
    real |= {"organisation": ids.show(east.region.id), "position": real["site"], "device": real["asset"],
             "customer": ids.show(east.customer.id), "point": real["supply_power"]}  # fmt: skip
    del real["plant"]  # the position; what the API calls so is what is planned there
    walked = 0
    for path, query, _schema in answers(description):
        if "cursor" not in query or path in OWN_CURSOR | INDEX:
            continue
        try:
            address = path.replace("_id}", "}").format(**real)
        except KeyError:
            continue
        asked = {name: value for name, value in QUERY.items() if {"start", "end"} <= query}
        whole = administrator.get(address, limit=paging.MOST, **asked)
        assert whole.status_code == 200, (address, whole.text)
        read, cursor = [], None
        while len(read) <= 60:
            page = administrator.get(address, limit=1, **asked | ({"cursor": cursor} if cursor else {})).json
            read += page["items"]
            cursor = page["next"]
            if cursor is None:
                break
        assert read == whole.json["items"][: len(read)], address
        assert cursor is not None or len(read) == len(whole.json["items"]), address
        walked += len(read) > 1
    assert walked >= 8
