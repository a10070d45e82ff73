# SPDX-License-Identifier: Apache-2.0
"""The learning rate over time."""

from __future__ import annotations

import math

import pytest
from part_settings import load_training_settings

from ami_ros.errors import ConfigError
from ami_ros.training.trainer import learning_rate

PEAK, WARM, STEPS = 0.002, 10, 110
SETTINGS = load_training_settings({"learning_rate": PEAK, "warmup_steps": WARM, "steps": STEPS})


@pytest.mark.parametrize(
    ("step", "share"),
    [
        (0, 0.1),
        (4, 0.5),
        (WARM - 1, 1.0),
        (WARM, 1.0),
        (WARM + 25, 0.5 * (1 + math.cos(math.pi / 4))),
        (WARM + 50, 0.5),
        (STEPS - 1, 0.5 * (1 + math.cos(math.pi * 0.99))),
        (STEPS, 0.0),
        (STEPS + 1000, 0.0),
    ],
)
def test_known_values(step, share):
    assert learning_rate(step, SETTINGS) == pytest.approx(PEAK * share, abs=1e-12)


def test_it_rises_then_falls():
    rates = [learning_rate(step, SETTINGS) for step in range(STEPS)]
    top = rates.index(max(rates))
    assert top == WARM - 1
    assert rates[: top + 1] == sorted(rates[: top + 1])
    assert rates[top:] == sorted(rates[top:], reverse=True)


@pytest.mark.parametrize(
    "changes", [{"warmup_steps": 0}, {"warmup_steps": STEPS}, {"steps": 1, "warmup_steps": 0}]
)
def test_extremes_are_finite(changes):
    settings = load_training_settings({"steps": STEPS, **changes})
    assert all(0.0 <= learning_rate(step, settings) <= settings.learning_rate for step in range(STEPS + 5))


def test_wrong_settings_are_refused():
    for key, value in (("learning_rate", 0.0), ("horizon", 0), ("held_out", 0.95), ("batch_windows", 2)):
        with pytest.raises(ConfigError, match=key):
            load_training_settings({key: value})
