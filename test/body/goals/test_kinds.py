# SPDX-License-Identifier: Apache-2.0
"""Every kind of goal has its topics, and a planner can take them all from another node."""

from __future__ import annotations

import dataclasses

from bodies import process_body

from ami_ros.body.goals.kinds import KINDS, goal_remappings, goal_topics
from ami_ros.body.robot_spec import load_robot

SPEC = load_robot("panda_wrist", "reach")


def test_the_first_camera_has_the_plain_name():
    topics = goal_topics(SPEC)
    assert set(topics) == {*SPEC.sensors, "pose"}
    assert (topics["camera"].name, topics["wrist"].name) == ("~/goal_image", "~/goal_wrist")


def test_only_with_a_memory_is_there_a_goal_by_name():
    assert set(goal_topics(SPEC, with_memory=True)) - set(goal_topics(SPEC)) == {"name"}


def test_the_usual_topic_of_every_kind_is_one_of_an_arms_or_a_plants(tmp_path):
    bodies = (SPEC, load_robot(process_body(tmp_path)))
    names = {topic.name for body in bodies for topic in goal_topics(body, with_memory=True).values()}
    assert "~/goal_profile" not in {topic.name for topic in goal_topics(SPEC).values()}
    assert {f"~/goal_{kind.name}" for kind in KINDS} <= names


def test_goals_of_all_sensors_come_from_another_node():
    wanted = dict(goal_remappings(SPEC, "sim"))
    assert wanted["planner/goal_image"] == "sim/goal_image"
    assert wanted["planner/goal_wrist"] == "sim/goal_wrist"
    assert len(wanted) == len(goal_topics(SPEC))


def test_what_is_renamed_already_stays_so():
    assert "planner/goal_image" not in dict(goal_remappings(SPEC, "sim", ["planner/goal_image"]))


def test_a_pose_is_of_an_arms_tip_unless_a_sensor_has_that_name():
    husky = load_robot("husky", "drive")
    assert goal_topics(SPEC)["pose"].sensor is None and goal_topics(SPEC)["pose"].name == "~/goal_pose"
    assert goal_topics(husky)["pose"].sensor is husky.sensors["pose"]
    measured = dataclasses.replace(SPEC, sensors={**SPEC.sensors, "pose": husky.sensors["pose"]})
    assert goal_topics(measured)["pose"].sensor is husky.sensors["pose"]
