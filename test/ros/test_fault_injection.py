# SPDX-License-Identifier: Apache-2.0
"""The unknown object stands where the camera sees it, and is gone when the fault is."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("ami_ros.sim.bullet", reason="needs pybullet", exc_type=ImportError)

from ami_ros.embodiment import load_robot
from ami_ros.ros.fault_injection import SEEN_SHARE, FaultInjection
from ami_ros.sim.occasion import SEEN_GREY
from ami_ros.sim.scene import Scene
from ami_ros.sim.tasks.known import load_task

NOW_NS = 5_000_000_000


@pytest.mark.parametrize("task", ["reach", "push"])
def test_an_unknown_object_is_in_view_and_leaves_no_trace(task):
    spec = load_robot("panda", task)
    scene, made = Scene(spec, 200.0), load_task(task, spec)
    made.furnish(scene)
    episode = made.episode(3)
    scene.reset(episode.start, episode.start_objects)
    injection = FaultInjection(scene, len(spec.joint_names), spec.workspace[:, :2])
    before = scene.image()
    for seed in range(5):
        injection.want("unknown_object", seed, NOW_NS)
        assert injection.since_ns == NOW_NS
        change = np.abs(scene.image().astype(int) - before).max(axis=-1)
        assert (change > SEEN_GREY).mean() > SEEN_SHARE, seed
        injection.want("", 0, NOW_NS + seed)
        np.testing.assert_array_equal(scene.image(), before)
    scene.close()
