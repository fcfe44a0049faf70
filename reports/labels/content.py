"""What stands on a label: plain values."""

from __future__ import annotations

from dataclasses import dataclass

ERROR_CORRECTION = {"indoors": "M", "outdoors": "Q", "harsh": "H"}
"""Surroundings -> QR level: how much of the picture may be lost to dirt and scratches (15, 25, 30 %)."""


@dataclass(frozen=True)
class Label:
    """One label.

    payload: what the picture says; short: the code for fingers; title: the asset's name, empty while the tag
    is unbound; under: where it stands, or its serial number; owner: whose it is; level: QR error correction
    """

    payload: str
    short: str
    title: str = ""
    under: str = ""
    owner: str = ""
    level: str = "M"


def label(
    payload: str,
    short: str,
    *,
    surroundings: str = "indoors",
    title: str = "",
    under: str = "",
    owner: str = "",
) -> Label:
    """Return the label of a tag for its surroundings."""
    return Label(payload, short, title, under, owner, ERROR_CORRECTION[surroundings])
