"""Refusals of the backend in the reader's language: their English is the backend's own, their Chinese stands here."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import chain

from flask_babel import lazy_gettext as _l

from backend.kernel.errors import EnerfieldError
from portal import (
    bill_refusals,
    coordination_refusals,
    debt_refusals,
    document_refusals,
    driver_refusals,
    forecast_refusals,
    language,
    plan_refusals,
    text_refusals,
    work_refusals,
)

WORDS = (
    (r"an edit needs a reason", _l("An edit needs a reason")),
    (r"say how you know the amounts", _l("say how you know the amounts")),
    (r"this exception is settled already", _l("This exception is settled already")),
    (r"look at its history", _l("look at its history")),
    (r"each interval is said once", _l("Each interval is said once")),
    (r"an interval lies outside the exception.*", _l("An interval lies outside the exception")),
    (r"give starts (?P<a>\d+) minutes apart within it", _l("give starts %(a)s minutes apart within it")),
    (r"an amount cannot be counted", _l("An amount cannot be counted")),
    (r"an amount is not a number", _l("An amount is not a number")),
    (r"an amount is never negative", _l("An amount is never negative")),
    (r"the intervals sum to (?P<a>-?\d+), the register moved (?P<b>-?\d+): .*",
     _l("The intervals sum to %(a)s quanta, the register moved %(b)s")),
    (r"let the amounts sum to what the register moved", _l("let the amounts sum to what the register moved")),
    (r"the holidays of (?P<a>\d+) are not in the calendar '(?P<b>.+)'",
     _l("The holidays of %(a)s are not published in the calendar '%(b)s' yet")),
    (r"it knows (?P<a>\d+) to (?P<b>\d+): add the year's official notice",
     _l("it knows %(a)s to %(b)s; the year's official notice is to be added")),
    (r"there is no meter here that Green Button has words for",
     _l("There is no meter here that Green Button has words for")),
    (r"(?P<a>\d+) meters are too many for one Green Button feed",
     _l("%(a)s meters are too many for one Green Button file")),
    (r"choose a carrier, or a part of the region", _l("choose a carrier, or a part of the region")),
    (r"(?:longest_gap_days|missing|spike|high|low|dead_hours|clock_s|loss|excess) is (?P<a>\S+)",
     _l("%(a)s is out of range")),
    (r"say (?P<a>[\d.]+) to (?P<b>[\d.]+)", _l("say %(a)s to %(b)s")),
    (r"a name has 1 to 200 characters", _l("A name has 1 to 200 characters")),
    (r"there is already a (?:site|connection) '(?P<a>.+)'", _l("There is already one called '%(a)s'")),
    (r"choose another name", _l("choose another name")),
    (r"name (?:the place|what is measured|what it reaches)", _l("name what it is")),
    (r"'(?P<a>.*)' is not a time zone", _l("'%(a)s' is not a time zone")),
    (r"use a name such as (?P<a>.+)", _l("use a name such as %(a)s")),
    (r"'(?P<a>.*)' is not a currency", _l("'%(a)s' is not a currency")),
    (r"use a code such as (?P<a>.+)", _l("use a code such as %(a)s")),
    (r"(?P<a>.+) is no place in WGS 84", _l("%(a)s is no place on the map")),
    (r"give longitude, then latitude, in degrees", _l("give longitude and latitude in degrees")),
    (r"a site stands at the top, and nothing else does", _l("Only a site stands at the top")),
    (r"choose what stands on a site.*", _l("choose what stands on a site")),
    (r"places lie at most (?P<a>\d+) deep", _l("Places lie at most %(a)s deep")),
    (r"put it into a place further up", _l("put it into a place further up")),
    (r"a person holds roles at (?P<a>\d+) organisations at most",
     _l("A person holds roles at %(a)s organisations at most")),
    (r"give a role at the organisation above them.*", _l("give a role at the organisation above them")),
    (r"this was adopted or dismissed meanwhile", _l("This was adopted or dismissed meanwhile")),
    (r"'(?P<a>.*)' is no host", _l("'%(a)s' is no host")),
    (r"give a name or an IP address.*", _l("give a name or an IP address, such as 192.168.1.50")),
    (r"no device stands at (?P<a>.+)", _l("No device can stand at %(a)s")),
    (r"link-local, multicast and unspecified.*", _l("give the device's own address")),
    (r"'?(?P<a>[^']*)'? is no address", _l("'%(a)s' is no address")),
    (r"write (?P<a>\w.*)", _l("write it like %(a)s")),
    (r"the address holds a user or password", _l("The address holds a user or password")),
    (r"use user and secret_name", _l("put them in the fields for user and secret")),
    (r"'(?P<a>.*)' is not the name of a device's secret", _l("'%(a)s' is not the name of a device's secret")),
    (r"name an environment variable.*", _l("name a variable of the worker that begins with FIELD_")),
    (r"'(?P<a>.*)' is not a topic template.*", _l("'%(a)s' is not a topic")),
    (r"'(?P<a>.*)' is not among your topics.*", _l("'%(a)s' is not among your topics on this installation's broker")),
    (r"begin it with (?P<a>\S+), or give the url.*", _l("begin it with %(a)s, or give your own broker")),
    (r"on this installation's own broker your group.*", _l("On this installation's broker your group is your id")),
    (r"use (?P<a>[0-9A-Z]{26}), or give the url.*", _l("use %(a)s, or give your own broker")),
    (r"(?:.*\.)?(?P<a>\w+) is missing", _l("%(a)s is missing")),
    (r"between (?P<a>\S+) and (?P<b>.+)", _l("between %(a)s and %(b)s")),
    (r"use one of (?P<a>.+)", _l("use one of %(a)s")),
    (r"(?P<a>.+) s cannot be waited for", _l("%(a)s s cannot be waited for")),
    (r"(?P<a>\d+) points are read over '.*'", _l("%(a)s points are read over it")),
    (r"remove its channels first, or switch it off", _l("remove its channels first, or switch it off")),
    (r"'.*' has brought readings or dead letters.*",
     _l("It has brought readings or dead letters, whose origin is kept")),
    (r"switch it off instead", _l("switch it off instead")),
    (r"'(?P<a>.*)' is read over '(?P<b>.*)' already", _l("'%(a)s' is read over '%(b)s' already")),
    (r"change the channel there is", _l("edit the channel there is")),
    (r"the tag '(?P<a>.*)' fills '(?P<b>.*)' already", _l("The tag '%(a)s' fills '%(b)s' already")),
    (r"use another tag", _l("use another tag")),
    (r"(?P<a>.+) \(.*\) cannot become (?P<b>.+) \(.*\)", _l("%(a)s cannot become %(b)s: it is another quantity")),
    (r"a scale of 0 loses the value", _l("A scale of 0 loses the value")),
    (r"amounts in '(?P<a>.*)' are not kept", _l("Amounts in %(a)s are not kept: choose another unit or kind")),
    (r"a sub-meter measures what its parent measures", _l("A sub-meter measures what the meter above it measures")),
    (r"choose a point of (?P<a>.+)", _l("choose a point of the same quantity")),
    (r"a point is no part of itself", _l("A point is no part of itself")),
    (r"choose a point above this one", _l("choose a point above this one")),
    (r"(?P<a>.+) is not below (?P<b>.+)", _l("%(a)s is not below %(b)s")),
    (r"give the lowest plausible value first", _l("give the lowest plausible value first")),
    (r"a dial shows more than 0", _l("A register shows more than 0")),
    (r"give the first value the register.*", _l("give the first value the register cannot show, such as 1000000")),
    (r"nothing of the meter would be read", _l("Nothing of the meter would be read")),
    (r"choose a measure", _l("choose a measure")),
    (r"'?(?P<a>[^']*)'? is no node id", _l("'%(a)s' is no node")),
    (r"'(?P<a>.*)' is not a path", _l("'%(a)s' is not a path")),
    (r"the channel names nothing in a message", _l("The channel names nothing in a message")),
    (r"intervals labelled by their end need.*", _l("Intervals labelled by their end need their length")),
    (r"the channel names no node", _l("The channel names no node")),
    (r"this device stands somewhere else", _l("This device stands somewhere else")),
    (r"remove it there first", _l("remove it there first")),
    (r"only gateways that push over HTTP have a key", _l("Only gateways that push over HTTP have a key")),
    (r"this connection has no key", _l("This connection has no key")),
    (r"a fingerprint is SHA-256 in hex", _l("A fingerprint is SHA-256 in hex")),
    (r"give 64 hexadecimal digits", _l("give 64 hexadecimal digits")),
    (r"this person is on duty then already", _l("This person is on duty then already")),
    (r"choose another time or somebody else", _l("choose another time or somebody else")),
    (r"this person does not work here", _l("This person does not work here")),
    (r"a shift ends after it begins, within a day", _l("A shift ends after it begins, within a day")),
    (r"say why the shift is swapped", _l("Say why the shift is swapped")),
    (r"this shift is over", _l("This shift is over")),
    (r"this shift has begun", _l("This shift has begun")),
    (r"swap it", _l("swap it")),
    (r"this is the same person", _l("This is the same person")),
    (r"one to twelve weeks are planned at once", _l("One to twelve weeks are planned at once")),
    (r"nobody is on duty in this week", _l("Nobody is on duty in this week")),
    (r"plan one week first", _l("plan one week first")),
    (r"this is not a (?:time of day|day|month)", _l("This is not a time")),
    (r"this day is too far away", _l("This day is too far away")),
    (r"write what happened", _l("Write what happened")),
    (r"this shift is handed over(?: already)?", _l("This shift is handed over")),
    (r"the one who arrives takes it(?: first)?", _l("the one who arrives takes it first")),
    (r"nobody has handed over", _l("Nobody has handed over")),
    (r"the one who leaves signs first", _l("the one who leaves signs first")),
    (r"somebody else takes the shift over", _l("Somebody else takes the shift over")),
    (r"the one who arrives signs", _l("the one who arrives signs")),
    (r"say what the ticket is for", _l("Say what the ticket is for")),
    (r"a ticket has 1 to 100 steps", _l("A ticket has 1 to 100 steps")),
    (r"write one step a line", _l("write one step a line")),
    (r"a second person approves a ticket", _l("A second person approves a ticket")),
    (r"ask a colleague to check it", _l("ask a colleague to check it")),
    (r"only a ticket that was just issued is approved", _l("It is not waiting for approval")),
    (r"steps are done on an approved ticket", _l("Steps are done on an approved ticket")),
    (r"step (?P<a>\d+) comes first", _l("Step %(a)s comes first")),
    (r"do the steps in their order", _l("do the steps in their order")),
    (r"only an approved ticket is finished", _l("Only an approved ticket is finished")),
    (r"not every step is done", _l("Not every step is done")),
    (r"do the rest, or make it void with a reason", _l("do the rest, or make it void with a reason")),
    (r"this ticket is over", _l("This ticket is over")),
    (r"say why the ticket is void", _l("Say why the ticket is void")),
    (r"a contract has a number and a title", _l("A contract has a number and a title")),
    (r"a contract ends after it starts", _l("A contract ends after it starts")),
    (r"so many in a month cannot be done", _l("So many in a month cannot be done")),
    (r"this number is taken", _l("This number is taken")),
    (r"a patrol has 1 to 60 stops", _l("A patrol has 1 to 60 places")),
    (r"a (?:patrol|round) has a name", _l("It needs a name")),
    (r"a patrol is walked on some days of the week", _l("Choose some days of the week")),
    (r"the window ends after it begins", _l("It ends after it begins")),
    (r"this patrol is not under way", _l("This patrol is not under way")),
    (r"a round has 1 to 200 registers", _l("A round has 1 to 200 registers")),
    (r"a round is due on a day from 1 to 28", _l("A round is due on a day from 1 to 28")),
    (r"the register cannot show this", _l("The register cannot show this")),
    (r"this is less than the last reading", _l("This is less than the last reading")),
    (r"this is more than five times the usual use", _l("This is more than five times the usual use")),
    (r"look again; if it is so, tick 'I looked twice'", _l("look again; if it is so, tick 'I looked twice'")),
    (r"look again", _l("look again")),
    (r"a reading is a number", _l("A reading is a number")),
    (r"type what the register shows", _l("type what the register shows")),
    (r"a rule needs a name", _l("A rule needs a name")),
    (r"a priority is 1 \(act now\) to 4 \(note\)", _l("A priority is 1 (act now) to 4 (note)")),
    (r"a deadband is zero or more", _l("A deadband is zero or more")),
    (r"a delay is between 0 and 86400 s", _l("A delay is between 0 and 86400 s")),
    (r"a limit rule needs at least one limit", _l("Give at least one limit")),
    (r"(?P<a>HH|H|L) must lie above (?P<b>H|L|LL)", _l("%(a)s must lie above %(b)s")),
    (r"limits run LL < L < H < HH", _l("limits run LL < L < H < HH")),
    (r"'after_s' must be more than (?P<a>\S+)", _l("It must be more than %(a)s")),
    (r"somebody changed this rule meanwhile", _l("Somebody changed this rule meanwhile")),
    (r"this needs the role .*", _l("This needs another role here")),
    (r"ask an administrator of the organisation", _l("ask an administrator of the organisation")),
    (r".* is not an id.*", _l("This choice is not offered.")),
)  # fmt: skip


NAMED: dict[str, Callable[[str], str]] = {}
"""Name of a group -> who words what it holds: states and commands of work orders (`setup.py` says whose)."""


def in_words(text: str | None) -> str:
    """Return a refusal's message or remedy in the language of the page; as it is where nobody wrote it down."""
    if not text or language.current() != "zh":
        return text or ""
    others = (
        debt_refusals, bill_refusals, work_refusals, document_refusals, driver_refusals, forecast_refusals,
        plan_refusals, coordination_refusals, text_refusals,
    )  # fmt: skip
    for pattern, words in chain(WORDS, *(one.WORDS for one in others)):
        if found := re.fullmatch(pattern, text, re.DOTALL):
            held = {name: _held(name, value) for name, value in found.groupdict().items()}
            return str(words) % held if held else str(words)
    return text


def said(error: EnerfieldError) -> str:
    """Return what was wrong in the reader's language: message, the value where it does not stand there, remedy."""
    message, value = in_words(error.message), error.value
    value = f"{value:g}" if isinstance(value, float) else value
    shown = str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else ""
    if shown and shown not in message and len(shown) <= 80:
        message = f"'{shown}': {message}"
    return sentences(message, in_words(error.remedy))


def sentences(*parts: str) -> str:
    """Return texts as sentences one after the other, in the punctuation of the page."""
    told = [part[:1].upper() + part[1:].rstrip(".。") for part in parts if part]
    return (
        "".join(f"{one}。" for one in told)
        if language.current() == "zh"
        else " ".join(f"{one}." for one in told)
    )


def _held(name: str, value: str) -> str:
    """Return what a group holds in words: `each` several reasons, `commands` several commands, others as they are."""
    if name == "each":
        return "；".join(in_words(one) for one in value.split("; "))
    if name == "commands":
        return "、".join(_held("command", one) for one in value.split(", "))
    return NAMED[name](value) if name in NAMED else value
