"""A plan begun from the one before is never dearer than its gap says, and leaves what no longer pays."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.optimisation.rules import solver
from backend.optimisation.rules.planning import Task, plan
from backend.optimisation.rules.rolling import hint
from backend.optimisation.rules.solver import Limits
from tests.bench.optimise_instances import instance
from tests.dispatch import task_of

EXACT = 1e-6


@pytest.fixture(scope="module")
def task() -> Task:
    return task_of(instance(24, 12, committed=3), Limits(EXACT, 60))


@pytest.fixture(scope="module")
def best(task):
    return plan(task)


@given(share=st.floats(0, 1), seed=st.integers(0, 99), gap=st.sampled_from([1e-4, 1e-2, 0.1]))
@settings(max_examples=20, deadline=None)
def test_whatever_was_decided_before_the_gap_told_is_true(task, best, share, seed, gap):
    draw = np.random.default_rng(seed)
    before = {
        key: np.where(draw.random(on.size) < share, 1 - np.round(on), np.round(on))
        for key, on in hint(best, task.horizon).items()
    }
    found = plan(replace(task, hint=before, limits=Limits(gap, 60)))
    assert found.gap <= gap + 1e-9
    assert found.bound <= best.cost * (1 + EXACT)
    assert best.bound * (1 - EXACT) <= found.cost <= best.cost / (1 - gap) + 1e-6


def test_what_was_decided_before_stays_while_it_is_good_enough(task, best):
    before = hint(best, task.horizon)
    found = plan(replace(task, hint=before, limits=Limits(0.05, 60)))
    for key, on in before.items():
        np.testing.assert_allclose(found.quantities[key], np.round(on), atol=1e-6)
    assert found.cost == pytest.approx(best.cost, rel=1e-6)
    assert found.prices.keys() == best.prices.keys()


def test_what_was_decided_before_takes_half_of_the_time_at_most(task, best, monkeypatch):
    """What it cannot show by then is left to branching, which must have time to find a plan."""
    given = []
    loaded = solver.loaded

    def noted(arrays, limits):
        given.append(limits.seconds)
        return loaded(arrays, limits)

    monkeypatch.setattr(solver, "loaded", noted)
    plan(replace(task, hint=hint(best, task.horizon), limits=Limits(0.05, 60)))
    assert given[0] <= 30


def test_machines_that_ran_without_need_are_shut_down(task, best):
    running = {key: np.ones_like(on) for key, on in hint(best, task.horizon).items()}
    assert plan(replace(task, hint=running)).cost == pytest.approx(best.cost, rel=1e-5)
