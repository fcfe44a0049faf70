"""Colours of carriers and of a heat map's steps, on paper; on a page its style has the same by class name."""

from __future__ import annotations

CARRIERS = {
    "electricity": "#a8690a", "heat": "#c93a35", "cooling": "#1f6fd1", "gas": "#7447c9", "water": "#0a7f78",
    "steam": "#b0532e", "fuel": "#6b5d4a", "loss": "#8b979e", "use": "#3f5a68", "": "#0f5c73",
}  # fmt: skip
FAINT = "#b8c4ca"
SCALE = ("#f1f6f7", "#cfe3e6", "#a3cbd1", "#6fabb5", "#3d8796", "#1c6375", "#0b3f50")
"""From little to much; each is darker than the one before, so that it reads in grey, too."""


def of(name: str, *, faint: bool = False) -> str:
    """Return the colour of a carrier, a loss or a use."""
    return FAINT if faint else CARRIERS.get(name, CARRIERS[""])


def step(value: float, low: float, high: float) -> int:
    """Return which of the steps a value takes between the lowest and the highest."""
    if high <= low:
        return 0
    return min(int((value - low) / (high - low) * len(SCALE)), len(SCALE) - 1)
