"""Which pages there are, who they are for, and the frame (switcher, rail, bottom bar) around them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import g, request, url_for
from flask_babel import lazy_gettext as _l

from backend.alarms import service as alarms
from backend.kernel.errors import Forbidden
from backend.kernel.ids import show
from backend.kernel.scope import STAFF, Role
from backend.network import service as network
from backend.tenancy import service as tenancy
from portal.address import View, view_of_request
from portal.words import ROLES

DESK = frozenset({Role.DISPATCHER, Role.OPERATOR, Role.MANAGER, Role.ADMINISTRATOR})
EVERYBODY = frozenset(Role)
OFFICE = frozenset({Role.MANAGER, Role.ADMINISTRATOR})
"""Those who keep accounts (see backend/billing)."""
ANALYSTS = frozenset({Role.MANAGER, Role.DISPATCHER, Role.OPERATOR})
"""Those who look into consumption (see backend/analysis)."""
PLANNERS = frozenset({Role.DISPATCHER, Role.OPERATOR, Role.MANAGER})
MENDERS = frozenset({Role.ADMINISTRATOR, Role.OPERATOR, Role.DISPATCHER, Role.TECHNICIAN})


@dataclass(frozen=True)
class Entry:
    """A page in the rail: its view, its words, the application it belongs to, and for whom it is."""

    page: str
    name: Any
    icon: str
    application: str
    roles: frozenset[Role]


ENTRIES = (
    Entry("home", _l("Home"), "home", "services", frozenset({Role.CUSTOMER})),
    Entry("overview", _l("Overview"), "overview", "monitoring", DESK),
    Entry("board", _l("Board"), "board", "monitoring", frozenset({Role.DISPATCHER, Role.MANAGER})),
    Entry("plant", _l("Plant"), "plant", "monitoring", frozenset({Role.OPERATOR, Role.MANAGER})),
    Entry("plan", _l("Plan"), "plan", "management", frozenset({Role.OPERATOR, Role.MANAGER})),
    Entry(
        "together",
        _l("Planned together"),
        "connections",
        "management",
        frozenset({Role.OPERATOR, Role.MANAGER}),
    ),
    Entry("demand", _l("Demand"), "demand", "monitoring", DESK),
    Entry("use", _l("Use"), "use", "services", frozenset({Role.CUSTOMER})),
    Entry("bills", _l("Bills"), "bill", "services", OFFICE | {Role.CUSTOMER}),
    Entry("bill_runs", _l("Bill runs"), "today", "services", OFFICE),
    Entry("complaints", _l("Complaints"), "letters", "services", OFFICE | {Role.CUSTOMER}),
    Entry("supply_contracts", _l("Contracts"), "orders", "services", OFFICE),
    Entry("tariffs", _l("Tariffs"), "table", "services", OFFICE),
    Entry("payments", _l("Payments"), "money", "services", OFFICE),
    Entry("receivables", _l("Receivables"), "clock", "services", OFFICE),
    Entry("ledger", _l("Ledger"), "glossary", "services", OFFICE),
    Entry("supply", _l("Supply"), "supply", "monitoring", DESK),
    Entry("network_map", _l("Map"), "map", "monitoring", DESK | {Role.TECHNICIAN}),
    Entry("environment", _l("Environment"), "environment", "monitoring", DESK),
    Entry("alarms", _l("Alarms"), "alarm", "monitoring", EVERYBODY),
    Entry("exceptions", _l("Exceptions"), "table", "monitoring", DESK),
    Entry("consumption", _l("Consumption"), "use", "analysis", ANALYSTS),
    Entry("flows", _l("Flows"), "supply", "analysis", ANALYSTS),
    Entry("habits", _l("Habits"), "clock", "analysis", ANALYSTS),
    Entry("efficiency", _l("Efficiency"), "plant", "analysis", ANALYSTS),
    Entry("intensity", _l("Intensity"), "environment", "analysis", ANALYSTS),
    Entry("benefit", _l("Benefit"), "money", "analysis", ANALYSTS),
    Entry("benchmark", _l("Benchmark"), "overview", "analysis", ANALYSTS | {Role.CUSTOMER}),
    Entry("drivers", _l("Drivers"), "table", "analysis", ANALYSTS),
    Entry("analysis_schedules", _l("On schedule"), "letters", "analysis", ANALYSTS),
    Entry("today", _l("Today"), "today", "maintenance", frozenset({Role.TECHNICIAN})),
    Entry("work_orders", _l("Work orders"), "orders", "maintenance", EVERYBODY),
    Entry(
        "dispatch_day", _l("Dispatch"), "dispatch", "maintenance", frozenset({Role.DISPATCHER, Role.MANAGER})
    ),
    Entry("hosting", _l("Hosted operation"), "hosting", "maintenance", DESK | {Role.TECHNICIAN}),
    Entry("assets", _l("Assets"), "device", "maintenance", DESK | {Role.TECHNICIAN}),
    Entry("parts", _l("Parts"), "parts", "maintenance", DESK | {Role.TECHNICIAN}),
    Entry("customers", _l("Customers"), "customers", "maintenance", DESK | {Role.TECHNICIAN}),
    Entry("tags", _l("Tags"), "tag", "maintenance", MENDERS),
    Entry("connections", _l("Connections"), "connections", "maintenance", MENDERS),
    Entry("dead_letters", _l("Dead letters"), "letters", "maintenance", frozenset({Role.ADMINISTRATOR})),
    Entry("sightings", _l("Devices seen"), "seen", "maintenance", frozenset({Role.ADMINISTRATOR})),
    Entry("billing_documents", _l("Documents of billing"), "letters", "services", OFFICE),
    Entry("forecasts", _l("Forecasts"), "forecast", "management", PLANNERS),
    Entry("sites", _l("Sites"), "place", "management", frozenset({Role.ADMINISTRATOR, Role.OPERATOR})),
    Entry("administration", _l("Organisation"), "settings", "management", frozenset({Role.ADMINISTRATOR})),
    Entry("people", _l("People"), "people", "management", frozenset({Role.ADMINISTRATOR, Role.MANAGER})),
    Entry("glossary", _l("Help"), "help", "help", EVERYBODY),
)
OWN = {"work_orders": (_l("Your faults"), "services"), "benchmark": (_l("Compared"), "services")}
"""What customers call a page, and where it stands in their rail."""
GROUPS = {
    "services": _l("Your energy"), "monitoring": _l("Monitoring"), "analysis": _l("Analysis"),
    "maintenance": _l("Operation and maintenance"),
    "billing": _l("Billing"), "management": _l("Management"), "help": _l("Help"),
}  # fmt: skip
OF_STAFF = {"services": "billing"}
"""What of an application stands in the rail of staff under a name of its own."""
FIRST = {
    Role.DISPATCHER: "board", Role.OPERATOR: "plan", Role.MANAGER: "overview", Role.ADMINISTRATOR: "administration",
    Role.TECHNICIAN: "today", Role.CUSTOMER: "home",
}  # fmt: skip
BOTTOM = {
    "board": ("board", "work_orders", "dispatch_day", "alarms"), "plan": ("plan", "plant", "overview", "alarms"),
    "overview": ("overview", "demand", "supply", "alarms"),
    "administration": ("administration", "people", "connections", "alarms"),
    "today": ("today", "work_orders", "network_map", "alarms"), "home": ("home", "use", "bills", "work_orders"),
}  # fmt: skip
PARENTS = {
    "position": "network_map", "point": "demand", "alarm": "alarms", "alarm_rules": "alarms", "alarm_rule": "alarms",
    "start_alarm_rule": "alarms", "new_alarm_rule": "alarms",
    "forecast": "forecasts", "train_forecast": "forecasts", "take_weather_file": "forecasts",
    "new_forecast": "forecasts", "edit_forecast": "forecasts", "end_forecast": "forecasts",
    "weather_places": "forecasts", "new_weather_place": "forecasts",
    "vee_exception": "exceptions", "vee_settings": "exceptions",
    "alarm_statistics": "alarms", "connection": "connections", "dead_letter": "dead_letters", "person_page": "people",
    "new_connection": "connections", "edit_connection": "connections", "change_connection": "connections",
    "new_channel": "connections", "edit_channel": "connections", "new_meter": "connections", "new_site": "sites",
    "edit_position": "sites", "new_position": "sites", "new_supply": "sites", "new_point": "sites",
    "edit_point": "sites", "new_device_here": "sites",
    "tag": "tags", "bind_tag": "tags", "bind_scanned": "tags", "tag_batches": "tags", "tag_batch": "tags",
    "make_tag_batch": "tags", "find_tag": "tags", "print_tag_batch": "tags", "print_tag": "tags",
    "set_emergency_phone": "tags",
    "work_order": "work_orders", "report_fault": "work_orders", "field_conflicts": "work_orders",
    "inspections": "work_orders", "new_inspection": "work_orders", "quality": "work_orders",
    "set_quality_share": "work_orders",
    "new_hosting": "hosting", "hosting_contract": "hosting", "hosting_report": "hosting", "roster": "hosting",
    "add_shift": "hosting", "repeat_roster": "hosting", "swap_shift": "hosting", "remove_shift": "hosting",
    "shift_log": "hosting", "write_shift": "hosting", "hand_over_shift": "hosting", "take_over_shift": "hosting",
    "tickets": "hosting", "new_ticket": "hosting", "ticket": "hosting", "print_ticket": "hosting",
    "patrols": "hosting", "new_patrol": "hosting", "patrol": "hosting", "pass_patrol": "hosting",
    "reading_rounds": "hosting", "new_round": "hosting", "reading_round": "hosting", "read_register": "hosting",
    "ageing_paper": "billing_documents", "tax_paper": "billing_documents", "run_paper": "billing_documents",
    "new_document_schedule": "billing_documents", "end_document_schedule": "billing_documents",
    "retry_document": "billing_documents",
    "refit": "intensity", "new_measure": "benefit", "new_factor": "benefit", "new_purchase": "benefit",
    "new_quota": "benchmark", "remove_kept": "benefit", "new_driver": "drivers", "import_drivers": "drivers",
    "driver_file": "drivers", "remove_driver": "drivers",
    "analysis_file": "consumption", "analysis_picture": "consumption",
    "new_analysis_schedule": "analysis_schedules", "end_analysis_schedule": "analysis_schedules",
    "retry_analysis": "analysis_schedules",
    "new_device": "assets", "import_assets": "assets", "export_assets": "assets", "exchange_device": "assets",
    "bill": "bills", "bill_line": "bills", "bills_so_far": "bills", "pay_bill": "bills", "payment_asked": "bills",
    "bill_intervals": "bills", "complain": "bills", "complaint": "complaints", "say_complaint": "complaints",
    "settle_complaint": "complaints", "bill_run": "bill_runs", "start_bill_run": "bill_runs",
    "issue_bill_run": "bill_runs", "abandon_bill_run": "bill_runs", "rerate_bill": "bill_runs",
    "adjust_bill": "bill_runs", "supply_contract": "supply_contracts", "new_supply_contract": "supply_contracts",
    "end_supply_contract": "supply_contracts", "tariff": "tariffs", "new_tariff": "tariffs", "simulator": "tariffs",
    "take_bank_file": "payments", "assign_payment": "payments", "take_cash": "payments", "ledger_entries": "ledger",
    "open_ledger": "ledger", "close_ledger": "ledger", "check_ledger": "ledger",
    "plan_of": "plan", "make_plan": "plan", "accept_plan": "plan", "plan_table": "plan", "what_if": "plan",
    "plans": "plan", "plan_actual": "plan",
    "ask_coordination_round": "together", "coordination_round": "together", "coordination_target": "together",
    "answer_coordination_target": "together", "settle_coordination_target": "together",
    "new_coordination_target": "together", "coordination_members": "together", "join_coordination": "together",
    "leave_coordination": "together", "new_exchange_line": "together", "end_exchange_line": "together",
    "overdue": "receivables", "reminder_steps": "receivables", "hold_bill": "receivables",
    "release_bill": "receivables", "new_instalment_plan": "receivables", "cancel_instalment_plan": "receivables",
    "supply_cuts": "receivables", "supply_cut": "receivables", "announce_cut": "receivables",
    "request_cut": "receivables", "withdraw_cut": "receivables", "note_cut": "receivables",
    "note_reconnected": "receivables", "refunds": "receivables", "new_refund": "receivables",
    "account_requests": "receivables", "grant_request": "receivables", "decline_request": "receivables",
    "instalments": "bills", "instalment_plan": "bills", "ask_instalments": "bills", "prepaid": "bills",
    "pay_in": "bills", "ask_refund": "bills", "refund_payment": "payments", "statutory_invoices": "bills",
    "retry_invoice": "receivables", "from_before": "supply_contracts", "from_before_template": "supply_contracts",
    "pack_bills": "bill_runs", "packed_bills": "bill_runs", "shut_periods": "demand",
    "store": "parts", "add_part": "parts", "add_store": "parts", "customer": "customers",
}  # fmt: skip
"""Pages that are not in the rail themselves: the entry that stays lit while one of them is shown."""


STAFF_ONLY = frozenset(
    {
        "alarm_rules",
        "start_alarm_rule",
        "alarm_statistics",
        "field_conflicts",
        "inspections",
        "new_inspection",
        "quality",
        "set_quality_share",
        "plant_model",
        "edit_plant",
        "switch_plant",
        "new_plant",
    }
)
DATA_OF = {
    "dispatch_map": "dispatch_day",
    "move_visit": "dispatch_day",
    "forecast_curve": "forecasts",
    "forecast_csv": "forecasts",
    "alarm_count": "alarms",
    "map_data": "network_map",
    "balance_data": "alarms",
    "balance_file": "alarms",
    "balance_feed": "alarms",
    "alarm_rows": "alarms",
}
"""Answers to scripts: the page they belong to."""


OFFERED = 200
"""So many organisations stand in the switcher; where there are more it goes a level at a time."""


def first_page() -> str:
    """Return the page a person lands on, by their role; who has several works at the most urgent desk."""
    return next((page for role, page in FIRST.items() if g.scope.holds(role)), "profile")


def is_staff() -> bool:
    """Tell whether the asker is more than a customer."""
    return g.scope.holds(*STAFF)


def here(asked: UUID | None) -> Any:
    """Return the organisation the page is about: the one in the address, or the highest the asker sees."""
    if asked is not None:
        return tenancy.organisation(g.session, g.scope, asked)
    tops = tenancy.tops(g.session, g.scope)
    return tops[0] if tops else None


def look(view: View | None = None) -> Any:
    """Return the organisation the page is about, and remember it and its time zone for the frame."""
    _demand_role()
    g.organisation = here((view or view_of_request()).at)
    g.zone = zone_of(g.organisation)
    return g.organisation


def _demand_role() -> None:
    """Refuse a page that is not for any of the asker's roles; customers are not staff, whatever they type."""
    page = (request.endpoint or "").removeprefix("portal.")
    if page in STAFF_ONLY and not is_staff():
        raise Forbidden("this page is for staff", remedy="ask an administrator of your organisation")
    page = DATA_OF.get(page, PARENTS.get(page, page))
    entry = next((one for one in ENTRIES if one.page == page), None)
    if entry is not None and not g.scope.holds(*entry.roles):
        raise Forbidden("this page is not for your role", remedy="ask an administrator of your organisation")


