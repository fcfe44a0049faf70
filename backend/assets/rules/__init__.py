"""Decisions about assets. Pure: no clock, no database, no Flask."""
