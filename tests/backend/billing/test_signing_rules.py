"""A provider's calls are taken signed, fresh and unchanged."""

from __future__ import annotations

import pytest

from backend.billing.rules import signing

SECRET, BODY, NOW = "a secret of thirty-two characters", b'{"amount": "1.00"}', 1_790_000_000


def test_what_was_signed_is_taken_within_its_window():
    for later in (-signing.WINDOW_S, 0, signing.WINDOW_S):
        assert signing.flaw(SECRET, signing.sign(SECRET, NOW, BODY), BODY, NOW + later) is None


@pytest.mark.parametrize(
    ("header", "body", "now", "said"),
    [
        (signing.sign(SECRET, NOW, BODY), b'{"amount": "9.00"}', NOW, "not of this body"),
        (signing.sign("another secret", NOW, BODY), BODY, NOW, "not of this body"),
        (
            signing.sign(SECRET, NOW, BODY).replace(f"t={NOW}", f"t={NOW + 900}"),
            BODY,
            NOW + 900,
            "not of this body",
        ),
        (signing.sign(SECRET, NOW, BODY), BODY, NOW + signing.WINDOW_S + 1, "too old"),
        (signing.sign(SECRET, NOW, BODY), BODY, NOW - signing.WINDOW_S - 1, "too old"),
        ("", BODY, NOW, "not signed"),
        ("t=1,v1=abc", BODY, NOW, "not signed"),
    ],
)
def test_what_is_forged_changed_or_old_is_not_taken(header, body, now, said):
    assert said in signing.flaw(SECRET, header, body, now)
