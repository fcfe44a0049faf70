"""Decisions of the area: values in, values out."""
