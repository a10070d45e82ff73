# SPDX-License-Identifier: Apache-2.0
"""Velocities that are those of the positions, of another unit, backwards, or not there."""

from __future__ import annotations

import math

import numpy as np
import pytest
from heard_samples import heard, samples
from robots import made_up_robot

from ami_ros.doctor.live.checks import speeds

JOINTS = made_up_robot().sensors["joints"]
TIMES_S = 0.01 * np.arange(60)[:, None]
PHASES = np.arange(4)[None, :]
POSITION, VELOCITY = 0.2 * np.sin(3.0 * TIMES_S + PHASES), 0.6 * np.cos(3.0 * TIMES_S + PHASES)


def told(position, velocity):
    rows = np.concatenate([position, velocity], axis=1)
    return heard([s._replace(value=row) for s, row in zip(samples(60, 10), rows, strict=True)])


@pytest.mark.parametrize(
    ("factor", "level"),
    [(1.0, "ok"), (0.7, "ok"), (math.degrees(1.0), "warn"), (-1.0, "warn"), (0.1, "warn")],
)
def test_velocities_agree_with_positions(factor, level):
    finding = speeds(JOINTS, told(POSITION, factor * VELOCITY))
    assert finding.level == level
    assert finding.figures["velocity_share"] == pytest.approx(factor, rel=1e-3)
    assert ("rad/s" in finding.advice) == (level == "warn")


def test_what_rests_or_tells_no_velocity_is_not_judged():
    assert speeds(JOINTS, told(POSITION, 0.0 * VELOCITY)) is None
    assert speeds(JOINTS, told(1e-5 * POSITION, VELOCITY)) is None
    repeated = [
        sample._replace(stamp_ns=5 + sample.content // 2) for sample in told(POSITION, VELOCITY).samples
    ]
    assert speeds(JOINTS, heard(repeated)) is None
