"""Codes, makers' names and clones: what a scan may say, without a database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.assets.rules import clones, epc, tags
from backend.assets.rules.clones import Place, Seen
from backend.assets.rules.tags import ALPHABET, Keyring, TagForged
from backend.kernel import ids
from backend.kernel.errors import Refused

KEYS = Keyring("a secret of at least thirty-two characters")
TAG = UUID("01890a5d-ac96-774b-bcce-b302099a8057")
NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)
places = st.integers(0, 34)


def test_a_code_is_the_id_eight_characters_of_signature_and_the_keys_number():
    code = tags.code(TAG, KEYS)
    assert len(code) == 35
    assert code.startswith(ids.show(TAG))
    assert code[-1] == "1"
    assert tags.read_code(code, KEYS) == TAG


@given(st.uuids(), places, st.sampled_from(ALPHABET))
def test_a_code_with_one_wrong_character_is_refused(tag_id, place, letter):
    code = tags.code(tag_id, KEYS)
    wrong = code[:place] + letter + code[place + 1 :]
    if wrong == code:
        assert tags.read_code(wrong, KEYS) == tag_id
    else:
        with pytest.raises(TagForged):
            tags.read_code(wrong, KEYS)


@pytest.mark.parametrize(
    "text", ["", "0" * 35, "Z" * 35, "hello", ids.show(TAG), "Ü" * 35, "0" * 34, "\x00" * 35, "١" * 35]
)
def test_what_is_no_code_is_refused(text):
    with pytest.raises(TagForged):
        tags.read_code(text, KEYS)


def test_labels_outlive_a_new_secret():
    code = tags.code(TAG, KEYS)
    after = Keyring("another secret of at least 32 characters", "2", {"1": KEYS.secret})
    assert tags.read_code(code, after) == TAG
    assert tags.code(TAG, after) != code
    assert tags.read_code(tags.code(TAG, after), after) == TAG
    with pytest.raises(TagForged):
        tags.read_code(code, Keyring("another secret of at least 32 characters", "2"))


def test_what_fingers_type_is_forgiven():
    code = tags.code(TAG, KEYS)
    typed = f" {code[:26].lower().replace('0', 'o').replace('1', 'l')}-{code[26:]} "
    assert tags.read_code(typed, KEYS) == TAG


@pytest.mark.parametrize(
    ("scanned", "holds_code"),
    [
        ("HTTPS://ENERFIELD.EXAMPLE/T/{}", True),
        ("https://enerfield.example/t/{}?from=camera", True),
        ("HTTP://LOCALHOST:8000/T/{}", True),
        ("{}", True),
        ("HTTPS://ENERFIELD.EXAMPLE/X/{}", False),
        ("SN {}", False),
    ],
)
def test_a_code_is_found_in_what_a_scanner_read(scanned, holds_code):
    code = tags.code(TAG, KEYS)
    assert (tags.code_in(scanned.format(code)) == code) is holds_code


def test_the_printed_address_is_upper_case_and_fits_the_smaller_alphabet():
    printed = tags.payload(tags.code(TAG, KEYS), "tags.enerfield.example")
    assert printed.startswith("HTTPS://TAGS.ENERFIELD.EXAMPLE/T/0")
    assert set(printed) <= set("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:")


@given(st.uuids(), st.integers(0, 7), st.sampled_from(ALPHABET))
def test_a_short_code_with_one_wrong_character_is_known_as_a_slip(tag_id, place, letter):
    short = tags.short_code(tag_id)
    wrong = short[:place] + letter + short[place + 1 :]
    assert tags.read_short(tags.shown_short(wrong)) == (short if wrong == short else None)


@given(st.uuids(), st.integers(0, 6), st.integers(0, 6))
def test_a_short_code_with_two_characters_swapped_is_known_as_a_slip(tag_id, one, other):
    letters = list(tags.short_code(tag_id))
    letters[one], letters[other] = letters[other], letters[one]
    swapped = "".join(letters)
    assert (tags.read_short(swapped) is not None) is (swapped == tags.short_code(tag_id))


SGTIN, GIAI = "(01)80614141123458(21)6789", "(8004)061414112345400"


@pytest.mark.parametrize(
    ("said", "element_string"),
    [  # examples of the GS1 EPC Tag Data Standard, annex E
        ("3074257BF7194E4000001A85", SGTIN),
        ("3074 257b f719 4e40 0000 1a85", SGTIN),
        ("urn:epc:id:sgtin:0614141.812345.6789", SGTIN),
        ("urn:epc:tag:sgtin-96:3.0614141.812345.6789", SGTIN),
        ("(01)80614141123458(21)6789", SGTIN),
        ("0180614141123458216789", SGTIN),
        ("]C10180614141123458216789\x1d", SGTIN),
        ("https://id.gs1.org/01/80614141123458/21/6789", SGTIN),
        ("3674257BF6B7A659B2C2BF1000000000000000000000000000", "(01)70614141123451(21)32a/b"),
        ("urn:epc:id:sgtin:0614141.712345.32a%2Fb", "(01)70614141123451(21)32a/b"),
        ("3474257BF400000000BC6038", "(8004)061414112345400"),
        ("3414257BF400000000BC6038", "(8004)061414112345400"),
        ("urn:epc:id:giai:0614141.12345400", "(8004)061414112345400"),
        ("3814257BF59B2C2BF100000000000000000000000000000000", None),  # cut off
        ("3814257BF59B2C2BF10000000000000000000000000000000000", "(8004)061414132a/b"),
        ("(8004)061414112345400", GIAI),
        ("3400393243F1640000000001", "(8004)0614141123451"),
    ],
)
def test_every_form_of_a_gs1_code_becomes_one_text(said, element_string):
    assert epc.element_string(said) == element_string


@pytest.mark.parametrize(
    "said",
    [
        "", "SN-4711", "0180614141123459216789", "(01)80614141123459(21)1", "301C", "E2801160600002054CC2096F",
        "30FFFFFFFFFFFFFFFFFFFFFF",
    ],
)  # fmt: skip
def test_what_is_no_gs1_code_is_not_taken_for_one(said):
    assert epc.element_string(said) is None


@given(st.text(max_size=60))
def test_any_text_may_be_scanned(text):
    assert epc.element_string(text) is None or epc.element_string(text).startswith(("(01)", "(8004)"))
    assert tags.read_short(text) is None or len(tags.read_short(text)) == 8


def seen(east_km: float, minutes: float, accuracy_m: float = 0.0) -> Seen:
    return Seen(NOON + timedelta(minutes=minutes), Place(121.5 + east_km / 95.2, 31.2, accuracy_m))


@pytest.mark.parametrize(
    ("east_km", "minutes", "accuracies_m", "is_clone"),
    [
        (25, 9, (0, 0), True),
        (19, 10, (0, 0), False),
        (25, 10, (3000, 3000), False),  # the fixes may be that wrong
        (25, 60, (0, 0), False),  # somebody carried it in a van
        (200, 60, (0, 0), True),
        (4, 0, (0, 0), False),  # phones without sky
        (6, 0, (10, 10), True),
    ],
)
def test_a_tag_seen_far_apart_in_a_short_time_has_a_copy(east_km, minutes, accuracies_m, is_clone):
    one, other = seen(0, 0, accuracies_m[0]), seen(east_km, minutes, accuracies_m[1])
    assert (clones.apart(one, other) is not None) is is_clone
    assert clones.apart(one, other) == clones.apart(other, one)


def test_distances_are_those_of_the_globe():
    beijing, shanghai = Place(116.4074, 39.9042), Place(121.4737, 31.2304)
    assert clones.distance(beijing, shanghai) == pytest.approx(1_067_000, rel=0.005)
    assert clones.distance(Place(0, 0), Place(180, 0)) == pytest.approx(20_015_000, rel=0.001)


@pytest.mark.parametrize("place", [(181, 0, 0), (0, 91, 0), (0, 0, -1), (float("nan"), 0, 0)])
def test_a_place_off_the_earth_cannot_be_built(place):
    with pytest.raises(Refused):
        Place(*place)
