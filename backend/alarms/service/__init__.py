"""What can be done with alarms and their rules. The caller owns the transaction."""

from backend.alarms.queries.look import AlarmFilter
from backend.alarms.queries.rules import RuleFilter
from backend.alarms.rules.defaults import RuleDraft
from backend.alarms.service.follow import AlarmFollower
from backend.alarms.service.look import (
    AlarmRow,
    Happening,
    OpenCount,
    alarm,
    alarms,
    alarms_by_id,
    history,
    open_by_organisation,
    open_counts,
    values_when_raised,
)
from backend.alarms.service.quiet import return_to_service, shelve, take_out_of_service, unshelve
from backend.alarms.service.respond import acknowledge, acknowledge_all, comment
from backend.alarms.service.rules import RuleRow, change_rule, create_rule, rule, rules, suggest_rules
from backend.alarms.service.statistics import AlarmStatistics, statistics

__all__ = [
    "AlarmFilter",
    "AlarmFollower",
    "AlarmRow",
    "AlarmStatistics",
    "Happening",
    "OpenCount",
    "RuleDraft",
    "RuleFilter",
    "RuleRow",
    "acknowledge",
    "acknowledge_all",
    "alarm",
    "alarms",
    "alarms_by_id",
    "change_rule",
    "comment",
    "create_rule",
    "history",
    "open_by_organisation",
    "open_counts",
    "return_to_service",
    "rule",
    "rules",
    "shelve",
    "statistics",
    "suggest_rules",
    "take_out_of_service",
    "unshelve",
    "values_when_raised",
]  # fmt: skip
