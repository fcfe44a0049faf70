"""Tables of the area, a file per subject."""

from backend.analysis.models.schedule import AnalysisDelivery, AnalysisSchedule

__all__ = ["AnalysisDelivery", "AnalysisSchedule"]
