"""The tree, what a role extends to, and the applications that are on."""

from __future__ import annotations

import pytest

from backend.kernel.errors import Forbidden, NotFound, Refused
from backend.kernel.scope import Role, Scope
from backend.tenancy import service as tenancy
from backend.tenancy.models import Application, OrganisationKind


def test_a_role_extends_to_everything_below_its_node(world):
    scope = world.scope(world.east, "manager")
    east = world.east
    assert scope.where(Role.MANAGER) == {east.region.id, east.park.id, east.enterprise.id, east.customer.id}
    assert world.scope(east, "customer").organisations == {east.customer.id}


def test_each_tree_has_its_own_system_scope(world):
    scopes = tenancy.system_scopes(world.database, "a test")
    seen = [scope.organisations for scope in scopes]
    assert len(seen) == 2
    assert not seen[0] & seen[1]
    assert world.west.customer.id in seen[0] | seen[1]


def test_an_administrator_adds_and_renames_nodes_below(world):
    scope = world.scope(world.west, "administrator")
    with world.database.transaction(scope) as session:
        node = tenancy.create_organisation(
            session, scope, parent_id=world.west.park.id, kind=OrganisationKind.ENTERPRISE, name="Dye works"
        )
        tenancy.rename_organisation(session, scope, world.west.park.id, name="West gardens", name_zh="西园")
    scope = world.scope(world.west, "administrator")
    with world.database.transaction(scope) as session:
        names = [found.name for found in tenancy.subtree(session, scope, world.west.region.id)]
        trail = tenancy.audit_trail(session, scope, world.west.region.id, limit=2).items
    assert node.id in scope.organisations
    assert names[:2] == ["West bay", "West gardens"]
    assert [event.action for event in trail] == ["organisation.rename", "organisation.create"]
    assert trail[0].before["name"] == "West park"


@pytest.mark.parametrize("role", ["manager", "dispatcher", "customer"])
def test_others_do_not_change_the_tree(world, role):
    scope = world.scope(world.west, role)
    with pytest.raises((Forbidden, NotFound)), world.database.transaction(scope) as session:
        tenancy.rename_organisation(session, scope, world.west.customer.id, name="Mine")


def test_a_node_does_not_stand_above_its_tier_nor_without_a_name(world):
    scope = world.scope(world.west, "administrator")
    with world.database.transaction(scope) as session:
        for kind, name in ((OrganisationKind.REGION, "Region"), (OrganisationKind.PARK, "  ")):
            with pytest.raises(Refused):
                tenancy.create_organisation(
                    session, scope, parent_id=world.west.park.id, kind=kind, name=name
                )


def test_strangers_organisations_are_not_found(world):
    scope = world.scope(world.west, "administrator")
    with world.database.transaction(scope) as session:
        for question in (tenancy.organisation, tenancy.subtree, tenancy.people, tenancy.applications):
            with pytest.raises(NotFound):
                question(session, scope, world.east.park.id)


def test_the_nearest_switch_upwards_decides(world):
    scope = world.scope(world.east, "administrator")
    trading = Application.TRADING

    def is_on(node) -> bool:
        return tenancy.applications(session, scope, node.id)[trading]

    with world.database.transaction(scope) as session:
        assert is_on(world.east.customer)
        tenancy.switch_application(session, scope, world.east.region.id, application=trading, is_on=False)
        session.flush()
        assert not is_on(world.east.customer)
        tenancy.switch_application(session, scope, world.east.park.id, application=trading, is_on=True)
        session.flush()
        assert is_on(world.east.customer)
        assert not is_on(world.east.region)
        with pytest.raises(Forbidden):
            tenancy.demand_application(session, scope, world.east.region.id, trading)
    with world.database.transaction(Scope.public()) as session:
        manager = tenancy.scope_of(session, world.east.people["manager"], application=trading)
    assert world.east.region.id not in manager.organisations
    assert world.east.customer.id in manager.organisations
    with world.database.transaction(scope) as session:
        tenancy.switch_application(session, scope, world.east.park.id, application=trading, is_on=None)
        session.flush()
        assert not is_on(world.east.customer)
