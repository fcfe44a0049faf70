"""Against a node-opcua server: values, instants, qualities, security, adoption."""

import hashlib
import math
import stat

import pytest
from asyncua import ua
from asyncua.crypto.security_policies import SecurityPolicyBasic256Sha256, SecurityPolicyNone

from backend.kernel import clock
from backend.metering.rules import Quality
from ingest.opcua.client import Session, encrypts_passwords
from ingest.opcua.mapping import server as server_of
from tests.counterparts import HERE, node, running
from tests.ingest.opcua.conftest import following, plan_of
from tests.ingest.recording import until

NONE, BASIC256 = SecurityPolicyNone.URI, SecurityPolicyBasic256Sha256.URI
SECURE = {"policy": "Basic256Sha256", "mode": "SignAndEncrypt"}


async def test_values_of_every_type_arrive_as_they_change(server, home):
    nodes = ("E01.Energy_kWh", "E01.Power_kW", "E01.Counter", "E01.Ok", "Int16", "Int64", "Constant")
    async with following(plan_of(server.port, *nodes), home) as sink:
        await until(lambda: len(sink.of(3)) >= 10, seconds=20)
    assert {row.point_key for row in sink.rows} == set(range(1, 8))
    for counter, energy in zip(sink.of(3), sink.of(1), strict=False):
        assert counter.quality == Quality.GOOD and (energy.value - 1234.5) % 0.5 == 0
    counts = [row.value for row in sink.of(3)]
    assert counts == sorted(counts) and len(set(counts)) == len(counts)
    assert all(20 <= row.value <= 40 for row in sink.of(2))
    assert {row.value for row in sink.of(4)} <= {0.0, 1.0}
    assert (sink.last(5).value, sink.last(6).value, sink.last(7).value) == (-1234.0, 2**32 + 5, 21.5)
    assert sink.errors == [None]


async def test_bad_and_uncertain_are_kept_as_quality(server, home):
    async with following(plan_of(server.port, "Broken", "Doubtful", "Text", "NotANumber"), home) as sink:
        await until(lambda: {row.point_key for row in sink.rows} == {1, 2, 3, 4}, seconds=20)
    assert sink.last(1).quality == Quality.BAD
    assert (sink.last(2).value, sink.last(2).quality) == (8.0, Quality.UNCERTAIN)
    for key in (3, 4):
        assert math.isnan(sink.last(key).value) and sink.last(key).quality == Quality.BAD


async def test_the_source_s_instants_are_kept(server, home):
    async with following(plan_of(server.port, "E01.Counter", "Constant"), home) as sink:
        await until(lambda: len(sink.of(1)) >= 5 and bool(sink.of(2)), seconds=20)
    assert sink.last(2).read_at_us < clock.now_us() - 55_000_000
    instants = [row.read_at_us for row in sink.of(1)]
    assert instants == sorted(instants) and len(set(instants)) == len(instants)


async def test_a_value_of_the_future_goes_to_the_dead_letters_once(server, home):
    plan = plan_of(server.port, "Future", "E01.Counter", reread_seconds=1.0)
    async with following(plan, home) as sink:
        await until(lambda: len(sink.of(2)) >= 30, seconds=30)
    assert not sink.of(1)
    [(payload, address, reason)] = sink.refused
    assert address == "ns=1;s=Future" and b'"9.0"' in payload
    assert "in the future; 60 s are tolerated" in reason
    assert "in the future" in sink.errors[-1]


async def test_an_unchanged_value_is_read_again_as_a_sign_of_life(server, home):
    async with following(plan_of(server.port, "Constant", reread_seconds=1.0), home) as sink:
        await until(lambda: len(sink.of(1)) >= 3, seconds=20)
    instants = [row.read_at_us for row in sink.of(1)]
    assert instants == sorted(set(instants))
    assert instants[-1] > clock.now_us() - 10_000_000
    assert {row.value for row in sink.of(1)} == {21.5}


async def test_a_node_that_is_not_there_is_told_and_the_others_flow(server, home):
    plan = plan_of(server.port, "Nothing", "nsu=urn:nobody;s=A", "E01.Counter")
    async with following(plan, home) as sink:
        await until(lambda: len(sink.of(3)) >= 3, seconds=20)
    assert "ns=1;s=Nothing: BadNodeIdUnknown" in sink.errors[-1]
    assert "no namespace urn:nobody" in sink.errors[-1]
    assert not sink.of(1) and not sink.of(2)


