"""A request asks the database a bounded number of questions, however many rows there are."""

from __future__ import annotations

import pytest
from sqlalchemy import event

from backend.kernel import ids
from tests.apps import Phone

MOST = 8
"""Statements of one request, the two that find out who asks among them."""


@pytest.fixture
def count(world):
    """Count the statements a call makes: `count(lambda: phone.get(...))`."""
    seen: list[str] = []

    def note(_connection, _cursor, statement, *_):
        seen.append(statement)

    def counted(call) -> list[str]:
        seen.clear()
        assert call().status_code == 200
        return list(seen)

    event.listen(world.database.engine, "before_cursor_execute", note)
    yield counted
    event.remove(world.database.engine, "before_cursor_execute", note)


PATHS = [
    "/auth/me", "/auth/devices", "/organisations", "/organisations/{enterprise}",
    "/organisations/{enterprise}/children",
    "/organisations/{enterprise}/applications", "/organisations/{enterprise}/people",
    "/organisations/{enterprise}/changes", "/organisations/{enterprise}/map", "/sites", "/positions",
    "/positions?organisation={enterprise}", "/positions/nearest?longitude=121&latitude=31", "/positions/{supply}",
    "/positions/{supply}/way", "/positions/{site}/children", "/points", "/points?organisation={enterprise}",
    "/points/{supply_power}", "/points/{supply_power}/curve?start=2026-01-01T00:00:00Z",
    "/points/{supply_energy}/amounts?start=2026-01-01T00:00:00Z", "/latest", "/latest?organisation={enterprise}",
    "/alarms", "/alarms/counts", "/alarms/{alarm}", "/alarms/{alarm}/history", "/connections", "/dead-letters",
    "/sightings", "/connections/{connection}", "/connections/{connection}/channels", "/channels/{channel}",
    "/points/{supply_power}/channels", "/meter-families", "/supply-agreements", "/sites/{site}",
]  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("role", ["administrator"])
def test_a_request_asks_few_questions(app, world, count, path, role):
    phone = Phone(app, world.east.email(role))
    known = {name: ids.show(value) for name, value in world.east.ids.items()}
    address = path.format(enterprise=ids.show(world.east.enterprise.id), **known)
    asked = count(lambda: phone.get(address))
    assert len(asked) <= MOST, "\n".join(asked)


def test_an_overview_asks_few_questions_more(app, world, count):
    phone = Phone(app, world.east.email("administrator"))
    address = f"/organisations/{ids.show(world.east.region.id)}/overview"
    assert len(count(lambda: phone.get(address))) <= MOST + 2
