"""Who is who in the demo region: the tree of organisations, one person per role, who is supplied where."""

from datetime import UTC, datetime

from backend.demo.customers import CUSTOMERS
from backend.demo.spec import OrganisationSpec, PersonSpec, SupplySpec

REGION = "region"
PASSWORD = "lanwan-demo-harbour"
"""The same for everyone in the demo; it is printed and protects nothing."""

PARKS = {
    "harbour": ("Harbour Park", "港湾园"),
    "innovation": ("Innovation Park", "创新园"),
    "living": ("Living Park", "宜居园"),
}
_ENTERPRISES = {
    "property": ("harbour", "Lanwan Property", "澜湾置业"),
    "technology": ("innovation", "Lanwan Technology", "澜湾科技"),
    "residences": ("living", "Lanwan Residences", "澜湾物业"),
}
_SUPPLIED_SINCE = datetime(2023, 12, 31, 16, tzinfo=UTC)
"""1 January 2024, as the district reads it."""
_TENANT_CHANGED = datetime(2025, 6, 30, 16, tzinfo=UTC)
"""Midnight of 1 July 2025 in the district: the cold store passed to its present tenant."""


def organisations() -> list[OrganisationSpec]:
    """Return the tree, parents first."""
    found = [
        OrganisationSpec(
            REGION, None, "region", "Lanwan Coastal Business District", "澜湾滨海商务区", "energy operator"
        )
    ]
    found += [OrganisationSpec(key, REGION, "park", name, zh) for key, (name, zh) in PARKS.items()]
    found += [
        OrganisationSpec(key, park, "enterprise", name, zh) for key, (park, name, zh) in _ENTERPRISES.items()
    ]
    found += [
        OrganisationSpec(c.key, c.enterprise or c.park, "customer", c.name, c.name_zh, c.trade)
        for c in CUSTOMERS
    ]
    found.append(
        OrganisationSpec(
            "coldstore_before", "innovation", "customer", "Beihai Cold Chain", "北海冷链", "cold store"
        )
    )
    return found


def people() -> list[PersonSpec]:
    """Return one person per role, and a few more where a role looks different elsewhere in the tree."""
    rows = (
        ("administrator", "Lin Yue 林悦", "administrator", REGION, "en"),
        ("manager", "Chen Haoran 陈浩然", "manager", REGION, "zh"),
        ("dispatcher", "Zhou Min 周敏", "dispatcher", REGION, "en"),
        ("operator", "Wu Jian 吴健", "operator", REGION, "zh"),
        ("technician", "Sun Lei 孙磊", "technician", REGION, "zh"),
        ("mechanic", "Li Qiang 李强", "technician", REGION, "zh"),
        ("evening", "Ma Li 马莉", "technician", REGION, "zh"),
        ("customer", "Xu Jing 徐静", "customer", "hotel", "en"),
        ("park", "Gao Feng 高峰", "manager", "harbour", "zh"),
        ("resident", "He Ting 何婷", "customer", "homes", "zh"),
        ("coldstore", "Tang Bo 唐波", "customer", "coldstore", "en"),
    )
    return [
        PersonSpec(f"{user}@lanwan.example", name, role, at, locale) for user, name, role, at, locale in rows
    ]


def supplies() -> list[SupplySpec]:
    """Return which customer is supplied at which site since when; the cold store changed hands once."""
    found = []
    for customer in CUSTOMERS:
        starts = _TENANT_CHANGED if customer.key == "coldstore" else _SUPPLIED_SINCE
        found.append(SupplySpec(customer.key, customer.key, starts))
    found.append(SupplySpec("coldstore_before", "coldstore", _SUPPLIED_SINCE, _TENANT_CHANGED))
    return found
