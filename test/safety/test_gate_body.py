# SPDX-License-Identifier: Apache-2.0
"""What a body is to the gate, and what is refused as one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from gate_timeline import SETTINGS, GateTimeline
from robots import AGE_S, CAMERA, JOINT_SENSOR, made_up_robot
from set_points import FLOW, HOME, SENSORS, plant_body

from ami_ros.body.link_shapes import LinkShapes
from ami_ros.errors import ConfigError, EmbodimentError
from ami_ros.safety.gate_body import GateBody
from ami_ros.safety.restrictions import Restrictions
from ami_ros.safety.supervisor import Supervisor
from ami_ros.safety.watched_sensor import IMAGE, JOINT_STATES, VECTOR, WatchedSensor, watched_sensors
from ami_ros.types import Level

JOINTS = WatchedSensor("joints", JOINT_STATES, 0.3)


def test_a_robot_is_measured_and_has_a_place():
    spec = made_up_robot()
    body = GateBody.of_robot(spec)
    assert body.channels == spec.joint_names and body.is_measured
    assert body.joint_sensor.max_age_s == AGE_S[JOINT_SENSOR]
    assert [sensor.name for sensor in body.sensors] == ["joints", CAMERA]
    assert body.shapes is not None and body.workspace is spec.workspace
    other = GateBody.of_robot(spec, sensors=SENSORS)
    assert other.sensors == SENSORS and not other.is_measured


def test_set_points_are_not_measured_and_nowhere():
    body = plant_body()
    assert not body.is_measured and body.joint_sensor is None and body.shapes is None


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"channels": ()}, "channels: got"),
        ({"channels": ("a", "a")}, "expected distinct names"),
        ({"sensors": (FLOW, FLOW)}, "expected each name once"),
        ({"sensors": (JOINTS, WatchedSensor("more", JOINT_STATES, 0.3))}, "at most one of kind joints"),
        ({"home": np.zeros(3)}, r"home: got .* expected 2 finite"),
        ({"home": np.array([np.nan, 0.5])}, "home: got"),
        ({"home": np.array([90.0, 0.5])}, "within the limits"),
        ({"home": np.array([25.0, -0.5])}, "within the limits"),
        ({"channels": ("a", "b", "c")}, "expected 3 finite numbers"),
        ({"workspace": np.array([[0.0] * 3, [1.0] * 3])}, "no arm whose tip could be checked"),
        ({"shapes": LinkShapes(made_up_robot())}, "the URDF moves 4 joints"),
    ],
)
def test_a_body_that_cannot_be_is_refused(changes, message):
    with pytest.raises(EmbodimentError, match=f"plant: .*{message}"):
        plant_body(**changes)


def test_a_measured_body_may_have_its_home_anywhere():
    plant_body(home=np.array([90.0, 0.5]), sensors=(JOINTS, *SENSORS))
    assert (plant_body().home == HOME).all()


def test_an_arm_without_a_urdf_moves_within_its_limits_and_has_no_zones():
    timeline = GateTimeline(made_up_robot())
    body = replace(GateBody.of_robot(timeline.spec), shapes=None, workspace=None)
    timeline.gate = Supervisor(body, SETTINGS)
    timeline.tick()
    timeline.toward([2.0, -2.0, 3.0, 1.0])
    assert timeline.tick(30)[1].level is Level.LIMITED
    timeline.tick(30, follow=False)
    verdict = timeline.tick(40, follow=False)[1]
    assert "TRACKING_ERROR" in [reason.code for reason in verdict.reasons]
    assert timeline.oracle.violations == []
    with pytest.raises(ConfigError, match="no links"):
        timeline.gate.restrict(Restrictions(workspace=timeline.spec.workspace))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (("s", "sound", 0.5), "kind: got 'sound'"),
        (("s", VECTOR, 0.0), "max_age_s: got 0.0"),
        (("s", VECTOR, float("nan")), "max_age_s: got nan"),
        (("s", VECTOR, float("inf")), "max_age_s: got inf"),
        (("s", VECTOR, 0.5, -1.0), "freeze_s: got -1.0"),
    ],
)
def test_a_sensor_that_cannot_be_is_refused(values, message):
    with pytest.raises(ConfigError, match=f"sensor s: {message}"):
        WatchedSensor(*values)


def test_a_name_is_told_where_the_kind_does_not_tell_it():
    joints, camera = watched_sensors(made_up_robot())
    second = WatchedSensor("wrist", IMAGE, 0.4)
    assert joints.label_among((joints, camera)) == camera.label_among((joints, camera)) == {}
    assert second.label_among((joints, camera, second)) == {"sensor": "wrist"}
    assert camera.label_among((joints, camera, second)) == {"sensor": CAMERA}
    assert FLOW.label_among((FLOW,)) == {"sensor": "flow"}
