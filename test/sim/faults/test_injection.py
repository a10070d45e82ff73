# SPDX-License-Identifier: Apache-2.0
"""The unknown object stands where the camera sees it, and is gone when the fault is."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("ami_ros.sim.pybullet.bullet", reason="needs pybullet", exc_type=ImportError)

from bodies import process_body, setpoint_task, two_cameras_and_force

from ami_ros.body.robot_spec import load_robot
from ami_ros.errors import ConfigError
from ami_ros.sim.collect.occasion import SEEN_GREY, changed_share
from ami_ros.sim.faults.injection import SEEN_SHARE, FaultInjection
from ami_ros.sim.pybullet.scene import Scene
from ami_ros.sim.tasks.by_name import load_task
from ami_ros.sim.world.open_world import open_world
from ami_ros.sim.world.process import Process

NOW_NS, CAMERA = 5_000_000_000, "camera"


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
    ((image, stamp_ns),) = injection.images(CAMERA, before, NOW_NS)
    assert (image.shape, stamp_ns, injection.since_ns) == (before.shape, NOW_NS, NOW_NS)
    assert changed_share(before, image) > 0.5
    injection.want("", 0, NOW_NS)
    assert injection.images(CAMERA, before, NOW_NS)[0][0] is before
    np.testing.assert_array_equal(scene.image(), before)
    scene.close()


def test_a_fault_is_of_one_sensor_and_the_others_go_on(tmp_path):
    spec = load_robot(process_body(tmp_path))
    injection = FaultInjection(Process(spec), spec, load_task(str(setpoint_task(tmp_path)), spec))
    injection.want("vector_nan@flow", 1, NOW_NS)
    ((values, stamp_ns),) = injection.vectors("pressure", np.ones(1), NOW_NS)
    assert (values.tolist(), stamp_ns, injection.since_ns) == ([1.0], NOW_NS, None)
    ((values, _),) = injection.vectors("flow", np.ones(1), NOW_NS + 1)
    assert np.isnan(values).all() and injection.since_ns == NOW_NS + 1
    with pytest.raises(ConfigError, match="process cannot have this fault: no camera"):
        injection.want("camera_black", 1, NOW_NS)
    assert injection.vectors("flow", np.ones(1), NOW_NS)[0][0].tolist() == [1.0], "then nothing is on"


def test_the_second_camera_can_break_alone(tmp_path):
    spec = load_robot(two_cameras_and_force(tmp_path))
    scene, made = Scene(spec, 200.0), load_task("reach", spec)
    injection = FaultInjection(scene, spec, made)
    injection.want("camera_black@side+clock_back", 1, NOW_NS)
    seen = scene.images()
    ((first, stamp_ns),) = injection.images("camera", seen["camera"], NOW_NS)
    ((side, _),) = injection.images("side", seen["side"], NOW_NS)
    assert first is seen["camera"] and not side.any() and stamp_ns < NOW_NS
    scene.close()


def test_what_lies_is_the_pose_alone_or_the_whole_of_its_message():
    spec = load_robot("husky", "drive")
    task = load_task("drive", spec)
    injection = FaultInjection(open_world(spec, 200.0), spec, task)
    together = [vector.name for vector in spec.vectors if vector.topic == spec.sensors["pose"].topic]
    assert len(together) > 1
    for name, lies in (("pose_frozen", ["pose"]), ("odometry_repeated", together)):
        injection.want(name, 1, NOW_NS)
        for vector in spec.vectors:
            for number in range(2):
                stamp_ns = NOW_NS + number
                ((values, _),) = injection.vectors(vector.name, np.full(vector.size, number), stamp_ns)
            assert values.any() == (vector.name not in lies), (name, vector.name)