def zone_of(node: Any) -> str:
    """Return the time zone of an organisation: that of its first site, or of the first site the asker sees."""
    if node is None:
        return "UTC"
    return network.zone_of(g.session, g.scope, node.id) or "UTC"


def below(node: Any) -> frozenset[UUID]:
    """Return the ids of an organisation and all below it."""
    return frozenset(one.id for one in tenancy.subtree(g.session, g.scope, node.id)) if node else frozenset()


def may_acknowledge() -> bool:
    """Tell whether the asker may acknowledge alarms."""
    return g.scope.holds(Role.DISPATCHER, Role.OPERATOR, Role.MANAGER, Role.TECHNICIAN, Role.ADMINISTRATOR)


def waiting_alarms() -> int:
    """Return how many alarms nobody has acknowledged, of all that the asker sees."""
    counts = alarms.open_counts(g.session, g.scope)
    return sum(count.unacknowledged for count in counts.values())


def frame() -> dict[str, Any]:
    """Return everything base.html draws around a page."""
    current = g.get("organisation") or here(None)
    entries = _entries(current, waiting_alarms())
    chosen = BOTTOM.get(first_page(), ())
    by_page = {entry["page"]: entry for entry in entries}
    bottom = [by_page[page] for page in chosen if page in by_page]
    return {
        "current": current,
        "tree": _tree(current) if current else [],
        "is_cut": len(g.scope.organisations) > OFFERED,
        "groups": _groups(entries),
        "bottom": bottom,
        "rest": [entry for entry in entries if entry not in bottom],
        "is_simulated": bool(current and current.is_simulated),
        "role_names": [ROLES[role] for role, _nodes in g.scope.roles],
    }


