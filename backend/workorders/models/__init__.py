"""Tables of the area, a file per subject."""

from backend.workorders.models.checklist import ChecklistAnswer, ChecklistTemplate
from backend.workorders.models.evidence import Attachment, Comment, PartUse, TimePunch
from backend.workorders.models.hosting import (
    Duty,
    DutyShift,
    HostingContract,
    MonthlyReport,
    Patrol,
    PatrolPass,
    PatrolPlan,
    ReadingRound,
    ShiftEntry,
    ShiftLog,
    TicketCounter,
    WorkTicket,
)
from backend.workorders.models.inspection import InspectionPlan
from backend.workorders.models.order import OrderEvent, OrderKind, Source, Visit, WorkOrder
from backend.workorders.models.people import Technician
from backend.workorders.models.permit import Permit
from backend.workorders.models.policy import (
    Escalation,
    EscalationStep,
    FailureCode,
    SlaPolicy,
    VerificationPolicy,
    WorkCalendar,
)
from backend.workorders.models.upkeep import AlarmHold, AssetHealth, KnowledgeCard, PlannedPart, QualityCheck
from backend.workorders.models.verification import Verification

__all__ = [
    "AlarmHold", "AssetHealth", "Attachment", "ChecklistAnswer", "ChecklistTemplate", "Comment", "Duty", "DutyShift",
    "Escalation", "EscalationStep", "FailureCode", "HostingContract", "InspectionPlan", "KnowledgeCard",
    "MonthlyReport", "OrderEvent", "OrderKind", "PartUse", "Patrol", "PatrolPass", "PatrolPlan", "Permit",
    "PlannedPart", "QualityCheck", "ReadingRound", "ShiftEntry", "ShiftLog", "SlaPolicy", "Source", "Technician",
    "TicketCounter", "TimePunch", "Verification", "VerificationPolicy", "Visit", "WorkCalendar", "WorkOrder",
    "WorkTicket",
]  # fmt: skip
