"""What a regression finds in data whose truth is known."""

from __future__ import annotations

import csv
import gzip
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.analysis.rules.regression import Form, fitted, quality
from backend.kernel.errors import Refused

RNG = np.random.default_rng(3)
DAYS = 365
TEMPERATURE = 16 - 13 * np.cos(np.arange(DAYS) / DAYS * 2 * np.pi) + RNG.normal(0, 2, DAYS)


def _named(folder, of):
    return next(one for one in json.loads((folder / "mv_changepoint/generated_data_all_models.json").read_text())
                if one["model_type"] == of)  # fmt: skip


@pytest.mark.parametrize("form", ["2P", "3PC", "3PH", "4P", "5P"])
def test_the_published_series_of_each_form_are_told_apart(data_folder, form):
    series = _named(data_folder, form)
    fit, _tried = fitted(np.array(series["y"]), np.array(series["x"], dtype=float), robust=False)
    assert fit.form == form
    assert fit.quality.r2 > 0.98


def _daily(folder, name, column):
    with gzip.open(folder / "mv_nmecr" / name, "rt") as lines:
        return {row["time"]: float(row[column]) for row in csv.DictReader(lines)}


def test_an_office_comes_out_as_it_was_published(data_folder):
    """nmecr's own results of its office: R² and CV(RMSE) of the linear and the four-parameter model."""
    use = _daily(data_folder, "office_daily_eload_2012_2015.csv.gz", "eload")
    outdoors = _daily(data_folder, "office_daily_temp_F_2012_2015.csv.gz", "temp")
    days = [at for at in sorted(use) if "2012-03-01" <= at[:10] < "2013-03-01" and at in outdoors]
    _fit, tried = fitted(
        np.array([use[at] for at in days]), np.array([outdoors[at] for at in days]), robust=False
    )
    by_form = {one.fit.form: one.fit.quality for one in tried}
    published = json.loads((data_folder / "mv_nmecr/published_results.json").read_text())
    said = {row["Model Name"]: row for row in published["nmecr_predictability_all_stats"]}
    for form, name in ((Form.LINEAR, "SLR"), (Form.BOTH, "Four Parameter")):
        assert by_form[form].r2 == pytest.approx(said[name]["R_squared"], abs=0.001)
        assert by_form[form].cv_rmse * 100 == pytest.approx(said[name]["CVRMSE %"], abs=0.1)


def test_production_and_cold_are_told_apart():
    made = 50 + 30 * RNG.random(DAYS)
    use = 900 + 12 * np.maximum(0, 15 - TEMPERATURE) + 7 * made + RNG.normal(0, 15, DAYS)
    fit, _tried = fitted(use, TEMPERATURE, {"steel": made})
    assert (fit.form, fit.factors) == (Form.HEATING, ("steel",))
    assert fit.term("steel").value == pytest.approx(7, rel=0.05)
    assert fit.term("heating").value == pytest.approx(12, rel=0.1)
    assert fit.heating_c == pytest.approx(15, abs=1)


def test_a_factor_that_says_nothing_is_left_out():
    use = 900 + 12 * np.maximum(0, 15 - TEMPERATURE) + RNG.normal(0, 15, DAYS)
    fit, _tried = fitted(use, TEMPERATURE, {"steel": RNG.random(DAYS)})
    assert fit.factors == ()


def test_what_would_save_energy_by_being_cold_is_not_admitted():
    use = 900 - 12 * np.maximum(0, 15 - TEMPERATURE) + RNG.normal(0, 15, DAYS)
    fit, tried = fitted(use, TEMPERATURE)
    refused = next(one for one in tried if one.fit.form is Form.HEATING)
    assert "lower use" in refused.reason
    assert fit.term("heating") is None


def test_a_slip_of_the_pen_moves_the_fit_little():
    use = 900 + 12 * np.maximum(0, 15 - TEMPERATURE) + RNG.normal(0, 15, DAYS)
    spoilt = use.copy()
    spoilt[:12] *= 8
    clean, _ = fitted(use, TEMPERATURE, forms=[Form.HEATING])
    robust, _ = fitted(spoilt, TEMPERATURE, forms=[Form.HEATING])
    plain, _ = fitted(spoilt, TEMPERATURE, forms=[Form.HEATING], robust=False)
    off = [abs(one.term("base").value - clean.term("base").value) for one in (robust, plain)]
    assert off[0] < off[1] / 2


def test_too_few_periods_are_refused_with_a_remedy():
    with pytest.raises(Refused) as refused:
        fitted(np.arange(5.0), np.arange(5.0))
    assert refused.value.remedy


def test_without_weather_and_production_the_mean_is_left():
    fit, _tried = fitted(np.full(30, 5.0) + np.arange(30) % 2, None)
    assert fit.form is Form.CONSTANT
    assert fit.expected(None, {}, 3) == pytest.approx([5.5] * 3, abs=0.1)


def test_metrics_follow_their_definitions(data_folder):
    """eemeter's vector of five: R², and CV(RMSE) with the degrees of freedom of two parameters."""
    published = json.loads((data_folder / "mv_eemeter_caltrack/published_results.json").read_text())
    metrics = published["model_metrics"]
    found = quality(
        np.array(metrics["observed"], float), np.array(metrics["predicted"], float), metrics["num_parameters"]
    )
    assert found.cv_rmse == pytest.approx(metrics["expected"]["cvrmse_adj"], abs=0.001)


@settings(max_examples=25)
@given(st.floats(0.01, 1e6), st.floats(-50, 50))
def test_units_and_the_zero_of_the_thermometer_change_no_form(times, shift):
    use = 900 + 12 * np.maximum(0, 15 - TEMPERATURE[::4]) + np.sin(np.arange(DAYS)[::4] * 7.0) * 20
    fit, _ = fitted(use, TEMPERATURE[::4], forms=[Form.LINEAR, Form.HEATING], robust=False)
    moved, _ = fitted(use * times, TEMPERATURE[::4] + shift, forms=[Form.LINEAR, Form.HEATING], robust=False)
    assert moved.form is fit.form
    assert moved.heating_c - shift == pytest.approx(fit.heating_c, abs=0.05)
    assert moved.quality.r2 == pytest.approx(fit.quality.r2, abs=1e-4)
