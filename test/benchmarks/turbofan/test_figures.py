# SPDX-License-Identifier: Apache-2.0
"""The figures of the rows are what they are called."""

from __future__ import annotations

import json

import numpy as np
import pytest

from ami_ros.body.robot_spec import load_robot
from ami_ros.errors import ConfigError
from benchmarks.turbofan import deck
from benchmarks.turbofan.atmosphere import ambient, total_ratios
from benchmarks.turbofan.limits import HIGH, LEAST, LOW, MOST, NAMES, RATE, STEP_S
from benchmarks.turbofan.model import ROBOT
from benchmarks.turbofan.rows import Outcome, auc, interval, row


def outcome(error: list[float], burnt: float, exceeded: int = 0) -> Outcome:
    limits = np.array([0, 0, 0, exceeded, 0, 0, 0])
    return Outcome(np.array(error), np.array([False, True] * (len(error) // 2)), limits, exceeded, burnt)


def test_a_row_tells_errors_fuel_limits_and_regret():
    best = [outcome([0.0, 1.0], 9.0), outcome([0.0, 1.0], 9.0)]
    usual = [outcome([0.2, 4.0], 10.0), outcome([-0.4, -6.0], 10.0)]
    found = row([outcome([0.2, 2.0], 9.5, 3), outcome([-0.6, 4.0], 9.5)], usual, best)
    assert found["thrust_error_steady"] == pytest.approx(0.4)
    assert found["thrust_error_transient"] == pytest.approx(3.0)
    assert found["thrust_error_transient_worst"] == pytest.approx(4.0)
    assert found["fuel_saved"] == pytest.approx(5.0)
    assert (found["limit_violations"], found["limits_exceeded"]["egt"]) == (3, 3)
    assert found["regret"] == pytest.approx((1.1 + 2.3) / 2 - 0.5 + 100.0 * np.log(9.5 / 9.0))
    assert row(best, usual, best)["regret"] == 0.0
    json.dumps(found)


def test_the_area_under_the_curve_counts_pairs():
    assert auc([3.0, 4.0], [1.0, 2.0]) == 1.0
    assert auc([1.0, 2.0], [3.0, 4.0]) == 0.0
    assert auc([1.0, 3.0], [2.0, 3.0]) == pytest.approx((0.0 + 0.0 + 1.0 + 0.5) / 4)


def test_an_interval_holds_its_mean():
    low, high = interval([1.0, 2.0, 3.0, 4.0])
    assert 1.0 <= low < 2.5 < high <= 4.0


def test_the_atmosphere_is_the_standard_one():
    kelvin, pascal = ambient(np.array([0.0, 11_000.0, 15_000.0]))
    np.testing.assert_allclose(kelvin, [288.15, 216.65, 216.65])
    np.testing.assert_allclose(pascal, [101325.0, 22632.0, 12044.6], rtol=1e-3)
    theta, delta = total_ratios(kelvin, pascal, np.array([0.0, 1.0, 0.0]))
    assert (theta[0], delta[0]) == (1.0, 1.0)
    assert theta[1] == pytest.approx(1.2 * 216.65 / 288.15)


def test_the_robot_has_the_engine_s_ranges_rates_and_limits():
    spec = load_robot(str(ROBOT))
    np.testing.assert_allclose(spec.limits.lower, LOW)
    np.testing.assert_allclose(spec.limits.upper, HIGH)
    np.testing.assert_allclose(spec.limits.velocity, RATE)
    assert spec.step_ns == round(STEP_S * 1e9)
    for name, least, most in zip(NAMES, LEAST, MOST, strict=True):
        for band in spec.sensors[name].envelope:
            assert not np.isfinite(least) or band.low == least, name
            assert not np.isfinite(most) or band.high == most, name


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 no deck", b"text"])
def test_a_file_that_is_no_deck_is_named(content, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    deck.path().parent.mkdir(parents=True)
    deck.path().write_bytes(content)
    with pytest.raises(ConfigError, match=r"deck\.npz: got .*, expected a deck"):
        deck.load(lambda name, count: pytest.fail("nothing is made"))