def _entries(current: Any, open_alarms: int | None) -> list[dict[str, Any]]:
    page = (request.endpoint or "").removeprefix("portal.")
    lit = PARENTS.get(page, page)
    on = tenancy.applications(g.session, g.scope, current.id) if current else {}
    kept = {"at": request.args["at"]} if request.args.get("at") else {}
    own, group = ({}, OF_STAFF) if is_staff() else (OWN, {})
    return [
        {
            "page": entry.page, "icon": entry.icon,
            "name": own.get(entry.page, (entry.name, ""))[0],
            "application": own.get(entry.page, ("", group.get(entry.application, entry.application)))[1],
            "link": url_for(f"portal.{entry.page}", **kept), "is_here": entry.page == lit,
            "count": open_alarms if entry.page == "alarms" else None,
            "live": "alarms" if entry.page == "alarms" else None,
        }
        for entry in ENTRIES
        if g.scope.holds(*entry.roles) and on.get(entry.application, True)
    ]  # fmt: skip


def _groups(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    groups = []
    for application, name in GROUPS.items():
        members = [entry for entry in entries if entry["application"] == application]
        if members:
            groups.append({"name": name, "entries": members})
    return groups


def in_order(nodes: Sequence[Any]) -> list[Any]:
    """Return organisations as a tree reads: each followed by those below it, these by name."""
    known = {node.id for node in nodes}
    below: dict[Any, list[Any]] = {}
    for node in sorted(nodes, key=lambda one: one.name):
        below.setdefault(node.parent_id if node.parent_id in known else None, []).append(node)
    ordered, waiting = [], below.get(None, [])[::-1]
    while waiting:
        node = waiting.pop()
        ordered.append(node)
        waiting.extend(below.get(node.id, [])[::-1])
    return ordered


def _tree(current: Any) -> list[dict[str, Any]]:
    """Return the organisations offered in the switcher, parents first, each with the link that looks at it."""
    kept = {k: v for k, v in request.args.items() if k in {"carrier", "span", "on", "until", "compare"}}
    endpoint = request.endpoint if _takes_organisation() else f"portal.{first_page()}"
    nodes = in_order(_offered(current))
    base = min((str(node.path).count(".") for node in nodes), default=0)
    return [
        {"id": node.id, "name": node.name, "name_zh": node.name_zh, "kind": node.kind.value,
         "depth": min(str(node.path).count(".") - base, 3), "link": url_for(endpoint, **kept, at=show(node.id))}
        for node in nodes
    ]  # fmt: skip


def _offered(current: Any) -> list[Any]:
    """Return all organisations the asker sees; of more than `OFFERED` the way to this one and the level below it."""
    if len(g.scope.organisations) <= OFFERED:
        return list(tenancy.organisations_by_id(g.session, g.scope, g.scope.organisations).values())
    way = {UUID(hex=part) for part in str(current.path).split(".")}
    below = tenancy.level(g.session, g.scope, current.id, limit=OFFERED).items
    return [*tenancy.organisations_by_id(g.session, g.scope, way).values(), *below]


def _takes_organisation() -> bool:
    """Tell whether this page can look at another organisation: it is in the rail and has no id of its own."""
    page = (request.endpoint or "").removeprefix("portal.")
    return not request.view_args and any(entry.page == page for entry in ENTRIES) and page != "glossary"
