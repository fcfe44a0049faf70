"""How meters count. Pure: values and arrays in, values and arrays out."""

from backend.metering.rules.amounts import (
    HOUR_US,
    Amounts,
    HourStatistics,
    Method,
    RegisterMeter,
    Rule,
    countable,
    floor_to,
    hour_statistics,
    interval_amounts,
    register_amounts,
    withdrawn,
)
from backend.metering.rules.curve import envelope, thin
from backend.metering.rules.gaps import RegisterGap, Shape, register_gaps, starts_in
from backend.metering.rules.glitches import FARTHEST, is_odd
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
from backend.metering.rules.shares import SplitError, shares, split_exactly

__all__ = [
    "FARTHEST",
    "HOUR_US",
    "Amounts",
    "HourStatistics",
    "Method",
    "Quality",
    "ReadingBatch",
    "RegisterGap",
    "RegisterMeter",
    "Rule",
    "Shape",
    "Spans",
    "SplitError",
    "countable",
    "envelope",
    "floor_to",
    "hour_statistics",
    "interval_amounts",
    "is_odd",
    "join",
    "pack",
    "pack_spans",
    "passes",
    "register_amounts",
    "register_gaps",
    "shares",
    "spans_of",
    "split_exactly",
    "starts_in",
    "thin",
    "unpack",
    "unpack_spans",
    "withdrawn",
]
