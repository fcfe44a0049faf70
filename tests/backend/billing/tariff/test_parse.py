"""A tariff that is wrong is refused with every finding: where, what stands there, what to do."""

from __future__ import annotations

import copy
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.billing import tariffs
from backend.billing.rules import tariff as t
from backend.kernel.errors import Refused

RIGHT: dict[str, Any] = {
    "code": "right",
    "name": {"en": "Right", "zh": "正确"},
    "carrier": "electricity",
    "currency": "CNY",
    "zone": "Asia/Shanghai",
    "versions": [
        {
            "from": "2024-01-01",
            "calendar": "CN",
            "schedules": {
                "tou": {
                    "periods": {"peak": {"en": "Peak"}, "valley": {"en": "Valley"}},
                    "rules": [
                        {"period": "peak", "hours": "08:00-22:00", "days": ["workday"]},
                        {"period": "valley"},
                    ],
                }
            },
            "components": [
                {"kind": "energy", "code": "energy", "name": {"en": "Energy"}, "unit": "kWh", "by": "tou",
                 "blocks": {"limits": [100, 200]}, "price": {"peak": [1, 2, 3], "valley": 0.5}},
                {"kind": "demand", "code": "demand", "name": {"en": "Demand"}, "price": 30,
                 "at_least": ["contracted_kw"]},
                {"kind": "share", "code": "vat", "name": {"en": "VAT"}, "of": ["energy", "demand"], "rate": 0.13},
            ],
        }
    ],
}  # fmt: skip


def changed(path: str, value: Any) -> dict[str, Any]:
    """Return the right tariff with one thing changed; None takes it out."""
    document = copy.deepcopy(RIGHT)
    *steps, last = path.split("/")
    inside: Any = document
    for step in steps:
        inside = inside[int(step) if step.isdigit() else step]
    if value is None:
        del inside[last]
    else:
        inside[int(last) if last.isdigit() else last] = value
    return document


COMPONENT = "versions/0/components"
RULES = "versions/0/schedules/tou/rules"


