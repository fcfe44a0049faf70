"""Logs keep no secrets."""

from __future__ import annotations

import io
import json
import logging

import pytest
import structlog

from backend.infra import logs


@pytest.fixture
def lines():
    stream = io.StringIO()
    root = logging.getLogger()
    before, level, settings = root.handlers[:], root.level, structlog.get_config()
    logs.configure(stream=stream)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    root.handlers[:] = before
    root.setLevel(level)
    structlog.configure(**settings)


SECRETS = {
    "password": "hunter2 hunter2",
    "refresh_token": "abcdef",
    "Authorization": "Bearer abc",
    "cookie": "enerfield=abc",
    "api_key": "enf_123",
}


def test_values_under_telling_names_are_hidden_however_deep(lines):
    structlog.get_logger("test").info("request", headers=SECRETS, given=[{"inner": SECRETS}])
    text = json.dumps(lines())
    assert not any(secret in text for secret in SECRETS.values())
    assert text.count(logs.HIDDEN) == 2 * len(SECRETS)


@pytest.mark.parametrize(
    "text",
    [
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
        "postgresql://enerfield:sesame@db/enerfield",
        "Authorization was Bearer c2VzYW1lc2VzYW1l",
        "$argon2id$v=19$m=47104,t=1,p=1$c2VzYW1l$c2VzYW1l",
    ],
)
def test_texts_that_look_like_secrets_are_hidden_in_messages_and_exceptions(lines, text):
    try:
        raise ValueError(text)
    except ValueError:
        logging.getLogger("library").exception("failed with %s", text)
    written = json.dumps(lines())
    assert "sesame" not in written
    assert "c2VzYW1l" not in written
    assert "eyJhbGci" not in written
    assert logs.HIDDEN in written


def test_what_is_no_secret_stays(lines):
    structlog.get_logger("test").warning("silent", connection="gateway 7", age_s=12.5)
    (line,) = lines()
    assert (line["event"], line["connection"], line["age_s"], line["level"]) == (
        "silent",
        "gateway 7",
        12.5,
        "warning",
    )
