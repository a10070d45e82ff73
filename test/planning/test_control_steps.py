# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np

from ami_ros.planning.control_steps import ControlSteps

STEP_NS = 100


def test_a_step_has_the_mean_of_what_was_planned_in_it():
    steps = ControlSteps(STEP_NS)
    assert steps.end(1000) is None
    steps.act(np.array([0.0, 1.0]))
    assert steps.goes_on(1030) and not steps.goes_on(1060)
    steps.act(np.array([1.0, 1.0]))
    np.testing.assert_array_equal(steps.end(1100), [0.5, 1.0])
    assert steps.end(1200) is None, "nothing was planned in it"


def test_of_a_gap_nothing_is_known():
    steps = ControlSteps(STEP_NS)
    steps.end(1000)
    steps.act(np.ones(2))
    assert steps.end(1200) is None
    steps.act(np.ones(2))
    assert steps.end(900) is None, "a clock that was set back"
    steps.act(np.ones(2))
    assert steps.end(1000) is not None
    steps.restart()
    steps.act(np.ones(2))
    assert steps.end(1100) is None
