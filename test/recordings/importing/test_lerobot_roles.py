# SPDX-License-Identifier: Apache-2.0
"""Columns that could be meant, and others as well, are not taken for a robot's joints."""

from __future__ import annotations

import pytest
from recorded import joint_robot

from ami_ros.errors import ConfigError
from ami_ros.recordings.importing.lerobot_roles import RoleFinder
from ami_ros.recordings.lerobot.features import DatasetInfo, Feature

JOINTS = [f"joint_{letter}.pos" for letter in "abcd"]
CAMERA = Feature("observation.images.camera", "image", (8, 8, 3))


def roles(*features: Feature, **given: str):
    info = DatasetInfo(20.0, {feature.name: feature for feature in (CAMERA, *features)}, 1, 10)
    return RoleFinder(joint_robot(), info, given, degrees=False).find()


def feature(name: str, names: list[str], dtype: str = "float32") -> Feature:
    return Feature(name, dtype, (len(names),), tuple(names))


def test_two_arms_whose_joints_have_the_same_names():
    state = feature("observation.state", JOINTS * 2)
    with pytest.raises(ConfigError) as caught:
        roles(state)
    text = str(caught.value)
    assert "joints: got columns of observation.state that share a name: {'joint_a.pos': [0, 4], " in text
    assert "as in --feature joints=observation.state:0-3" in text
    for given in ("observation.state", "observation.state:joint_a.pos,1,2,3"):
        with pytest.raises(ConfigError, match=r"columns of observation.state that share a name: {'joint_a"):
            roles(state, joints=given)
    assert list(roles(state, joints="observation.state:4-7").vectors["joints"].places) == [4, 5, 6, 7]


def test_names_that_nobody_wants_may_be_there_twice():
    state = feature("observation.state", ["gripper", *JOINTS, "gripper"])
    assert list(roles(state).vectors["joints"].places) == [1, 2, 3, 4]


def test_actions_and_commands_of_two_arms():
    state = feature("observation.state", JOINTS)
    for names, role in ((["joint_b.vel", "joint_d.vel"], "actions"), (JOINTS, "commands")):
        with pytest.raises(ConfigError, match=f"{role}: got columns of action that share a name"):
            roles(state, feature("action", names * 2))
    told = roles(state, feature("action", JOINTS * 2), commands="action:4-7")
    assert told.commands is not None and list(told.commands.places) == [4, 5, 6, 7]


def test_two_arms_in_features_of_their_own():
    left, right = (feature(f"observation.{side}", JOINTS) for side in ("left", "right"))
    with pytest.raises(
        ConfigError, match=r"in \['observation.left', 'observation.right'\], expected them in one"
    ):
        roles(left, right)
    assert roles(left, right, joints="observation.right").vectors["joints"].feature == "observation.right"
    # The usual one is meant where it is there.
    assert roles(left, feature("observation.state", JOINTS)).vectors["joints"].feature == "observation.state"


def test_digits_are_numbers_of_columns():
    state = feature("observation.state", ["3", "2", "1", "0"])
    assert list(roles(state, joints="observation.state:0,1,2,3").vectors["joints"].places) == [0, 1, 2, 3]


def test_names_of_what_has_no_numbers_in_a_row_are_not_wanted():
    state = feature("observation.state", JOINTS)
    for action in (feature("action", JOINTS, "string"), Feature("action", "float32", (4, 2), tuple(JOINTS))):
        assert roles(state, action).commands is None
