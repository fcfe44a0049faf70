"""Connections are shown by their names in the reader's language."""

from __future__ import annotations


def test_a_connection_is_named_in_the_readers_language_on_every_page_that_names_it(browser, world):
    administrator, ids = browser(world.east, "administrator"), world.east.ids
    paths = ("/connections", f"/connections/{ids['connection']}", "/dead-letters", "/sightings")
    for path in paths:
        assert "east gateway" in administrator.get(path).text, path
    administrator.post("/language", data={"locale": "zh", "next": "/overview"})
    for path in paths:
        page = administrator.get(path).text
        assert "east 网关" in page, path
        assert "east gateway" not in page, path
    administrator.post("/language", data={"locale": "en"})
