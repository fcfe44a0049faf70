"""Sheets and rolls of labels, in millimetres: those that come with us, and an installation's own."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from backend.kernel.errors import SettingWrong

OURS = Path(__file__).with_name("sheets.toml")


@dataclass(frozen=True)
class Sheet:
    """One kind of paper: a sheet with a grid of labels, or a roll whose page is the label. Lengths in mm."""

    key: str
    name: str
    page_width: float
    page_height: float
    columns: int
    rows: int
    label_width: float
    label_height: float
    left: float = 0.0
    top: float = 0.0
    gap_x: float = 0.0
    gap_y: float = 0.0
    dpi: int = 300

    def __post_init__(self) -> None:
        right = self.left + self.columns * self.label_width + (self.columns - 1) * self.gap_x
        bottom = self.top + self.rows * self.label_height + (self.rows - 1) * self.gap_y
        fits = right <= self.page_width + 0.01 and bottom <= self.page_height + 0.01
        lengths = (self.left, self.top, self.gap_x, self.gap_y, self.label_width - 10, self.label_height - 10)
        if not fits or self.columns < 1 or self.rows < 1 or min(lengths) < 0 or not 150 <= self.dpi <= 1200:
            raise SettingWrong(
                f"labels of '{self.key}' do not fit its page", field=self.key,
                remedy="measure page, label, margins and gaps again, in millimetres",
            )  # fmt: skip

    @property
    def is_roll(self) -> bool:
        """Tell whether each page is one label."""
        return self.columns == self.rows == 1

    @property
    def a_page(self) -> int:
        """How many labels a page holds."""
        return self.columns * self.rows

    def corner(self, place: int) -> tuple[float, float]:
        """Return the upper left corner of the label at a place on its page, row by row [mm]."""
        row, column = divmod(place, self.columns)
        return (
            self.left + column * (self.label_width + self.gap_x),
            self.top + row * (self.label_height + self.gap_y),
        )


def sheets(home: Path | None = None) -> dict[str, Sheet]:
    """Return all known sheets by key; those in `home`/labels.toml add to ours or replace them."""
    found = _read(OURS)
    if home is not None and (own := home / "labels.toml").is_file():
        found |= _read(own)
    return found


def _read(path: Path) -> dict[str, Sheet]:
    try:
        return {key: _sheet(key, said) for key, said in tomllib.loads(path.read_text()).items()}
    except (tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as error:
        raise SettingWrong(
            f"{path.name} cannot be read: {error}",
            field=path.name,
            remedy="write it like reports/labels/sheets.toml",
        ) from None


def _sheet(key: str, said: Mapping[str, Any]) -> Sheet:
    width, height = said["label"]
    page = said.get("page", [width, height])
    columns, rows = said.get("grid", [1, 1])
    gap = said.get("gap", [0.0, 0.0])
    return Sheet(
        key=key, name=said["name"], page_width=page[0], page_height=page[1], columns=columns, rows=rows,
        label_width=width, label_height=height, left=said.get("left", 0.0), top=said.get("top", 0.0),
        gap_x=gap[0], gap_y=gap[1], dpi=said.get("dpi", 300),
    )  # fmt: skip
