"""How meters count. Pure: values and arrays in, values and arrays out."""

from backend.metering.rules.amounts import (
    HOUR_US,
    Amounts,
    HourStatistics,
    Method,
    RegisterMeter,
    Rule,
    SplitError,
    floor_to,
    hour_statistics,
    interval_amounts,
    register_amounts,
    split_exactly,
)
from backend.metering.rules.curve import envelope, thin
from backend.metering.rules.readings import (
    Quality,
    ReadingBatch,
    Spans,
    join,
    pack,
    pack_spans,
    passes,
    spans_of,
    unpack,
    unpack_spans,
)

__all__ = [
    "HOUR_US", "Amounts", "HourStatistics", "Method", "Quality", "ReadingBatch", "RegisterMeter", "Rule", "Spans", "SplitError",
    "envelope", "floor_to", "hour_statistics", "interval_amounts", "join", "pack", "pack_spans", "passes",
    "register_amounts", "spans_of", "split_exactly", "thin", "unpack", "unpack_spans",
]  # fmt: skip
