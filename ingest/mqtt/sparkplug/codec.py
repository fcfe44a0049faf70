"""Sparkplug B payloads to plain values and back. Pure; devices encode with it, ingest decodes with it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from google.protobuf.message import DecodeError

from backend.kernel.errors import Refused
from ingest.mqtt.sparkplug.schema import MESSAGES

GOOD, BAD, STALE = 192, 0, 500
"""Values of a metric's property `Quality` (Sparkplug 3.0, 6.4.8)."""

REBIRTH = "Node Control/Rebirth"
BD_SEQ = "bdSeq"


class DataType(IntEnum):
    """Types of a metric's value that can be numbers, and text (Sparkplug 3.0, 6.4.16)."""

    INT8 = 1
    INT16 = 2
    INT32 = 3
    INT64 = 4
    UINT8 = 5
    UINT16 = 6
    UINT32 = 7
    UINT64 = 8
    FLOAT = 9
    DOUBLE = 10
    BOOLEAN = 11
    STRING = 12
    DATE_TIME = 13
    TEXT = 14


_BITS = {DataType.INT8: 8, DataType.INT16: 16, DataType.INT32: 32, DataType.INT64: 64}
_FIELD = {
    **dict.fromkeys((1, 2, 3, 5, 6, 7), "int_value"),
    **dict.fromkeys((4, 8, 13), "long_value"),
    9: "float_value",
    10: "double_value",
    11: "boolean_value",
    12: "string_value",
    14: "string_value",
}


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric of a payload.

    name, alias: data may come by alias alone; datatype: None where data leaves it to the birth
    value: None for null
    timestamp_ms: since the Unix epoch [ms]; quality: 192 good, 0 bad, 500 stale, None unsaid
    """

    name: str = ""
    value: float | int | bool | str | None = None
    datatype: int | None = None
    alias: int | None = None
    timestamp_ms: int | None = None
    is_historical: bool = False
    quality: int | None = None


@dataclass(frozen=True, slots=True)
class Payload:
    """One message. timestamp_ms: when it was sent [ms]; seq: 0 to 255, None in commands and deaths."""

    metrics: tuple[Metric, ...] = ()
    timestamp_ms: int | None = None
    seq: int | None = None


def encode(payload: Payload) -> bytes:
    """Return the payload's bytes."""
    message = MESSAGES["Payload"]()
    if payload.timestamp_ms is not None:
        message.timestamp = payload.timestamp_ms
    if payload.seq is not None:
        message.seq = payload.seq
    for metric in payload.metrics:
        _encode_metric(message.metrics.add(), metric)
    result: bytes = message.SerializeToString()
    return result


def decode(raw: bytes) -> Payload:
    """Read a payload; raises Refused where the bytes are none."""
    message = MESSAGES["Payload"]()
    try:
        message.ParseFromString(raw)
    except DecodeError as error:
        raise Refused(f"not a Sparkplug B payload: {error}") from None
    return Payload(
        metrics=tuple(_decode_metric(metric) for metric in message.metrics),
        timestamp_ms=message.timestamp if message.HasField("timestamp") else None,
        seq=message.seq if message.HasField("seq") else None,
    )


def typed(value: Any, datatype: int | None) -> Any:
    """Return a decoded value as its type means it: integers travel unsigned, whatever their sign."""
    bits = _BITS.get(DataType(datatype)) if datatype in _BITS else None
    if bits is None or not isinstance(value, int) or isinstance(value, bool):
        return value
    value &= (1 << bits) - 1
    return value - (1 << bits) if value >> (bits - 1) else value


def command(names: Iterable[str], *, now_ms: int) -> bytes:
    """Return the payload of an NCMD that sets boolean metrics, such as the request for a rebirth."""
    metrics = tuple(Metric(name, True, DataType.BOOLEAN, timestamp_ms=now_ms) for name in names)
    return encode(Payload(metrics, now_ms))


def _encode_metric(message: Any, metric: Metric) -> None:
    if metric.name:
        message.name = metric.name
    if metric.alias is not None:
        message.alias = metric.alias
    if metric.timestamp_ms is not None:
        message.timestamp = metric.timestamp_ms
    if metric.datatype is not None:
        message.datatype = metric.datatype
    if metric.is_historical:
        message.is_historical = True
    if metric.quality is not None:
        message.properties.keys.append("Quality")
        message.properties.values.add(type=DataType.INT32, int_value=metric.quality)
    if metric.value is None:
        message.is_null = True
        return
    field = _FIELD.get(metric.datatype or 0)
    if field is None:
        raise Refused(f"metric '{metric.name}' needs a data type", field="datatype", value=metric.datatype)
    value: Any = metric.value
    if field in ("int_value", "long_value"):
        value = int(value) & ((1 << (32 if field == "int_value" else 64)) - 1)
    elif field in ("float_value", "double_value"):
        value = float(value)
    setattr(message, field, value)


def _decode_metric(message: Any) -> Metric:
    which = message.WhichOneof("value")
    datatype = message.datatype if message.HasField("datatype") else None
    value = None if message.is_null or which is None else getattr(message, which)
    return Metric(
        name=message.name,
        value=typed(value, datatype),
        datatype=datatype,
        alias=message.alias if message.HasField("alias") else None,
        timestamp_ms=message.timestamp if message.HasField("timestamp") else None,
        is_historical=message.is_historical,
        quality=_quality(message),
    )


def _quality(message: Any) -> int | None:
    if not message.HasField("properties"):
        return None
    for key, value in zip(message.properties.keys, message.properties.values, strict=False):
        if key == "Quality":
            which = value.WhichOneof("value")
            return int(getattr(value, which)) if which in ("int_value", "long_value") else None
    return None
