"""The tables of meter families: complete, checked, and the same as maps other people wrote."""

import csv
import json
from pathlib import Path

import pytest

from backend.kernel.errors import Refused
from backend.kernel.units import unit
from ingest.devices import families, read_family
from ingest.devices.families import WORDS

SOUND = """
maker = "Maker"
model = "One"
carrier = "water"
source = "its manual, page 3"
function = 3
type = "float32"

[measures]
flow = { register = 10, unit = "m3/h", quantity = "flow" }
"""


def test_the_meters_of_the_region_are_known():
    assert {"eastron_sdm630", "schneider_iem3155", "schneider_pm5000", "acrel_adl3000"} <= set(families())
    assert {family.carrier for family in families().values()} >= {
        "electricity",
        "heat",
        "water",
        "gas",
        "steam",
    }


@pytest.mark.parametrize("key", families())
def test_every_table_cites_its_source_and_counts_something(key):
    family = families()[key]
    assert len(family.source) > 20
    assert any(measure.kind == "register" for measure in family.measures.values())
    for measure in family.measures.values():
        unit(measure.unit)
        assert WORDS[measure.type] <= family.max_registers


@pytest.mark.parametrize("key", families())
def test_no_two_measures_overlap_by_a_slip_of_the_pen(key):
    taken: dict[tuple[int, int], str] = {}
    for measure in families()[key].measures.values():
        for register in range(measure.register, measure.register + WORDS[measure.type]):
            assert taken.setdefault((measure.function, register), measure.name) == measure.name


@pytest.mark.parametrize(
    ("old", "new", "field", "remedy"),
    [
        ('"water"', '"watre"', "one.carrier", "use one of electricity"),
        ('"float32"', '"float"', "one.type", "use one of bit, int16"),
        ("function = 3", "function = 5", "one.function", "use one of 1, 2, 3, 4"),
        ("function = 3", "", "one.function", "give a int"),
        ("register = 10", "register = 70000", "one.measures.flow.register", "between 0 and 65535"),
        ("register = 10", "register = 65535", "one.measures.flow.register", "registers end at 65535"),
        ("register = 10", 'register = "10"', "one.measures.flow.register", "give a int"),
        ('"m3/h"', '"m³/h"', "one.measures.flow.unit", "use one of V"),
        ('"flow" }', '"flow", scale = 0 }', "one.measures.flow.scale", "use 1"),
        ('"flow" }', '"flow", factor = 2 }', "one.measures.flow.factor", "use one of register"),
        ("[measures]", "[measures", "one", "mend the line"),
    ],
)
def test_a_wrong_table_is_refused_naming_field_and_remedy(old, new, field, remedy):
    assert read_family("one", SOUND).measures["flow"].high == 1e6
    with pytest.raises(Refused) as refused:
        read_family("one", SOUND.replace(old, new))
    assert refused.value.field == field
    assert remedy in refused.value.remedy


def test_a_measure_that_is_not_there_is_refused_with_those_that_are():
    with pytest.raises(Refused, match="has no measure 'power'") as refused:
        families()["spirax_tva"].measure("power")
    assert "heat_power" in refused.value.remedy


# --- against the maps of mbmd and evcc, which others wrote ---

MBMD_NAMES = {
    "VoltageL1": "voltage_l1", "VoltageL2": "voltage_l2", "VoltageL3": "voltage_l3",
    "CurrentL1": "current_l1",
    "CurrentL2": "current_l2", "CurrentL3": "current_l3", "PowerL1": "active_power_l1",
    "PowerL2": "active_power_l2", "PowerL3": "active_power_l3", "Power": "active_power",
    "ApparentPower": "apparent_power", "ReactivePower": "reactive_power", "Cosphi": "power_factor",
    "Frequency": "frequency", "Import": "active_energy_in", "Export": "active_energy_out",
    "ReactiveImport": "reactive_energy_in", "ReactiveExport": "reactive_energy_out",
    "Sum": "active_energy_total",
    "ImportL1": "active_energy_in_l1", "ImportL2": "active_energy_in_l2", "ImportL3": "active_energy_in_l3",
}  # fmt: skip


@pytest.fixture
def maps(data_folder: Path) -> Path:
    folder = data_folder / "modbus_register_maps"
    if not folder.is_dir():
        pytest.skip("no real data: modbus_register_maps is absent")
    return folder


@pytest.mark.parametrize(
    ("file", "key", "function"),
    [
        ("sdm.go", "eastron_sdm630", 4),
        ("iem3000.go", "schneider_iem3155", 3),
        ("iem3000.go", "schneider_pm5000", 3),
    ],
)
def test_registers_agree_with_mbmd(maps, file, key, function):
    with (maps / "mbmd_registers.csv").open(encoding="utf-8") as rows:
        theirs = {
            MBMD_NAMES[row["quantity"]]: int(row["register"])
            for row in csv.DictReader(rows)
            if row["file"] == file and row["quantity"] in MBMD_NAMES
        }
    ours = families()[key].measures
    shared = theirs.keys() & ours.keys()
    assert len(shared) >= 15
    assert {name: ours[name].register for name in shared} == {name: theirs[name] for name in shared}
    assert {ours[name].function for name in shared} == {function}
    encodings = json.loads((maps / "mbmd_encodings.json").read_text(encoding="utf-8"))[file]
    assert any(f"Read{'Input' if function == 4 else 'Holding'}Reg" in e["func"] for e in encodings.values())


def test_registers_types_and_scales_agree_with_evcc(maps):
    with (maps / "evcc_registers.csv").open(encoding="utf-8") as rows:
        theirs = {
            int(row["register"]): row for row in csv.DictReader(rows) if row["template"] == "acrel-adw300"
        }
    ours = {measure.register: measure for measure in families()["acrel_adw300"].measures.values()}
    assert len(theirs) >= 10
    for register, row in theirs.items():
        measure = ours[register]
        assert (measure.type, row["function"]) == (row["decode"], "holding")
        if float(row["scale"]) > 0:  # a negative one turns the sign for production, not the map
            assert measure.scale == float(row["scale"])
