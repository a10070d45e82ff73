# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from ami_ros.errors import ConfigError
from ami_ros.model.judging.settings import Curve, JudgementSettings
from ami_ros.settings.fields import load_settings, read_yaml
from ami_ros.settings.share import config_path

FILE = read_yaml(config_path("judgement.yaml"))


def test_a_curve_by_hand():
    curve = Curve(middle=0.5, width=0.1)
    assert curve(0.5) == 0.5
    assert curve(0.6) == pytest.approx(0.731, abs=1e-3)
    assert curve(-1e9) < 1e-20 and curve(1e9) == 1.0


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"curves": {"sight": FILE["curves"]["sight"]}}, "curves: got .'sight'., expected .*foresight"),
        ({"least_success": 1.5}, "least_success: got 1.5, expected <= 1"),
        ({"curves": {**FILE["curves"], "sight": {"middle": 1.0, "width": 0.0}}}, "width: got 0.0, expected > 0"),
    ],
)  # fmt: skip
def test_settings_that_mean_nothing_are_refused(changes, message):
    with pytest.raises(ConfigError, match=message):
        load_settings(JudgementSettings, {**FILE, **changes})
