"""How long log-ins last, and what becomes of a refresh token."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from backend.kernel.errors import Refused
from backend.tenancy import rules
from backend.tenancy.rules import TokenState, Turn

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
MONTH = NOON + timedelta(days=30)


def seconds(count: float) -> timedelta:
    return timedelta(seconds=count)


@pytest.mark.parametrize(
    ("state", "device", "turn"),
    [
        (TokenState("phone", MONTH, None, None, False), "phone", Turn.ROTATE),
        (TokenState("phone", MONTH, None, None, False), "other", Turn.END_FAMILY),
        (TokenState("phone", MONTH, NOON - seconds(60), None, False), "phone", Turn.REPEAT),
        (TokenState("phone", MONTH, NOON - seconds(61), None, False), "phone", Turn.END_FAMILY),
        (TokenState("phone", MONTH, NOON - seconds(5), None, True), "phone", Turn.END_FAMILY),
        (TokenState("phone", MONTH, NOON - seconds(5), None, False), "other", Turn.END_FAMILY),
        (TokenState("phone", NOON, None, None, False), "phone", Turn.REFUSE),
        (TokenState("phone", MONTH, None, NOON, False), "phone", Turn.REFUSE),
    ],
)
def test_a_refresh_token_is_used_once_but_for_a_lost_answer(state, device, turn):
    assert rules.judge_refresh(state, device_id=device, now=NOON) is turn


@pytest.mark.parametrize(
    ("silent_h", "age_h", "over"), [(1, 1, False), (11.9, 12, False), (12, 12, True), (1, 24 * 7, True)]
)
def test_a_browser_session_ends_by_silence_or_age(silent_h, age_h, over):
    ended = rules.session_is_over(
        created_at=NOON - timedelta(hours=age_h), seen_at=NOON - timedelta(hours=silent_h), now=NOON
    )
    assert ended is over


@pytest.mark.parametrize("password", ["short", "aaaaaaaaaaaaaa", "li@example.org", "x" * 201])
def test_a_password_that_is_easy_or_endless_is_refused(password):
    with pytest.raises(Refused) as refused:
        rules.check_password(password, email="li@example.org")
    assert refused.value.field == "password"


@pytest.mark.parametrize("email", ["", "li", "@example.org", "li@", "l i@example.org", "li@exa\nmple.org"])
def test_what_is_no_address_is_refused(email):
    with pytest.raises(Refused):
        rules.normalise_email(email)


@pytest.mark.parametrize(
    ("parent", "kind", "fits"),
    [
        (None, "region", True),
        ("region", "customer", True),
        ("enterprise", "enterprise", True),
        ("customer", "customer", False),
        ("park", "region", False),
        ("enterprise", "park", False),
    ],
)
def test_levels_may_be_skipped_but_not_turned_round(parent, kind, fits):
    if fits:
        rules.check_tier(parent, kind)
    else:
        with pytest.raises(Refused):
            rules.check_tier(parent, kind)
