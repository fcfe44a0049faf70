"""The API keeps its own description: schemathesis asks, every answer must be described, none may be a fault."""

from __future__ import annotations

import os
import re

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode, checks
from schemathesis.specs.openapi import checks as openapi

from backend.kernel import ids
from tests.apps import Phone
from tests.billing import charge

KEPT = [
    checks.not_a_server_error,
    openapi.status_code_conformance,
    openapi.content_type_conformance,
    openapi.response_schema_conformance,
]
HASTY = {
    "deadline": None, "database": None, "derandomize": True, "phases": [Phase.explicit, Phase.generate],
    "suppress_health_check": list(HealthCheck),
}  # fmt: skip
LEFT_OUT = {"/api/v1/live", "/api/v1/auth/logout", "/api/v1/auth/password", "/api/v1/auth/login"}
"""A stream that lasts, calls that end the log-in that asks, and one that a throttle answers."""


@pytest.fixture(scope="module")
def description(app):
    answer = app.test_client().get("/api/v1/openapi.json")
    assert answer.status_code == 200
    return answer.json


def test_every_route_of_the_api_is_described(app, description):
    from mobile_api.fields import IdConverter

    described = {(method.upper(), path) for path, calls in description["paths"].items() for method in calls}
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith("/api/v1") and not rule.endpoint.startswith("api-docs."):
            path = rule.rule
            for name, converter in rule._converters.items():
                kind = "id:" if isinstance(converter, IdConverter) else ""
                path = path.replace(f"<{kind}{name}>", f"{{{name}}}")
            for method in rule.methods - {"HEAD", "OPTIONS"}:
                assert (method, path) in described


def test_every_call_has_a_summary_and_says_who_may(description):
    for path, calls in description["paths"].items():
        for method, call in calls.items():
            if method != "parameters":
                assert call.get("summary"), (method, path)
                assert "default" in call["responses"], (method, path)
    assert description["security"] == [{"bearer": []}]
    assert description["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"


def test_the_viewer_loads_nothing_from_elsewhere(app):
    page = app.test_client().get("/api/v1/docs")
    assert page.status_code == 200
    assert "http://" not in page.text
    assert "https://" not in page.text


@pytest.fixture(scope="module")
def schema(app, description):
    return schemathesis.openapi.from_dict(description)


def operations(schema):
    """Every operation; ENERFIELD_ROUTES narrows it to paths a pattern is found in."""
    wanted = re.compile(os.environ.get("ENERFIELD_ROUTES", ""))
    for found in schema.get_all_operations():
        operation = found.ok()
        if operation.path not in LEFT_OUT and wanted.search(operation.path):
            yield operation


def walk(app, world, schema, examples: int) -> int:
    """Ask each operation with fitting and with unfitting input, as two roles; return how many calls were made."""
    phones = [Phone(app, world.east.email(role)) for role in ("administrator", "customer")]
    real = {name: ids.show(value) for name, value in world.east.ids.items()}
    real |= {"organisation": ids.show(world.east.enterprise.id), "position": real["supply"]}
    real |= {"device": real["asset"], "customer": ids.show(world.east.customer.id)}
    real |= {"point": real["supply_power"], "person": ids.show(world.east.people["technician"].id)}
    real |= {f"{name}_id": value for name, value in real.items()}
    gateway = {"Authorization": f"Bearer {world.east.gateway_key}"}
    count = 0

    def ask(case):
        nonlocal count
        count += 1
        if count % 3 and case.path_parameters:  # random ids lead nowhere; these lead somewhere
            case.path_parameters |= {name: real[name] for name in case.path_parameters if name in real}
        headers = gateway if "/gateway/" in case.path else phones[count % 2].headers
        answer = case.call(app=app, headers=headers)
        case.validate_response(answer, checks=KEPT)

    for operation in operations(schema):
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            if (
                mode is GenerationMode.POSITIVE
                or operation.body
                or operation.query
                or operation.path_parameters
            ):
                test = given(case=operation.as_strategy(generation_mode=mode))(ask)
                settings(max_examples=examples, **HASTY)(test)()
    return count


@pytest.fixture(scope="module")
def charged(world):
    """The east has billed its customer, so that what the routes of billing name is there."""
    charge(world, world.east)


@pytest.mark.usefixtures("charged")
def test_no_answer_is_a_fault_or_undescribed(app, world, schema):
    assert walk(app, world, schema, int(os.environ.get("ENERFIELD_EXAMPLES", "3"))) > 100


@pytest.mark.long
@pytest.mark.usefixtures("charged")
def test_no_answer_is_a_fault_or_undescribed_however_often_one_asks(app, world, schema):
    assert walk(app, world, schema, 120) > 50_000