async def test_variables_nobody_reads_are_offered_for_adoption(server, home):
    async with following(plan_of(server.port, "E01.Counter", browse=True), home) as sink:
        await until(lambda: "ns=1;s=W01.Power_kW" in sink.sightings, seconds=20)
        await until(lambda: "ns=1;s=Int64" in sink.sightings, seconds=20)
    assert "ns=1;s=E01.Counter" not in sink.sightings
    assert "ns=1;s=Text" not in sink.sightings
    assert sink.sightings["ns=1;s=W01.Power_kW"]["name"] == "Plant/W01/Power_kW"
    assert sink.sightings["ns=1;s=W01.Power_kW"]["type"] == "Float"


@pytest.mark.parametrize("policy", ["Basic256Sha256", "Aes128Sha256RsaOaep", "Aes256Sha256RsaPss"])
@pytest.mark.parametrize("mode", ["Sign", "SignAndEncrypt"])
async def test_every_security_policy_is_spoken(server, home, monkeypatch, policy, mode):
    monkeypatch.setenv("PLANT_PASSWORD", "secret")
    named = {"user": "meter", "secret_name": "PLANT_PASSWORD"}
    plan = plan_of(server.port, "E01.Counter", policy=policy, mode=mode, **named)
    async with following(plan, home) as sink:
        await until(lambda: len(sink.of(1)) >= 2, seconds=20)
    assert sink.errors == [None]


async def test_our_key_is_kept_for_us_alone(server, home):
    async with following(plan_of(server.port, "E01.Counter", **SECURE), home) as sink:
        await until(lambda: bool(sink.rows), seconds=20)
    assert stat.S_IMODE((home / "own.pem").stat().st_mode) == 0o600


async def test_a_password_that_is_not_set_is_told_with_the_remedy(server, home):
    plan = plan_of(server.port, "E01.Counter", user="meter", secret_name="NOBODY_SET_THIS", **SECURE)
    async with following(plan, home) as sink:
        await until(lambda: bool(sink.errors), seconds=20)
    assert sink.errors[0] == "the environment has no NOBODY_SET_THIS: set NOBODY_SET_THIS"


async def test_a_wrong_password_is_told_in_words(server, home, monkeypatch):
    monkeypatch.setenv("PLANT_PASSWORD", "guess")
    plan = plan_of(server.port, "E01.Counter", user="meter", secret_name="PLANT_PASSWORD", **SECURE)
    async with following(plan, home) as sink:
        await until(lambda: bool(sink.errors), seconds=20)
    assert sink.errors[0] in {
        "the server answers BadUserAccessDenied",
        "the server answers BadIdentityTokenRejected",
    }
    assert not sink.rows


async def test_a_server_with_another_certificate_than_the_known_one_is_refused(server, home):
    plan = plan_of(server.port, "E01.Counter", fingerprint="00" * 32, **SECURE)
    async with following(plan, home) as sink:
        await until(lambda: bool(sink.errors), seconds=20)
    assert "certificate is not the one known: if it was renewed, enter fingerprint" in sink.errors[0]
    assert not sink.rows


async def test_the_first_certificate_seen_is_remembered(server, home):
    plan = plan_of(server.port, "E01.Counter", **SECURE)
    memory = home / f"{plan.connections[0].id}.trusted"
    async with following(plan, home) as sink:
        await until(lambda: bool(sink.rows), seconds=20)
    session = Session(server_of(plan.connections[0]), home, memory, timeout=5)
    await session.open()
    shown = session.client.security_policy.peer_certificate
    await session.close(at_once=False)
    assert memory.read_text() == hashlib.sha256(shown).hexdigest()
    memory.write_text("0" * 64)
    async with following(plan, home) as sink:
        await until(lambda: bool(sink.errors), seconds=20)
    assert "delete " + memory.name in sink.errors[0]


async def test_a_policy_the_server_lacks_is_told_with_what_it_has(home, tmp_path):
    command = (node(), HERE / "opcua_server.cjs", "{port}", tmp_path, "secure")
    with running(*command) as secure:
        async with following(plan_of(secure.port, "E01.Counter", policy="None"), home) as sink:
            await until(lambda: bool(sink.errors), seconds=20)
    assert sink.errors[0].startswith("the server does not offer None; it offers Aes128Sha256RsaOaep Sign,")


@pytest.mark.parametrize(
    ("mode", "token_policy", "is_hidden"),
    [
        ("None_", NONE, False),
        ("None_", BASIC256, True),
        ("Sign", NONE, False),
        ("SignAndEncrypt", NONE, True),
    ],
)
def test_a_password_never_crosses_the_wire_in_the_clear(mode, token_policy, is_hidden):
    endpoint = ua.EndpointDescription(
        SecurityMode=ua.MessageSecurityMode[mode],
        UserIdentityTokens=[
            ua.UserTokenPolicy(TokenType=ua.UserTokenType.UserName, SecurityPolicyUri=token_policy)
        ],
    )
    assert encrypts_passwords(endpoint, NONE) == is_hidden
