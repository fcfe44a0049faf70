"""Amounts as a Green Button feed, which any program that knows ESPI can read; our import gives them back."""

from reports.green_button.feed import Meter
from reports.green_button.gather import MIMETYPE, MOST_METERS, download, is_told, meters_of
from reports.green_button.stream import Columns, feed

__all__ = ["MIMETYPE", "MOST_METERS", "Columns", "Meter", "download", "feed", "is_told", "meters_of"]
