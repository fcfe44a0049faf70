"""Hosted operation: contracts, rosters, shift books, tickets, patrols, reading rounds, monthly reports."""

from backend.workorders.models import (
    Duty,
    DutyShift,
    HostingContract,
    MonthlyReport,
    PatrolPlan,
    ReadingRound,
    WorkTicket,
)
from backend.workorders.rules.tickets import TicketKind, TicketStatus
from backend.workorders.service.hosting.contracts import (
    NewContract,
    add_contract,
    contract,
    contracts,
    end_contract,
)
from backend.workorders.service.hosting.monthly import due_reports, keep_report, month_of, reports, tell_month
from backend.workorders.service.hosting.patrols import (
    NewPatrol,
    Pass,
    Walk,
    end_patrol,
    make_patrol_if_due,
    pass_stop,
    patrol_plan,
    patrol_plans,
    plan_patrol,
    recent_walks,
    walks,
)
from backend.workorders.service.hosting.roster import (
    OnDuty,
    add_shift,
    list_shifts,
    on_duty,
    remove_shift,
    repeat_week,
    shifts,
    staff,
    swap_shift,
    week_of,
)
from backend.workorders.service.hosting.rounds import (
    NewRound,
    Progress,
    Stop,
    end_round,
    plan_round,
    progress_of,
    read_register,
    reading_round,
    reading_rounds,
    registers_without_line,
)
from backend.workorders.service.hosting.shiftlog import (
    Book,
    books,
    hand_over,
    open_book,
    open_things,
    take_over,
    write_entry,
)
from backend.workorders.service.hosting.tickets import (
    NewTicket,
    approve_ticket,
    finish_ticket,
    issue_ticket,
    tick_step,
    ticket,
    tickets,
    void_ticket,
)

__all__ = [
    "Book", "Duty", "DutyShift", "HostingContract", "MonthlyReport", "NewContract", "NewPatrol", "NewRound",
    "NewTicket", "OnDuty", "Pass", "PatrolPlan", "Progress", "ReadingRound", "Stop", "TicketKind", "TicketStatus",
    "Walk", "WorkTicket", "add_contract", "add_shift", "approve_ticket", "books", "contract", "contracts",
    "due_reports", "end_contract", "end_patrol", "end_round", "finish_ticket", "hand_over", "issue_ticket",
    "keep_report", "list_shifts", "make_patrol_if_due", "month_of", "on_duty", "open_book", "open_things", "pass_stop",
    "patrol_plan", "patrol_plans", "plan_patrol", "plan_round", "progress_of", "read_register", "reading_round",
    "reading_rounds", "recent_walks", "registers_without_line",
    "remove_shift", "repeat_week", "reports", "shifts", "staff", "swap_shift", "take_over", "tell_month", "tick_step",
    "ticket", "tickets", "void_ticket", "walks", "week_of", "write_entry",
]  # fmt: skip
