"""Who may call a route at all. Everything not named here needs a person who is logged in."""

from __future__ import annotations

from backend.tenancy.models import Application

NEEDS_NOTHING = frozenset(
    {
        "health.alive", "health.ready", "health.figures", "static", "portal.static", "portal.field_app",
        "portal.field_worker",
    }
)  # fmt: skip
"""Answered without a transaction: for probes, and files that are the same for everybody."""

PUBLIC = frozenset(
    {
        "api-docs.openapi_json", "api-docs.viewer",
        "auth.LogIn", "auth.Refresh", "auth.ForgottenPassword", "auth.NewPassword",
        "portal.log_in", "portal.forgot_password", "portal.set_password", "portal.accept_invitation",
        "portal.change_language", "portal.change_theme", "portal.public_tag", "portal.report_by_tag",
    }
)  # fmt: skip
"""Answered to anybody, as Scope.public(): how one gets in, and the description of the API."""

OWN_KEY = frozenset({"push.push", "billing.ProviderCalls", "billing.ProviderRefunds"})
"""Gateways show their own key, payment providers sign; the view checks it."""

UPLOADS = frozenset(
    {
        "billing.BankFiles", "billing.Migration", "analysis.DriverFiles", "forecasting.WeatherFiles",
        "assets.DocumentsAtPosition", "assets.DocumentsOfDevice", "assets.DocumentsOfCustomer", "assets.Table",
        "portal.import_drivers",
        "portal.add_document", "portal.import_assets", "portal.take_bank_file", "portal.new_tariff",
        "portal.from_before", "portal.take_weather_file",
    }
)  # fmt: skip
"""Take files: up to ENERFIELD_MAX_UPLOAD_MB instead of the small body everything else gets."""

APPLICATIONS = {
    "metering": Application.MONITORING,
    "exceptions": Application.MONITORING,
    "estimation": Application.MONITORING,
    "green_button": Application.MONITORING,
    "alarms": Application.MONITORING,
    "live": Application.MONITORING,
    "stream": Application.MONITORING,
    "channels": Application.MAINTENANCE,
    "connections": Application.MAINTENANCE,
    "assets": Application.MAINTENANCE,
    "tags": Application.MAINTENANCE,
    "field": Application.MAINTENANCE,
    "workorders": Application.MAINTENANCE,
    "dispatch": Application.MAINTENANCE,
    "hosting": Application.MAINTENANCE,
    "billing": Application.SERVICES,
    "coordination": Application.MANAGEMENT,
    "analysis": Application.ANALYSIS,
    "forecasting": Application.MANAGEMENT,
    "optimisation": Application.MANAGEMENT,
}
"""Blueprint -> the application it belongs to: organisations where that is off are not seen through it."""

