# SPDX-License-Identifier: Apache-2.0
"""Goals of every sensor have a topic, and a planner can take them all from another node."""

from __future__ import annotations

import dataclasses

from ami_ros.body.goal_topics import goal_remappings, goal_topics, takes_tip_pose
from ami_ros.body.robot_spec import load_robot

SPEC = load_robot("panda_wrist", "reach")


def test_the_first_camera_has_the_plain_name():
    topics = goal_topics(SPEC)
    assert list(topics) == [*SPEC.sensors, "pose"]
    assert (topics["camera"], topics["wrist"]) == ("~/goal_image", "~/goal_wrist")


def test_goals_of_all_sensors_come_from_another_node():
    wanted = dict(goal_remappings(SPEC, "sim"))
    assert wanted["planner/goal_image"] == "sim/goal_image"
    assert wanted["planner/goal_wrist"] == "sim/goal_wrist"
    assert len(wanted) == len(goal_topics(SPEC))


def test_what_is_renamed_already_stays_so():
    assert "planner/goal_image" not in dict(goal_remappings(SPEC, "sim", ["planner/goal_image"]))


def test_a_pose_is_of_an_arms_tip_unless_a_sensor_has_that_name():
    husky = load_robot("husky", "drive")
    assert takes_tip_pose(SPEC) and goal_topics(SPEC)["pose"] == "~/goal_pose"
    assert not takes_tip_pose(husky) and goal_topics(husky)["pose"] == "~/goal_pose", "its sensor's"
    measured = dataclasses.replace(SPEC, sensors={**SPEC.sensors, "pose": husky.sensors["pose"]})
    assert not takes_tip_pose(measured) and list(goal_topics(measured)).count("pose") == 1
