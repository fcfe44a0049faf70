"""Contracts: whom they let see what, what they demand of a tariff, and how a meter is shared."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from backend.billing.service import bills, contracts, tariffs
from backend.billing.service.contracts import NewContractPoint, NewSupplyContract
from backend.kernel import ids
from backend.kernel.errors import Conflict, Forbidden, NotFound, Refused
from backend.kernel.periods import Period, day
from backend.metering import service as metering
from backend.network import service as network
from backend.network.models import PositionKind
from backend.tenancy import service as tenancy
from backend.tenancy.models import OrganisationKind
from tests.backend.billing.scene import FIRST, NEXT, TOU, ZONE, fill, meter, sign, store
from tests.world import Role, make_person


@pytest.fixture(scope="module")
def tariff_id(acting, east, book):
    with acting("manager") as (session, scope):
        return store(session, scope, east)


@pytest.fixture
def place(acting, east):
    """A place nobody is supplied at yet, with a meter: (position, point, key)."""
    with acting() as (session, scope):
        position = network.create_position(
            session,
            scope,
            parent_id=east.ids["site"],
            new=network.NewPosition(PositionKind.METERING, f"shop {ids.new_id()}"),
        )
        east.ids["shop"] = position.id
        return position.id, *meter(session, east, f"meter {ids.new_id()}", "shop")


@pytest.fixture
def tenant(acting, east, world):
    """Another customer of the enterprise, and somebody there."""
    with acting() as (session, scope):
        node = tenancy.create_organisation(
            session,
            scope,
            parent_id=east.enterprise.id,
            kind=OrganisationKind.CUSTOMER,
            name=f"Shop {ids.new_id()}",
        )
        east.scope = tenancy.widened(session, scope)
    with acting() as (session, scope):
        person = make_person(session, scope, f"{node.id.hex}@east.example", node.id, Role.CUSTOMER)
    return node, person


def number() -> str:
    return f"C-{ids.new_id()}"


def test_a_tariff_said_again_is_no_news_and_another_word_is_the_next_revision(acting, east):
    document = TOU | {"code": "revised"}
    with acting("manager") as (session, scope):
        first = tariffs.store_tariff(session, scope, organisation_id=east.enterprise.id, document=document)
        again = tariffs.store_tariff(session, scope, organisation_id=east.enterprise.id, document=document)
        named = document | {"name": {"en": "Another name"}}
        other = tariffs.store_tariff(session, scope, organisation_id=east.enterprise.id, document=named)
    assert first is again
    assert (first.revision, other.revision) == (1, 2)


def test_a_tariff_with_a_gap_is_refused_with_the_place_of_it(acting, east):
    torn = {"tou": {"periods": TOU["versions"][0]["schedules"]["tou"]["periods"],
                    "rules": [{"period": "valley", "hours": "22:00-08:00"}]}}  # fmt: skip
    with pytest.raises(Refused, match="no price period"), acting("manager") as (session, scope):
        document = TOU | {"versions": [TOU["versions"][0] | {"schedules": torn}]}
        tariffs.store_tariff(session, scope, organisation_id=east.enterprise.id, document=document)


def test_a_customer_sees_what_a_contract_covers_while_it_does(acting, east, tariff_id, place, tenant, world):
    _, point_id, key = place
    node, person = tenant
    with acting("manager") as (session, scope):
        made = sign(session, scope, east, number(), tariff_id, [point_id], customer_id=node.id)
    with world.database.transaction(tenancy_scope(world, person)) as session:
        scope = tenancy_scope(world, person)
        assert metering.point(session, scope, point_id).key == key
        assert contracts.contract(session, scope, contract_id=made.id).number == made.number
    with acting("manager") as (session, scope):
        contracts.end_contract(session, scope, contract_id=made.id, ends_on=NEXT)
    with world.database.transaction(tenancy_scope(world, person)) as session:
        scope = tenancy_scope(world, person)
        seen = metering.seen_parts(
            session, scope, metering.point(session, scope, point_id), Period(day(FIRST, ZONE).start, None)
        )
        assert seen == [Period(day(FIRST, ZONE).start, day(NEXT, ZONE).start)]


def tenancy_scope(world, person):
    with world.database.transaction(world.east.scope) as session:
        return tenancy.scope_of(session, person)


def test_two_tenants_share_a_meter_to_the_last_watt_hour(
    acting, desk, east, tariff_id, place, tenant, owner_database
):
    _, point_id, key = place
    fill(owner_database, key, wh=1001)
    with acting("manager") as (session, scope):
        made = [
            contracts.create_contract(
                session, scope, organisation_id=east.enterprise.id,
                new=NewSupplyContract(
                    customer, number(), tariff_id, FIRST, [NewContractPoint(point_id, share=share)], ends_on=NEXT
                ),
            )
            for customer, share in ((east.customer.id, 400_000), (tenant[0].id, 600_000))
        ]  # fmt: skip
    desk.bill()
    sums = []
    for one in made:
        with acting("manager") as (session, scope):
            (bill,) = bills.bills(session, scope, contract_id=one.id).items
            lines = bills.lines(session, scope, bill_id=bill.id)
        sums.append(sum(line.quantity for line in lines if line.component == "energy"))
    assert sums == [1152, Decimal("1730.88")]  # 400 and 601 Wh of each interval's 1001
    assert sum(sums) == Decimal("2882.88")


def test_a_meter_already_taken_is_not_given_again(acting, east, tariff_id, place):
    with acting("manager") as (session, scope):
        sign(session, scope, east, number(), tariff_id, [place[1]], ends_on=NEXT)
    with pytest.raises(Refused, match="0 % of this meter are left"), acting("manager") as (session, scope):
        sign(session, scope, east, number(), tariff_id, [place[1]], starts_on=date(2026, 9, 30))
    with acting("manager") as (session, scope):
        sign(session, scope, east, number(), tariff_id, [place[1]], starts_on=NEXT)


def test_a_contract_says_what_its_tariff_asks_for(acting, east, place):
    asking = TOU | {"code": "asking", "versions": [TOU["versions"][0] | {"components": [
        *TOU["versions"][0]["components"],
        {"kind": "standing", "code": "area", "name": {"en": "By area"}, "per": "month", "price": 2, "times": "area_m2"},
    ]}]}  # fmt: skip
    with acting("manager") as (session, scope):
        asking_id = store(session, scope, east, asking)
    with pytest.raises(Refused, match="'area_m2'"), acting("manager") as (session, scope):
        sign(session, scope, east, number(), asking_id, [place[1]])
    with acting("manager") as (session, scope):
        made = sign(session, scope, east, number(), asking_id, [place[1]], facts={"area_m2": Decimal("81.5")})
    assert made.facts == {"area_m2": "81.5"}


def test_numbers_dates_and_roles_are_minded(acting, east, tariff_id, world):
    with acting("manager") as (session, scope):
        taken = sign(session, scope, east, number(), tariff_id, []).number
    for said, error in [
        ({"number": taken}, Conflict), ({"number": " "}, Refused), ({"ends_on": FIRST}, Refused),
        ({"due_days": -1}, Refused), ({"customer_id": world.west.customer.id}, NotFound),
    ]:  # fmt: skip
        with pytest.raises(error), acting("manager") as (session, scope):
            sign(session, scope, east, said.pop("number", number()), tariff_id, [], **said)
    with pytest.raises(Forbidden), acting("operator") as (session, scope):
        sign(session, scope, east, number(), tariff_id, [])