PAGES = {
    Application.MONITORING: {
        "overview", "balance_data", "balance_file", "balance_feed", "board", "plant", "demand", "supply", "environment",
        "network_map",
        "map_data", "position", "point", "point_curve", "point_csv", "point_feed", "alarms", "alarm_rows", "alarm",
        "acknowledge", "comment_alarm", "shelve", "alarm_rules", "alarm_rule", "new_alarm_rule", "wake_rule",
        "start_alarm_rule", "alarm_statistics", "alarm_count",
        "exceptions", "vee_exception", "accept_exception", "edit_exception", "rerun_exception",
        "vee_settings", "shut_periods",
    },
    Application.ANALYSIS: {
        "efficiency", "intensity", "refit", "benefit", "benchmark", "drivers", "new_driver", "import_drivers",
        "driver_file", "remove_driver", "new_measure", "new_factor", "new_quota", "new_purchase", "remove_kept",
        "consumption", "flows", "habits", "analysis_file", "analysis_picture", "analysis_schedules",
        "new_analysis_schedule", "end_analysis_schedule", "retry_analysis",
    },
    Application.MAINTENANCE: {
        "today", "dispatch_day", "dispatch_map", "accept_proposal", "send_visits", "move_visit",
        "connections", "connection", "dead_letters", "settle_dead_letter", "sightings", "adopt",
        "new_connection", "edit_connection", "change_connection", "new_channel", "edit_channel", "remove_channel",
        "new_meter",
        "dismiss_sighting", "tags", "find_tag", "tag", "bind_tag", "bind_scanned", "move_tag", "retire_tag",
        "add_tag_alias", "answer_tag_warning", "tag_batches", "make_tag_batch", "tag_batch", "print_tag_batch",
        "print_tag", "set_emergency_phone",
        "work_orders", "work_order", "report_fault", "triage_order", "reject_order", "merge_order", "approve_order",
        "dispatch_order", "postpone_order", "take_up_order", "cancel_order", "acknowledge_order", "issue_permit",
        "comment_order", "confirm_order", "close_order", "reopen_order", "rate_order", "work_photo",
        "plan_part", "rework_order", "follow_up_order", "plan_order_again", "decide_card",
        "hosting", "new_hosting", "hosting_contract", "end_hosting", "hosting_report", "roster", "add_shift",
        "repeat_roster", "swap_shift", "remove_shift", "shift_log", "write_shift", "hand_over_shift", "take_over_shift",
        "tickets", "new_ticket", "ticket", "act_on_ticket", "print_ticket", "patrols", "new_patrol", "patrol",
        "pass_patrol", "end_patrol", "reading_rounds", "new_round", "reading_round", "read_register", "end_round",
        "field_conflicts", "settle_conflict", "quality", "check_quality", "set_quality_share",
        "inspections", "new_inspection", "end_inspection",
        "assets", "change_assets", "device", "new_device", "take_device_step", "place_device", "remove_device",
        "change_device", "exchange_device", "add_document", "document", "archive_document", "parts", "add_part",
        "add_store", "store", "move_stock", "customers", "customer", "add_contact", "archive_contact", "add_note",
        "add_contract", "export_assets", "import_assets",
    },
    Application.MANAGEMENT: {
        "sites", "new_site", "edit_position", "new_position", "new_supply", "end_supply", "new_point", "edit_point",
        "new_device_here",
        "plan", "plan_of", "make_plan", "accept_plan", "plan_table", "what_if", "plans", "plan_actual", "plant_model",
        "edit_plant", "switch_plant", "new_plant",
        "together", "ask_coordination_round", "coordination_round", "coordination_target",
        "answer_coordination_target", "settle_coordination_target", "new_coordination_target", "coordination_members",
        "join_coordination", "leave_coordination", "new_exchange_line", "end_exchange_line",
        "forecasts", "forecast", "forecast_curve", "forecast_csv", "train_forecast", "take_weather_file",
        "new_forecast", "edit_forecast", "end_forecast", "weather_places", "new_weather_place",
    },
    Application.SERVICES: {
        "home", "use", "bills", "bills_so_far", "bill", "bill_line", "bill_intervals", "pay_bill", "payment_asked",
        "complaints", "complaint", "complain", "say_complaint", "settle_complaint", "bill_runs", "start_bill_run",
        "bill_run", "issue_bill_run", "abandon_bill_run", "rerate_bill", "adjust_bill", "supply_contracts",
        "supply_contract", "new_supply_contract", "end_supply_contract", "tariffs", "tariff", "new_tariff", "simulator",
        "payments", "take_bank_file", "assign_payment", "take_cash", "receivables", "ledger", "open_ledger",
        "ledger_entries", "close_ledger", "check_ledger",
        "billing_documents", "ageing_paper", "tax_paper", "statement_paper", "run_paper", "bill_paper",
        "new_document_schedule", "end_document_schedule", "retry_document", "pack_bills", "packed_bills",
        "overdue", "reminder_steps", "hold_bill", "release_bill", "instalments", "instalment_plan",
        "new_instalment_plan", "cancel_instalment_plan", "ask_instalments", "supply_cuts", "supply_cut",
        "announce_cut", "request_cut", "withdraw_cut", "note_cut", "note_reconnected", "refunds", "new_refund",
        "refund_payment", "ask_refund", "account_requests", "grant_request", "decline_request", "prepaid", "pay_in",
        "statutory_invoices", "retry_invoice", "from_before", "from_before_template",
    },
}  # fmt: skip
"""The same for pages, which hang on one blueprint."""

COMMON = frozenset(
    {
        "first_page", "log_out", "profile", "change_profile", "change_own_password", "end_session", "end_device",
        "administration", "switch_application", "rename_organisation", "add_organisation", "people", "invite",
        "person_page", "change_person", "search", "glossary", "find_choice",
    }
)  # fmt: skip
"""Pages that belong to no application on purpose: oneself, people and organisations, search and choices (which confine
what they find to where an application is on), the glossary."""

_OF_PAGE = {f"portal.{page}": application for application, pages in PAGES.items() for page in pages}


def application_of(endpoint: str) -> Application | None:
    """Return the application an endpoint belongs to; people and organisations belong to none."""
    return _OF_PAGE.get(endpoint) or APPLICATIONS.get(endpoint.partition(".")[0])
