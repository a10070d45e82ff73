# SPDX-License-Identifier: Apache-2.0
"""Who is there, and where else what is missing may be."""

from __future__ import annotations

import dataclasses

import pytest
from heard_samples import TYPE, end, heard, robot
from robots import made_up_robot

from ami_ros.doctor.live.publishers import commander, controller, publisher, quality

SPEC = made_up_robot()
CAMERA, JOINTS = SPEC.sensors["camera"], SPEC.sensors["joints"]


def commands(*ends, similar=()):
    return heard(name="/commands", ends=ends, similar=similar)


@pytest.mark.parametrize(
    ("ends", "level", "advice"),
    [
        ((end("/controller"),), "ok", ""),
        ((), "fail", "start the controller"),
        ((end("/recorder"), end("/left/explorer")), "fail", "start the controller"),
        ((end("/controller", "std_msgs/msg/Bool"),), "fail", "correct output"),
        ((end("/controller", fits=False),), "fail", "make it ask for reliable and volatile"),
    ],
)
def test_a_controller_that_hears_commands(ends, level, advice):
    finding = controller(commands(*ends), robot(commands()))
    assert finding.level == level and advice in finding.advice


def test_only_the_gate_commands():
    for alone in ((), ("/safety",), ("/left/safety",)):
        assert commander(robot(commands(), *alone).outputs[0]).level == "ok"
    finding = commander(robot(commands(), "/safety", "/teleop").outputs[0])
    assert finding.level == "fail" and "stop /teleop" in finding.advice


def test_where_a_missing_topic_may_be():
    def advice(nodes=2, *similar):
        return publisher(JOINTS, heard(similar=similar), robot(commands(), nodes=nodes)).advice

    assert "no other node is in ROS_DOMAIN_ID 7" in advice(0)
    assert f"start the driver that uses {TYPE}" in advice(2)
    assert "add --ros-args -r __ns:=/left" in advice(2, "/left/joint_states", "/other")
    assert "--ros-args -r /joint_states:=/robot/states" in advice(2, "/robot/states")


def test_a_camera_that_is_not_required_may_be_missing():

    optional = dataclasses.replace(CAMERA, required=False)
    levels = [publisher(one, heard(), robot(commands())).level for one in (CAMERA, optional)]
    assert levels == ["fail", "warn"]


def test_a_deaf_camera_can_be_heard_by_setting():
    finding = quality(CAMERA, heard(ends=(end("/driver", fits=False),)))
    assert finding.level == "fail" and "camera_reliability: best_effort" in finding.advice
