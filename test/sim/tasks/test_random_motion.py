# SPDX-License-Identifier: Apache-2.0
"""Aimless motion: bounded, smooth in time, and along the axes that actions have."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from part_settings import load_collect_settings

from ami_ros.body.actions import AXES
from ami_ros.body.robot_spec import load_robot
from ami_ros.sim.tasks.random_motion import RandomMotion


class At:
    """A scene that knows where the tip is, and nothing else."""

    def __init__(self, tip: np.ndarray) -> None:
        self.truth = lambda: {"tip": tip}


@pytest.mark.parametrize("task", ["reach", "push"])
def test_it_is_bounded_correlated_and_bounces_off_the_walls(task):
    spec = load_robot("panda", task)
    settings = dataclasses.replace(load_collect_settings(task), amplitude=(0.5, 0.5), correlation=0.8)
    motion = RandomMotion(spec, settings, np.random.default_rng(0))
    centre = At(spec.workspace.mean(axis=0))
    actions = np.array([motion.next(centre) for _ in range(5000)])
    assert actions.shape == (5000, len(spec.actions.names))
    assert [AXES[i] for i in range(actions.shape[1])] == list(spec.actions.names)
    assert np.abs(actions).max() <= spec.max_tip_speed
    np.testing.assert_allclose(actions.std(axis=0), 0.5 * spec.max_tip_speed, rtol=0.15)
    for axis in range(actions.shape[1]):
        assert np.corrcoef(actions[1:, axis], actions[:-1, axis])[0, 1] == pytest.approx(0.8, abs=0.05)
    for _ in range(50):
        assert (motion.next(At(spec.workspace[0])) >= 0).all()
        assert (motion.next(At(spec.workspace[1])) <= 0).all()


def test_it_goes_no_faster_than_a_channel_can_that_way():
    spec = load_robot("panda", "reach")
    forward = (dataclasses.replace(spec.actions.channels[0], low=-0.1), *spec.actions.channels[1:])
    spec = spec.with_group(actions=dataclasses.replace(spec.actions, channels=forward))
    settings = dataclasses.replace(load_collect_settings("reach"), amplitude=(1.0, 1.0))
    motion, centre = RandomMotion(spec, settings, np.random.default_rng(0)), At(spec.workspace.mean(axis=0))
    actions = np.array([motion.next(centre) for _ in range(500)])
    np.testing.assert_array_equal(actions.min(axis=0), [-0.1, -0.4, -0.4])
    np.testing.assert_array_equal(actions.max(axis=0), [0.4, 0.4, 0.4])