@pytest.mark.parametrize(
    ("path", "value", "field", "message"),
    [
        ("zone", "Mars/Olympus", "zone", "unknown time zone 'Mars/Olympus'"),
        ("currency", "RMB", "currency", "unknown 'RMB'"),
        ("carrier", "electrcity", "carrier", "unknown 'electrcity'"),
        ("code", None, "code", "'code' is missing"),
        ("versoins", 1, "versoins", "nothing is called 'versoins' here"),
        ("versions/0/from", "2024-02-30", "versions[0].from", "'2024-02-30' is not a date"),
        ("versions/0/until", "2023-01-01", "versions[0].until", "a version ends after it begins"),
        ("versions/0/calendar", "XX", "versions[0].calendar", "unknown 'XX'"),
        ("versions/0/rounding", {"line": "a cent"}, "versions[0].rounding.line", "'a cent' is no rounding"),
        (f"{RULES}/0/hours", "8-22", "versions[0].schedules.tou.rules[0].hours", "'8-22' are no hours"),
        (f"{RULES}/0/hours", "08:00-25:00", "versions[0].schedules.tou.rules[0].hours", "'08:00-25:00' are no hours"),
        (f"{RULES}/0/months", [13], "versions[0].schedules.tou.rules[0].months[0]", "'13' is no month"),
        (f"{RULES}/0/days", ["funday"], "versions[0].schedules.tou.rules[0].days[0]", "unknown day 'funday'"),
        (f"{RULES}/0/period", "peek", "versions[0].schedules.tou.rules", "unknown period 'peek'"),
        (f"{RULES}/1/hours", "22:00-07:00", "versions[0].schedules.tou.rules",
         "no price period holds 07:00-08:00 on 01-01 (mon, workday)"),
        (f"{RULES}/1/months", [1, 2, 3], "versions[0].schedules.tou.rules",
         "no price period holds 00:00-08:00 on 04-01 (mon, workday)"),
        (f"{RULES}/1/days", ["workday", "weekend"], "versions[0].schedules.tou.rules",
         "no price period holds 00:00-24:00 on 01-01 (mon, holiday)"),
        (f"{COMPONENT}/0/kind", "energie", "versions[0].components[0].kind", "unknown 'energie'"),
        (f"{COMPONENT}/0/unit", "kWhh", "versions[0].components[0].unit", "unknown unit 'kWhh'"),
        (f"{COMPONENT}/0/by", "season", "versions[0].components[0].by", "no schedule 'season'"),
        (f"{COMPONENT}/0/price", {"peak": 1, "valley": 1, "flat": 1}, "versions[0].components[0].price.flat",
         "unknown period 'flat'"),
        (f"{COMPONENT}/0/price", {"peak": 1}, "versions[0].components[0].price", "no price for period 'valley'"),
        (f"{COMPONENT}/0/price", {"peak": [1, 2], "valley": 1}, "versions[0].components[0].price.peak",
         "2 prices for 3 blocks"),
        (f"{COMPONENT}/0/price/valley", -0.5, "versions[0].components[0].price.valley", "a price of -0.5 is negative"),
        (f"{COMPONENT}/0/price/valley", "1,5", "versions[0].components[0].price.valley", "'1,5' is not a number"),
        (f"{COMPONENT}/0/price/valley", "1e400", "versions[0].components[0].price.valley", "'1e400' is not a number"),
        (f"{COMPONENT}/0/price/valley", "1e-30", "versions[0].components[0].price.valley", "'1e-30' is not a number"),
        ("versions/0/rounding", {"total": "1e-400 down"}, "versions[0].rounding.total", "'1e-400 down' is no rounding"),
        (f"{COMPONENT}/1/ratchet", {"share": 0.8, "bills": 0}, "versions[0].components[1].ratchet.bills",
         "a ratchet looks 1 to 60 bills back"),
        (f"{COMPONENT}/0/blocks/limits", [200, 100], "versions[0].components[0].blocks.limits",
         "block limits must ascend from above 0: 100 comes after 200"),
        (f"{COMPONENT}/0/blocks/per", "fortnight", "versions[0].components[0].blocks.per", "unknown 'fortnight'"),
        (f"{COMPONENT}/1/code", "energy", "versions[0].components[1].code", "a second component is called 'energy'"),
        (f"{COMPONENT}/0/when", {"of": "demand", "least": 5}, "versions[0].components[0]",
         "'demand' is a component that does not come before"),
        (f"{COMPONENT}/1/code", "months", "versions[0].components[1].code", "no component may be called 'months'"),
        (f"{COMPONENT}/1/code", "the demand", "versions[0].components[1].code", "'the demand' is no code"),
        (f"{COMPONENT}/1/minutes", 0, "versions[0].components[1].minutes",
         "a demand is the mean over 1 to 1440 minutes"),
        (f"{COMPONENT}/2/of", ["energy", "fuel"], "versions[0].components[2].of", "no component 'fuel' comes before"),
        (f"{COMPONENT}/2/rate", -2, "versions[0].components[2].rate", "a share of -2 takes away more than there is"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_its_place(path, value, field, message):
    with pytest.raises(Refused) as refused:
        t.parse(changed(path, value))
    findings = [(finding["field"], finding["message"]) for finding in refused.value.context["findings"]]
    assert (field, message) in findings
    assert refused.value.field == findings[0][0]


def test_every_finding_is_told_at_once():
    document = changed("currency", "RMB")
    document["zone"] = "Mars"
    document["versions"][0]["components"][0]["unit"] = 7
    with pytest.raises(Refused) as refused:
        t.parse(document)
    fields = [finding["field"] for finding in refused.value.context["findings"]]
    assert fields == ["currency", "zone", "versions[0].components[0].unit"]
    assert str(refused.value) == "currency: unknown 'RMB' (and 2 more)"
    assert refused.value.remedy.startswith("use one of CNY")


@pytest.mark.parametrize("second", ["2024-06-01", "2024-01-01", "2023-06-01"])
def test_versions_may_not_overlap(second):
    document = copy.deepcopy(RIGHT)
    document["versions"][0]["until"] = "2024-07-01"
    document["versions"].append({**copy.deepcopy(RIGHT["versions"][0]), "from": second})
    with pytest.raises(Refused, match=f"the version from {second} overlaps the one from 2024-01-01"):
        t.parse(document)


def test_a_version_that_has_ended_leaves_dates_without_prices():
    tariff = t.parse(changed("versions/0/until", "2024-06-15"))
    day = t.Series(0, 3_600_000_000, {})
    with pytest.raises(Refused, match="has no prices for 2024-06-15"):
        t.rate(tariff, t.Span(*map(date.fromisoformat, ("2024-06-01", "2024-07-01"))), day)
    with pytest.raises(Refused, match="has no prices for 2023-12-31"):
        t.rate(tariff, t.Span(*map(date.fromisoformat, ("2023-12-31", "2024-01-02"))), day)


def test_text_that_is_no_yaml_is_refused_with_its_line():
    with pytest.raises(Refused, match="line 3, column"):
        t.read("code: a\nname: {en: A}\n  zone: [\n")
    with pytest.raises(Refused, match="a tariff is a mapping"):
        t.read("- 1\n")
    with pytest.raises(Refused, match="line 1, column 1: 'code' stands there twice"):
        t.read("code: a\ncode: b\n")
    with pytest.raises(Refused, match="line 2, column 8: aliases are not taken"):
        t.read("name: &n {en: A}\ncode: [*n, *n]\n")
    with pytest.raises(Refused, match="at most 200000 characters"):
        t.read("#" * 200_001)


@pytest.mark.parametrize(
    "number", ["1e9", "1234567890123456", "1234567890.12345678901234567890", "0", "5E-20"]
)
def test_large_and_fine_numbers_are_taken(number):
    component = t.parse(changed(f"{COMPONENT}/1/price", number)).versions[0].components[1]
    assert component.price[""] == (Decimal(number),)


def test_text_is_taken_as_it_is_written():
    text = t.write(t.parse(RIGHT)).replace("price: 30", "price: 0.30000000000000000004")
    text = text.replace("en: Peak", "en: off").replace("zh: 正确", "zh: 12:30")
    tariff = t.read(text)
    demand = next(each for each in tariff.versions[0].components if each.code == "demand")
    assert str(demand.price[""][0]) == "0.30000000000000000004"
    assert tariff.versions[0].schedules["tou"].periods["peak"] == {"en": "off"}
    assert tariff.name["zh"] == "12:30"


def test_a_tariff_says_which_facts_it_needs():
    assert t.parse(RIGHT).needs() == {"contracted_kw"}
    assert tariffs.shipped("guangdong-industry-tou").needs() == {
        "flat_price",
        "capacity_kva",
        "capacity_price",
    }


def test_what_is_read_is_written_back_the_same():
    tariff = t.parse(RIGHT)
    assert t.parse(t.dump(tariff)) == tariff
    assert t.read(t.write(tariff)) == tariff
    assert t.dump(tariff)["versions"][0]["components"][0]["price"] == {"peak": [1, 2, 3], "valley": "0.5"}


anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=6)
    | st.sampled_from(["peak", "1e9", "-1"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the paths to everything inside a document."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, one in inside for place in places(one, (*path, key)))]


@given(st.sampled_from(places(RIGHT)[1:]), anything)
def test_whatever_stands_in_a_tariff_it_is_read_or_refused(path, value):
    document = copy.deepcopy(RIGHT)
    inside: Any = document
    for step in path[:-1]:
        inside = inside[step]
    inside[path[-1]] = value
    tariff, findings = _read(document)
    assert findings or t.read(t.write(tariff)) == tariff
    assert all(finding["field"] and finding["message"] for finding in findings)


def _read(document: dict[str, Any]) -> tuple[t.Tariff | None, list[dict[str, Any]]]:
    """Return the tariff, or what is wrong with it."""
    try:
        return t.parse(document), []
    except Refused as refused:
        return None, refused.context["findings"]


@given(st.text(max_size=200) | st.sampled_from(places(RIGHT)).map(str))
def test_whatever_the_text_is_it_is_read_or_refused(text):
    with pytest.raises(Refused):
        t.read(text)
