"""Access tokens: ours are taken, everything else an attacker has ever tried is refused."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import timedelta

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

from backend.infra.tokens import AUDIENCE, AccessTokens
from backend.kernel import clock, ids
from backend.kernel.errors import Unauthenticated

SECRET = "a secret that only this installation knows"
ISSUER = "https://energy.example"
TOKENS = AccessTokens(SECRET, ISSUER)
KEY = TOKENS._key
PERSON, FAMILY = ids.new_id(), ids.new_id()
RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PUBLIC_PEM = RSA.public_key().public_bytes(
    serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
)
JWK = {"kty": "oct", "k": base64.urlsafe_b64encode(b"mine").decode()}


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def claims(**changed) -> dict:
    now = int(clock.now().timestamp())
    said = {
        "iss": ISSUER, "aud": AUDIENCE, "sub": str(PERSON), "sid": str(FAMILY), "iat": now, "exp": now + 600,
        "jti": "x",
    } | changed  # fmt: skip
    return {name: value for name, value in said.items() if value is not ...}


def raw(header, payload=None, key: bytes = KEY, digest=hashlib.sha256, signature: str | None = None) -> str:
    """Build a token by hand, signed with HMAC unless a signature is given."""
    signed = f"{b64(json.dumps(header).encode())}.{b64(json.dumps(payload or claims()).encode())}"
    if signature is None:
        signature = b64(hmac.new(key, signed.encode(), digest).digest())
    return f"{signed}.{signature}"


def header(**changed) -> dict:
    said = {"alg": "HS256", "typ": "at+jwt", "kid": TOKENS.key_id} | changed
    return {name: value for name, value in said.items() if value is not ...}


MADE_AT = clock.now()
GOOD = raw(header())
NOW = int(clock.now().timestamp())
EDWARDS = ed25519.Ed25519PrivateKey.generate()


@pytest.fixture(autouse=True)
def _as_when_they_were_made():
    """However long other tests took: else every token here would be refused for its age alone."""
    with clock.shifted(MADE_AT - clock.now()):
        yield


ATTACKS = {
    "empty": "",
    "no dots": "token",
    "two parts": GOOD.rsplit(".", 1)[0],
    "four parts": GOOD + ".x",
    "no signature": GOOD.rsplit(".", 1)[0] + ".",
    "wrong signature": GOOD[:-4] + ("AAAA" if GOOD[-4:] != "AAAA" else "BBBB"),
    "not base64": "%%%." + GOOD.split(".", 1)[1],
    "header is no json": b64(b"{") + "." + GOOD.split(".", 1)[1],
    "header is a list": raw(["HS256"]),
    "header is a number": raw(1),
    "payload is a list": raw(header(), [1]),
    "payload is text": raw(header(), "sub"),
    "payload is deep": f"{b64(json.dumps(header()).encode())}.{b64(b'[' * 600 + b']' * 600)}.x",
    "endless": GOOD + "A" * 5000,
    "not ascii": GOOD + "é",
    "a zero byte": GOOD + "\0",
    "alg none": raw(header(alg="none"), signature=""),
    "alg None": raw(header(alg="None"), signature=""),
    "alg NONE signed": raw(header(alg="NONE")),
    "alg empty": raw(header(alg=""), signature=""),
    "alg missing": raw(header(alg=...)),
    "alg null": raw(header(alg=None)),
    "alg list": raw(header(alg=["HS256"])),
    "alg lower case": raw(header(alg="hs256")),
    "HS384 with our key": raw(header(alg="HS384"), digest=hashlib.sha384),
    "HS512 with our key": raw(header(alg="HS512"), digest=hashlib.sha512),
    "RS256": jwt.encode(claims(), RSA, "RS256", headers={"typ": "at+jwt", "kid": TOKENS.key_id}),
    "EdDSA": jwt.encode(claims(), EDWARDS, "EdDSA", headers={"typ": "at+jwt", "kid": TOKENS.key_id}),
    "HS256 keyed with a public key": raw(header(), key=PUBLIC_PEM),
    "RS256 said, HMAC done": raw(header(alg="RS256")),
    "empty key": raw(header(), key=b""),
    "key of zeros": raw(header(), key=bytes(32)),
    "the bare secret as key": raw(header(), key=SECRET.encode()),
    "key brought along": raw(header(jwk=JWK), key=b"mine"),
    "key brought along, our signature": raw(header(jwk=JWK)),
    "key by address": raw(header(jku="https://evil.example/keys"), key=b"mine"),
    "certificate by address": raw(header(x5u="https://evil.example/cert"), key=b"mine"),
    "certificate brought along": raw(header(x5c=["MIIB"])),
    "unknown critical extension": raw(header(crit=["exp2"], exp2=1)),
    "empty critical list": raw(header(crit=[])),
    "unencoded payload": raw(header(b64=False, crit=["b64"])),
    "compressed": raw(header(zip="DEF")),
    "nested": raw(header(cty="JWT")),
    "no kid": raw(header(kid=...)),
    "another kid": raw(header(kid="0" * 16)),
    "kid as path": raw(header(kid="../../dev/null"), key=b""),
    "kid as SQL": raw(header(kid="x' UNION SELECT 'mine"), key=b"mine"),
    "kid as list": raw(header(kid=[TOKENS.key_id])),
    "type JWT": raw(header(typ="JWT")),
    "type missing": raw(header(typ=...)),
    "type of a refresh token": raw(header(typ="rt+jwt")),
    "another issuer": raw(header(), claims(iss="https://evil.example")),
    "no issuer": raw(header(), claims(iss=...)),
    "issuer as list": raw(header(), claims(iss=[ISSUER])),
    "another audience": raw(header(), claims(aud="enerfield-portal")),
    "no audience": raw(header(), claims(aud=...)),
    "audience among others": raw(header(), claims(aud=[AUDIENCE, "other"])),
    "audience as one-item list": raw(header(), claims(aud=[AUDIENCE])),
    "no subject": raw(header(), claims(sub=...)),
    "subject no id": raw(header(), claims(sub="administrator")),
    "subject a number": raw(header(), claims(sub=1)),
    "no log-in": raw(header(), claims(sid=...)),
    "log-in no id": raw(header(), claims(sid="*")),
    "log-in as object": raw(header(), claims(sid={"$ne": None})),
    "expired": raw(header(), claims(iat=NOW - 1000, exp=NOW - 100)),
    "never expires": raw(header(), claims(exp=...)),
    "expires in a year": raw(header(), claims(exp=NOW + 31_536_000)),
    "expires never, by infinity": raw(header(), claims(exp=float("inf"))),
    "expiry as text": raw(header(), claims(exp=str(NOW + 600))),
    "expiry true": raw(header(), claims(exp=True)),
    "issued tomorrow": raw(header(), claims(iat=NOW + 86_400, exp=NOW + 86_700)),
    "no issue time": raw(header(), claims(iat=...)),
    "not before tomorrow": raw(header(), claims(nbf=NOW + 86_400)),
    "no token id": raw(header(), claims(jti=...)),
    "of another installation": AccessTokens("another secret", ISSUER).give(PERSON, FAMILY),
    "of another address": AccessTokens(SECRET, "https://other.example").give(PERSON, FAMILY),
}  # fmt: skip


def test_there_are_enough_attacks():
    assert len(ATTACKS) >= 40


def test_a_token_of_ours_is_read():
    read = TOKENS.read(TOKENS.give(PERSON, FAMILY))
    assert (read.person_id, read.family_id) == (PERSON, FAMILY)
    assert TOKENS.read(GOOD) == read, "the attacks differ from a good token in one thing each"


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_is_refused(attack):
    with pytest.raises(Unauthenticated):
        TOKENS.read(ATTACKS[attack])


def test_a_token_lasts_a_quarter_of_an_hour():
    token = TOKENS.give(PERSON, FAMILY)
    with clock.shifted(timedelta(minutes=14, seconds=58)):
        TOKENS.read(token)
    with clock.shifted(timedelta(minutes=15)), pytest.raises(Unauthenticated):
        TOKENS.read(token)
