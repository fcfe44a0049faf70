"""Validation, estimation and editing of intervals. Pure: arrays in, findings and amounts out."""

from backend.metering.rules.vee.calendar import Places, places, utc_offset_us
from backend.metering.rules.vee.checks import (
    Limits,
    against_parent,
    clock_drift,
    dead,
    duplicates,
    exchanges,
    missing,
    negative,
    register_against_intervals,
    spikes,
    validate,
    validate_days,
)
from backend.metering.rules.vee.estimates import Gap
from backend.metering.rules.vee.findings import Check, Findings, Severity, chosen, joined, words
from backend.metering.rules.vee.ladder import Estimate, Expectation, estimate, expect, is_shut, manual, order
from backend.metering.rules.vee.series import Past, Series, past_of
from backend.metering.rules.vee.shut import Stretch, closed_periods, shut_in

__all__ = [
    "Check",
    "Estimate",
    "Expectation",
    "Findings",
    "Gap",
    "Limits",
    "Past",
    "Places",
    "Series",
    "Severity",
    "Stretch",
    "against_parent",
    "chosen",
    "clock_drift",
    "closed_periods",
    "dead",
    "duplicates",
    "estimate",
    "exchanges",
    "expect",
    "is_shut",
    "joined",
    "manual",
    "missing",
    "negative",
    "order",
    "past_of",
    "places",
    "register_against_intervals",
    "shut_in",
    "spikes",
    "utc_offset_us",
    "validate",
    "validate_days",
    "words",
]
