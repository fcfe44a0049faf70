"""Every SELECT of the area, each confined to a scope; a file per subject."""

from backend.analysis.queries.confined import ANALYSTS, analysed
from backend.analysis.queries.meters import agreements, meters, outdoors
from backend.analysis.queries.sums import Window, buckets, sums, warmth

__all__ = ["ANALYSTS", "Window", "agreements", "analysed", "buckets", "meters", "outdoors", "sums", "warmth"]
