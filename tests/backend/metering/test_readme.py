"""The numbers of the README's worked example are what the rules say."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

import backend.metering
from backend.metering import rules
from backend.metering.rules import Method, RegisterMeter

README = (Path(backend.metering.__file__).parent / "README.md").read_text()
MINUTE = 60_000_000


def minutes(clock: str) -> int:
    hours, past = clock.split(":")
    return (int(hours) * 60 + int(past)) * MINUTE


def test_the_worked_example_is_right():
    example = README.split("### Worked example")[1]
    read = re.findall(r"^\| (\d\d:\d\d) \| ([\d,]+\.\d\d) \|", example, re.M)
    said = re.findall(r"^\| (\d\d:\d\d) \| (\d+) \| (\w+) \|$", example, re.M)
    at = np.array([minutes(when) for when, _ in read])
    register = np.array([float(value.replace(",", "")) for _, value in read])
    found = rules.register_amounts(at, register, RegisterMeter(15 * MINUTE, 1000, 100_000.0), 0, 10**12)
    assert [
        (start, amount, Method(method).name.lower())
        for start, amount, method in zip(
            found.start_us.tolist(), found.amount.tolist(), found.method, strict=True
        )
    ] == [(minutes(when), int(amount), method) for when, amount, method in said]
    assert sum(int(amount) for _, amount, _ in said) == 5500
