# SPDX-License-Identifier: Apache-2.0
"""Which topics people watch, whatever their namespace."""

from __future__ import annotations

import pytest

from ami_ros.body.robot_spec import load_robot
from ami_ros.watching.topics import Shows, find, watched_topics

TOPICS = watched_topics(load_robot("panda", "reach"))


@pytest.mark.parametrize(
    ("name", "shows"),
    [
        ("/planner/goal_status", Shows.STATUS),
        ("/left/planner/goal_status", Shows.STATUS),
        ("camera/image_raw", Shows.PICTURE),
        ("/camera/image_raw/compressed", Shows.PICTURE),
        ("/planner/goal_image", Shows.GOAL),
        ("/sim/goal_image", Shows.GOAL),
        ("/planner/plan_markers", Shows.TURNED_DOWN),
        ("/planner/imagination", Shows.IMAGINATION),
    ],
)
def test_a_topic_is_found_in_any_namespace(name, shows):
    found = find(name, TOPICS)
    assert found is not None and found.shows is shows


@pytest.mark.parametrize("name", ["/my_planner/goal_status", "/rosout", "/safety/verdict/more"])
def test_others_are_not(name):
    assert find(name, TOPICS) is None


def test_each_camera_of_a_robot_is_watched():
    cameras = {
        topic.subject for topic in watched_topics(load_robot("panda_wrist")) if topic.shows is Shows.PICTURE
    }
    assert cameras == {image.name for image in load_robot("panda_wrist").images}


def test_a_base_has_no_joints_to_draw():
    shown = {topic.shows for topic in watched_topics(load_robot("husky"))}
    assert {Shows.STATUS, Shows.VERDICT, Shows.PICTURE} <= shown and Shows.JOINTS not in shown
