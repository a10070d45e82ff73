# SPDX-License-Identifier: Apache-2.0
"""Which joints are the arm's, where it ends, and what is left over."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from robots import joint, link, urdf

from ami_ros.body.survey.chain import Chain, find_chain
from ami_ros.body.urdf_checks import read_urdf
from ami_ros.errors import KinematicsError


def found(path: Path, tip: str = "") -> Chain:
    return find_chain(path, read_urdf(path), tip)


def fixed(name: str, parent: str, child: str, place: str, turn: str = "0 0 0") -> str:
    ends = f'<parent link="{parent}"/><child link="{child}"/>'
    return f'<joint name="{name}" type="fixed">{ends}<origin xyz="{place}" rpy="{turn}"/></joint>'


@pytest.fixture
def arm(tmp_path):
    """Three joints, a flange with two frames in one place and a camera, a foot, and a gripper of two fingers."""
    links = ("world", "a", "b", "hand", "tool", "flange", "eye", "foot", "left", "right")
    return urdf(
        tmp_path,
        *map(link, links),
        joint("j1", "world", "a"),
        joint("j2", "a", "b"),
        joint("j3", "b", "hand"),
        fixed("f0", "world", "foot", "0 0 -0.3"),
        fixed("f1", "hand", "flange", "0 0.1 0"),
        fixed("f2", "hand", "tool", "0 0.1 0", "-1.5707963 0 0"),
        fixed("f3", "hand", "eye", "0 0.03 0"),
        joint("g1", "hand", "left", "prismatic"),
        joint("g2", "hand", "right", "prismatic", inside='<mimic joint="g1"/>'),
    )


def test_the_arm_ends_where_its_gripper_begins(arm):
    chain = found(arm)
    assert chain.joints == ("j1", "j2", "j3")
    assert chain.held == ("g1", "g2")


def test_the_likeliest_tip_is_furthest_out_and_looks_outward_along_z(arm):
    chain = found(arm)
    assert chain.tip == "tool"
    assert chain.others == ("flange", "eye", "hand", "left", "right")
    np.testing.assert_array_equal(chain.outward, [0, 0, 1])
    np.testing.assert_array_equal(found(arm, "flange").outward, [0, 1, 0])


def test_the_joints_are_those_on_the_way_to_the_tip_that_was_asked_for(arm):
    assert found(arm, "b").joints == ("j1", "j2")
    assert found(arm, "left").joints == ("j1", "j2", "j3", "g1")
    with pytest.raises(KinematicsError, match="tip 'nose' not found; expected a link, such as .*tool"):
        found(arm, "nose")


@pytest.mark.parametrize(("last", "child"), [("gripper", "jaw"), ("j4", "left_finger")])
def test_one_moving_jaw_is_known_by_its_name(tmp_path, last, child):
    """The link that carries it is often called a gripper, too."""
    path = urdf(
        tmp_path,
        *map(link, ("base", "a", "gripper_link", child)),
        joint("j1", "base", "a"),
        joint("j2", "a", "gripper_link"),
        joint(last, "gripper_link", child),
    )
    assert found(path).joints == ("j1", "j2")
    assert found(path).held == (last,)


def test_without_an_arm_it_says_so(tmp_path):
    table = urdf(tmp_path, link("table"), link("plate"), fixed("f", "table", "plate", "0 0 1"))
    with pytest.raises(KinematicsError, match="no arm found: no joint between table and plate"):
        found(table)


def test_where_only_wheels_or_fingers_move_it_names_what_they_carry(tmp_path):
    """None of the branches is an arm by itself, and the user knows which one is meant."""
    cart = urdf(
        tmp_path,
        *map(link, ("base", "eye", "left", "right", "follower")),
        fixed("f", "base", "eye", "0 0 1"),
        joint("l", "base", "left"),
        joint("r", "base", "right"),
        joint("m", "base", "follower", inside='<mimic joint="l"/>'),
    )
    with pytest.raises(KinematicsError, match="no arm found: .* or the tip by name, such as left, right$"):
        found(cart)
    assert found(cart, "right").joints == ("r",)


@pytest.mark.parametrize("kind", ["revolute", "fixed"])
def test_the_longest_row_of_links_has_an_end(tmp_path, kind):
    """Deeper than functions may call themselves, and none of it looked at again for each link."""
    links = [link(f"l{i}") for i in range(500)]
    joints = [joint(f"j{i}", f"l{i - 1}", f"l{i}", "revolute" if i < 3 else kind) for i in range(1, 500)]
    chain = found(urdf(tmp_path, *links, *joints))
    assert chain.tip == "l499" and len(chain.joints) == (499 if kind == "revolute" else 2)
