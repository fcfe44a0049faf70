"""Connections as the API tells of them."""

from __future__ import annotations


def test_a_connection_has_its_names_in_both_languages(phone, world):
    (one,) = phone(world.east, "administrator").get("/connections").json["items"]
    assert (one["name"], one["name_zh"]) == ("east gateway", "east 网关")
