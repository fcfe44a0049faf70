"""Tables of the area, a file per subject."""

from backend.analysis.models.drivers import Driver, Measure, OwnFactor, Purchase, UseQuota
from backend.analysis.models.fits import PeerPlace, UseFit
from backend.analysis.models.schedule import AnalysisDelivery, AnalysisSchedule

__all__ = [
    "AnalysisDelivery", "AnalysisSchedule", "Driver", "Measure", "OwnFactor", "PeerPlace", "Purchase", "UseFit",
    "UseQuota",
]  # fmt: skip
