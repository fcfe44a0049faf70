"""`enerfield user`: what the administrator of the machine can do for people."""

from __future__ import annotations

import re

import pytest
from click.testing import CliRunner

from backend.cli.user import command
from backend.infra.attempts import RedisAttempts
from backend.infra.passwords import Argon2Passwords
from backend.kernel.errors import Unauthenticated
from backend.kernel.scope import Scope
from backend.tenancy import service as tenancy
from backend.tenancy.service import Gate


@pytest.fixture
def enerfield(environment, world):
    """Run the command; returns what it said. A refusal raises."""

    def run(*words: str, fails: bool = False) -> str:
        done = CliRunner().invoke(command, words)
        assert (done.exit_code != 0) is fails, done.output
        return done.output

    return run


@pytest.fixture
def enter(environment, redis_url, world):
    gate = Gate(Argon2Passwords(), RedisAttempts(redis_url, prefix="test:command"))

    def log_in(email: str, password: str):
        with world.database.transaction(Scope.public()) as session:
            return tenancy.log_in(session, gate, email=email, password=password, network="10.0.0.1")

    return log_in


def password_in(said: str) -> str:
    return re.search(r"password: (\S+)", said)[1]


def test_somebody_is_added_and_logs_in_with_the_password_shown(enerfield, enter):
    said = enerfield("add", "op@east.example", "--name", "Op", "--role", "operator", "--at", "East park")
    assert "operator at East park" in said
    assert enter("op@east.example", password_in(said)).name == "Op"
    enerfield("add", "op@east.example", "--name", "Op", "--role", "operator", "--at", "East park", fails=True)


def test_of_several_regions_one_must_be_named(enerfield):
    said = enerfield("add", "x@east.example", "--name", "X", "--role", "manager", fails=True)
    assert "East bay, West bay" in said


def test_a_role_is_given_and_taken_away(enerfield, world):
    words = ("role", "manager@east.example", "operator", "--at", "East energy")
    enerfield(*words)
    assert world.east.enterprise.id in world.scope(world.east, "manager").where("operator")
    enerfield(*words, "--take-away")
    assert not world.scope(world.east, "manager").where("operator")
    enerfield(*words, "--take-away", fails=True)


def test_a_reset_ends_the_old_password(enerfield, enter):
    first = password_in(
        enerfield("add", "r@west.example", "--name", "R", "--role", "manager", "--at", "West bay")
    )
    second = password_in(enerfield("reset-password", "r@west.example"))
    with pytest.raises(Unauthenticated):
        enter("r@west.example", first)
    assert enter("r@west.example", second)
    enerfield("reset-password", "nobody@west.example", fails=True)
