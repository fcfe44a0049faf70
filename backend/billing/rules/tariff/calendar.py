"""Which kind of day a date is for a tariff: the calendars sites keep too."""

from backend.kernel.calendars import CALENDARS, Calendar, DayKind

__all__ = ["CALENDARS", "Calendar", "DayKind"]
