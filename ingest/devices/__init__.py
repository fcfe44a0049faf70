"""Meter families as tables of data: one TOML file per family, its documented register map cited inside."""

from ingest.devices.families import Family, Measure, families, read_family

__all__ = ["Family", "Measure", "families", "read_family"]
