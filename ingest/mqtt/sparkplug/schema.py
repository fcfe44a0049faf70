"""The payload's protobuf messages, built from a table of field numbers (Sparkplug 3.0, chapter 6.4).

Only what readings need is named; protobuf carries fields it does not know along unread.
"""

from __future__ import annotations

from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

PACKAGE = "enerfield.sparkplug"

Field = descriptor_pb2.FieldDescriptorProto
_TYPES = {
    "uint32": Field.TYPE_UINT32,
    "uint64": Field.TYPE_UINT64,
    "float": Field.TYPE_FLOAT,
    "double": Field.TYPE_DOUBLE,
    "bool": Field.TYPE_BOOL,
    "string": Field.TYPE_STRING,
    "bytes": Field.TYPE_BYTES,
}

TABLE: dict[str, list[tuple[str, int, str]]] = {
    "Payload": [("timestamp", 1, "uint64"), ("metrics", 2, "*Metric"), ("seq", 3, "uint64"),
                ("uuid", 4, "string"), ("body", 5, "bytes")],
    "Metric": [("name", 1, "string"), ("alias", 2, "uint64"), ("timestamp", 3, "uint64"),
               ("datatype", 4, "uint32"), ("is_historical", 5, "bool"), ("is_transient", 6, "bool"),
               ("is_null", 7, "bool"), ("properties", 9, "PropertySet"), ("int_value", 10, "value uint32"),
               ("long_value", 11, "value uint64"), ("float_value", 12, "value float"),
               ("double_value", 13, "value double"), ("boolean_value", 14, "value bool"),
               ("string_value", 15, "value string"), ("bytes_value", 16, "value bytes")],
    "PropertySet": [("keys", 1, "*string"), ("values", 2, "*PropertyValue")],
    "PropertyValue": [("type", 1, "uint32"), ("is_null", 2, "bool"), ("int_value", 3, "value uint32"),
                      ("long_value", 4, "value uint64"), ("float_value", 5, "value float"),
                      ("double_value", 6, "value double"), ("boolean_value", 7, "value bool"),
                      ("string_value", 8, "value string")],
}  # fmt: skip
"""Message -> (field, number, type): `*` repeats, `value` makes it one of the message's alternatives."""


def _build() -> dict[str, Any]:
    file = descriptor_pb2.FileDescriptorProto(
        name="enerfield/sparkplug.proto", package=PACKAGE, syntax="proto2"
    )
    for name, fields in TABLE.items():
        message = file.message_type.add(name=name)
        for field_name, number, kind in fields:
            field = message.field.add(name=field_name, number=number, label=Field.LABEL_OPTIONAL)
            if kind.startswith("*"):
                field.label, kind = Field.LABEL_REPEATED, kind[1:]
            if kind.startswith("value "):
                if not message.oneof_decl:
                    message.oneof_decl.add(name="value")
                field.oneof_index, kind = 0, kind.removeprefix("value ")
            if kind in _TYPES:
                field.type = _TYPES[kind]
            else:
                field.type, field.type_name = Field.TYPE_MESSAGE, f".{PACKAGE}.{kind}"
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return {
        name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{PACKAGE}.{name}"))
        for name in TABLE
    }


MESSAGES = _build()
