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
from backend.metering.rules.vee.ladder import Estimate, Expectation, estimate, expect, manual, order
from backend.metering.rules.vee.series import Past, Series, past_of

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
    "against_parent",
    "chosen",
    "clock_drift",
    "dead",
    "duplicates",
    "estimate",
    "exchanges",
    "expect",
    "joined",
    "manual",
    "missing",
    "negative",
    "order",
    "past_of",
    "places",
    "register_against_intervals",
    "spikes",
    "utc_offset_us",
    "validate",
    "validate_days",
    "words",
]
