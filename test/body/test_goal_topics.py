# SPDX-License-Identifier: Apache-2.0
"""Goals of every sensor have a topic, and a planner can take them all from another node."""

from __future__ import annotations

from ami_ros.body.goal_topics import goal_remappings, goal_topics
from ami_ros.body.robot_spec import load_robot

SPEC = load_robot("panda_wrist", "reach")


def test_the_first_camera_has_the_plain_name():
    topics = goal_topics(SPEC)
    assert list(topics) == list(SPEC.sensors)
    assert (topics["camera"], topics["wrist"]) == ("~/goal_image", "~/goal_wrist")


def test_goals_of_all_sensors_come_from_another_node():
    wanted = dict(goal_remappings(SPEC, "sim"))
    assert wanted["planner/goal_image"] == "sim/goal_image"
    assert wanted["planner/goal_wrist"] == "sim/goal_wrist"
    assert len(wanted) == len(SPEC.sensors)


def test_what_is_renamed_already_stays_so():
    assert "planner/goal_image" not in dict(goal_remappings(SPEC, "sim", ["planner/goal_image"]))
