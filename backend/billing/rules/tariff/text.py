"""The readable form of a tariff: YAML."""

from __future__ import annotations

from collections.abc import Mapping

import yaml

from backend.billing.rules.tariff.tariff import Tariff, dump, parse
from backend.kernel.errors import Refused


def read(text: str) -> Tariff:
    """Read a tariff from YAML; raises Refused with the line where the text is no YAML, else as `parse` does."""
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}, column {mark.column + 1}" if mark else "the text"
        why = getattr(error, "problem", None) or "cannot be read"
        raise Refused(f"{where}: {why}", field="document", remedy="mend the YAML there") from None
    if not isinstance(document, Mapping):
        raise Refused("a tariff is a mapping with code, name, carrier, …", field="document")
    return parse(document)


def write(tariff: Tariff) -> str:
    """Return a tariff as YAML: read(write(tariff)) == tariff."""
    text: str = yaml.safe_dump(dump(tariff), allow_unicode=True, sort_keys=False, width=110)
    return text
