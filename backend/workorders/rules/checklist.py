"""Check-lists: items, their types and limits, which of them apply, and what an answer means. Pure.

An item as stored: {"key", "text", "text_zh", "type", "is_mandatory", "unit", "low", "high", "choices", "failing",
"shown_if": {"item", "equals"}, "fault_class"}. Types: yes_no, number, text, choice, photo, reading, note.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from backend.kernel.errors import Refused

MOST_ITEMS = 200
TYPES = ("yes_no", "number", "text", "choice", "photo", "reading", "note")


@dataclass(frozen=True)
class Judged:
    """An answer that fits its item: its value, and whether it shows a fault."""

    value: Any
    is_failed: bool


def demand_items(items: Sequence[Mapping[str, Any]]) -> None:
    """Raise Refused where a list of items is not one, naming the item."""
    if len(items) > MOST_ITEMS:
        raise Refused(f"a check-list has at most {MOST_ITEMS} items", field="items", value=len(items),
                      remedy="make two lists of it")  # fmt: skip
    seen: set[str] = set()
    for item in items:
        key = item.get("key")
        if not isinstance(key, str) or not key or key in seen:
            raise Refused("every item needs a key of its own", field="items.key", value=str(key))
        if item.get("type") not in TYPES:
            raise Refused(f"item {key} has no known type", field="items.type", value=str(item.get("type")),
                          remedy=f"one of {', '.join(TYPES)}")  # fmt: skip
        if item["type"] == "choice" and not item.get("choices"):
            raise Refused(f"item {key} offers no choices", field="items.choices")
        condition = item.get("shown_if")
        if condition is not None and condition.get("item") not in seen:
            raise Refused(f"item {key} depends on an item that does not come before it", field="items.shown_if",
                          value=str(condition))  # fmt: skip
        seen.add(key)


def applying(items: Sequence[Mapping[str, Any]], answers: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the items that apply, given the answers so far; an item under one that does not apply does not either."""
    shown: set[str] = set()
    found = []
    for item in items:
        condition = item.get("shown_if")
        if condition is None or (
            condition["item"] in shown and answers.get(condition["item"]) == condition["equals"]
        ):
            shown.add(item["key"])
            found.append(item)
    return found


def missing(items: Sequence[Mapping[str, Any]], answers: Mapping[str, Any]) -> list[str]:
    """Return the keys of mandatory items that apply and have no answer."""
    return [
        item["key"]
        for item in applying(items, answers)
        if item.get("is_mandatory", True)
        and item["type"] != "note"
        and answers.get(item["key"]) in (None, "")
    ]


def judge(item: Mapping[str, Any], value: Any) -> Judged:
    """Return what an answer means; raises Refused where it does not fit its item."""
    kind, key = item["type"], item["key"]
    if kind == "yes_no":
        if not isinstance(value, bool):
            raise _unfit(key, value, "answer yes or no")
        return Judged(value, value is item.get("failing", False))
    if kind in ("number", "reading"):
        if (
            isinstance(value, bool)
            or not isinstance(value, int | float)
            or value != value
            or abs(value) == float("inf")
        ):
            raise _unfit(key, value, "give a number")
        low, high = item.get("low"), item.get("high")
        return Judged(value, (low is not None and value < low) or (high is not None and value > high))
    if kind == "choice":
        if value not in item["choices"]:
            raise _unfit(key, value, f"one of {', '.join(map(str, item['choices']))}")
        return Judged(value, value in (item.get("failing") or ()))
    if not isinstance(value, str):
        raise _unfit(key, value, "give a text")
    return Judged(value[:4000], False)


def _unfit(key: str, value: Any, remedy: str) -> Refused:
    return Refused(f"this does not answer item {key}", field="value", value=str(value)[:200], remedy=remedy)
