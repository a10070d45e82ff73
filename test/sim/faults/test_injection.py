# SPDX-License-Identifier: Apache-2.0
"""The unknown object stands where the camera sees it, and is gone when the fault is."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("ami_ros.sim.world.bullet", reason="needs pybullet", exc_type=ImportError)

from ami_ros.body.robot_spec import load_robot
from ami_ros.ros.clients.wire_faults import TOPICS
from ami_ros.sim.collect.occasion import SEEN_GREY, changed_share
from ami_ros.sim.faults.catalogue import FAULTS
from ami_ros.sim.faults.injection import SEEN_SHARE, FaultInjection
from ami_ros.sim.tasks.known import load_task
from ami_ros.sim.world.scene import Scene

NOW_NS = 5_000_000_000


@pytest.mark.parametrize("task", ["reach", "push"])
def test_an_unknown_object_is_in_view_and_leaves_no_trace(task):
    spec = load_robot("panda", task)
    scene, made = Scene(spec, 200.0), load_task(task, spec)
    made.furnish(scene)
    episode = made.episode(3)
    scene.reset(episode.start, episode.start_objects)
    injection = FaultInjection(scene, spec, made)
    before = scene.image()
    for seed in range(5):
        injection.want("unknown_object", seed, NOW_NS)
        assert injection.since_ns == NOW_NS
        change = np.abs(scene.image().astype(int) - before).max(axis=-1)
        assert (change > SEEN_GREY).mean() > SEEN_SHARE, seed
        injection.want("", 0, NOW_NS + seed)
        np.testing.assert_array_equal(scene.image(), before)
    scene.close()


def test_a_foreign_world_shows_the_same_robot_in_other_looks_and_leaves_no_trace():
    spec = load_robot("panda", "push")
    scene, made = Scene(spec, 200.0), load_task("push", spec)
    made.furnish(scene)
    episode = made.episode(3)
    scene.reset(episode.start, episode.start_objects)
    injection, before = FaultInjection(scene, spec, made), scene.image()
    injection.want("foreign_world", 1, NOW_NS)
    ((image, stamp_ns),) = injection.images(before, NOW_NS)
    assert (image.shape, stamp_ns, injection.since_ns) == (before.shape, NOW_NS, NOW_NS)
    assert changed_share(before, image) > 0.5
    injection.want("", 0, NOW_NS)
    assert injection.images(before, NOW_NS)[0][0] is before
    np.testing.assert_array_equal(scene.image(), before)
    scene.close()


def test_every_fault_on_the_wire_is_sent_by_someone():
    assert {f.name for f in FAULTS.values() if f.part == "wire"} == set(TOPICS)
