"""Positions and devices as a workbook, to and fro (rows and columns: `backend.assets.rules.sheet`)."""

from reports.asset_list.workbook import read, write

__all__ = ["read", "write"]
