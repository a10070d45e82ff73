# SPDX-License-Identifier: Apache-2.0
"""Grippers in URDFs: fingers with and without mimic, jaws, and hands with more than one channel."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from robots import joint, link, urdf

from ami_ros.body.groups import GripperGroup
from ami_ros.body.resources import resource
from ami_ros.body.robot_spec import load_robot
from ami_ros.body.survey.found_hand import CAREFUL, FoundHand, find_hand
from ami_ros.body.survey.robot_yaml import MARK, robot_yaml
from ami_ros.body.survey.survey import survey
from ami_ros.body.urdf_checks import read_urdf
from ami_ros.errors import KinematicsError

PANDA = "package://pybullet_data/franka_panda/panda.urdf"
FINGER = '<limit lower="0" upper="0.03" velocity="0.2" effort="15"/>'
OPENS_DOWN = '<limit lower="-0.03" upper="0" velocity="0.2" effort="15"/>'
JAW = '<limit lower="-0.2" upper="1.5" velocity="2.5" effort="3"/>'
NO_MORE = '<limit lower="0" upper="0.03"/>'


def found(folder: Path, *hand: str) -> FoundHand:
    """Return the hand of these joints between the palm and the links that they move."""
    moved = [name for part in hand for name in re.findall('child link="(.*?)"', part)]
    path = urdf(folder, *map(link, ("palm", *moved)), *hand)
    names = [part.split('"')[1] for part in hand]
    return find_hand(path, read_urdf(path), names)


def mimics(law: str, limit: str = FINGER) -> str:
    return f"{limit}<mimic {law}/>"


def test_one_finger_that_another_mimics_is_an_opening(tmp_path):
    hand = found(
        tmp_path,
        joint("left", "palm", "one", "prismatic", FINGER),
        joint("right", "palm", "two", "prismatic", mimics('joint="left"')),
    )
    assert (hand.channel, hand.unit, hand.low, hand.high) == ("opening", "m", 0.0, 0.06)
    assert hand.joints == {"left": 0.5, "right": 0.5}
    assert (hand.velocity, hand.force, hand.lacks) == (0.4, 15.0, ())
    assert hand.press == pytest.approx(0.006)


def test_a_finger_that_moves_the_other_way_and_further_keeps_its_share(tmp_path):
    hand = found(
        tmp_path,
        joint("left", "palm", "one", "prismatic", FINGER),
        joint("right", "palm", "two", "prismatic", mimics('joint="left" multiplier="-2"')),
    )
    assert hand.high == pytest.approx(0.09)
    assert hand.joints == {"left": pytest.approx(1 / 3), "right": pytest.approx(-2 / 3)}


def test_two_fingers_alike_are_one_opening(tmp_path):
    hand = found(tmp_path, *(joint(n, "palm", n, "prismatic", FINGER) for n in ("one", "two")))
    assert hand.high == pytest.approx(0.06) and hand.joints == {"one": 0.5, "two": 0.5}


def test_fingers_that_open_toward_negative_values_are_turned_around(tmp_path):
    hand = found(tmp_path, joint("one", "palm", "one", "prismatic", OPENS_DOWN))
    assert (hand.low, hand.high) == (0.0, 0.03) and hand.joints == {"one": -1.0}


def test_a_jaw_that_turns_is_a_channel_as_it_is(tmp_path):
    hand = found(tmp_path, joint("grip", "palm", "one", "revolute", JAW))
    assert (hand.channel, hand.unit, hand.low, hand.high) == ("jaw", "rad", -0.2, 1.5)
    assert hand.joints == {"grip": 1.0} and hand.velocity == 2.5


def test_what_the_urdf_lacks_is_careful(tmp_path):
    hand = found(tmp_path, joint("one", "palm", "one", "prismatic", NO_MORE))
    assert hand.lacks == ("velocity", "effort")
    assert (hand.velocity, hand.force) == (CAREFUL["velocity"][1], CAREFUL["effort"][1])


@pytest.mark.parametrize(
    ("hand", "says"),
    [
        ([], "got joints none, expected fingers that slide"),
        (
            [joint(n, "palm", n, "revolute", JAW) for n in ("one", "two")],
            "got joints one, two, expected fingers that slide",
        ),
        (
            [
                joint("one", "palm", "one", "prismatic", FINGER),
                joint("two", "palm", "two", "prismatic", NO_MORE),
            ],
            None,
        ),
        (
            [
                joint("one", "palm", "one", "prismatic", FINGER),
                joint("two", "palm", "two", "prismatic", mimics('joint="one" offset="0.01"')),
            ],
            "got two, which mimics one with an offset",
        ),
        (
            [joint("one", "palm", "one", "prismatic", "")],
            "without limits of position",
        ),
    ],
    ids=["none", "two_jaws", "fingers_alike", "offset", "no_limits"],
)
def test_hands_of_more_than_one_channel_are_refused(tmp_path, hand, says):
    if says is None:
        assert found(tmp_path, *hand).lacks == (), "the first finger's limits count"
        return
    with pytest.raises(KinematicsError, match=says):
        found(tmp_path, *hand)


def test_the_yaml_of_a_panda_grasps(tmp_path):
    pytest.importorskip("pybullet_data", reason="needs pybullet")
    from ami_ros.sim.world.open_world import open_world

    path = resource(PANDA, Path())
    surveyed = survey(path, "", np.random.default_rng(0))
    hand = find_hand(path, read_urdf(path), surveyed.chain.held)
    text = robot_yaml("my hand", PANDA, surveyed, tmp_path, hand)
    out = tmp_path / "my_hand.yaml"
    out.write_text(text)
    spec = load_robot(out)
    gripper = spec.groups[1]
    assert isinstance(gripper, GripperGroup) and gripper.actions.channels[0].high == pytest.approx(0.08)
    section = text.partition("  gripper:")[2].partition("outputs:")[0]
    assert section.count(MARK) == 4, "direction, speed, force and press"
    world = open_world(spec, 200.0)
    world.reset(spec.home)
    assert world.vectors()["fingers"] == pytest.approx([0.08])
    world.close()
