# SPDX-License-Identifier: Apache-2.0
"""The rod in the hand: part of the arm, straight down from the tip, and visible."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
from robots import changed, panda_yaml

from ami_ros.body.arm import ToolSpec
from ami_ros.body.robot_spec import load_robot
from ami_ros.errors import ConfigError
from ami_ros.sim.world.tool import TOOL_LINK, with_tool

SPEC = load_robot("panda", "push")
ROD = ToolSpec(length=0.12, radius=0.02)


def test_it_is_one_more_link_fixed_to_its_parent():
    root = ElementTree.fromstring(with_tool('<robot name="r"><link name="hand"/></robot>', "hand", ROD))
    assert [link.get("name") for link in root.iterfind("link")] == ["hand", TOOL_LINK]
    joint = root.find("joint")
    assert joint.get("type") == "fixed" and joint.find("parent").get("link") == "hand"
    for part in ("visual", "collision"):
        shape = root.find(f"link[@name='{TOOL_LINK}']/{part}/geometry/cylinder")
        assert (float(shape.get("length")), float(shape.get("radius"))) == (0.12, 0.02)
        middle = root.find(f"link[@name='{TOOL_LINK}']/{part}/origin").get("xyz").split()
        assert [float(x) for x in middle] == [0.0, 0.0, 0.06], "it begins at the tip"


def test_the_arm_moves_as_without_it_and_the_camera_sees_it():
    pytest.importorskip("ami_ros.sim.pybullet.bullet", reason="needs pybullet", exc_type=ImportError)
    from ami_ros.sim.pybullet.scene import Scene

    tips, images = [], []
    for spec in (SPEC, changed(SPEC, tool=None)):
        scene = Scene(spec, 200.0)
        scene.reset(spec.home)
        scene.advance(None, 500_000_000)
        tips.append(scene.tip())
        images.append(scene.image().astype(int))
        scene.close()
    np.testing.assert_allclose(tips[0], tips[1], atol=1e-3)
    assert (np.abs(images[0] - images[1]).max(axis=2) > 30).sum() > 20


@pytest.mark.parametrize(("length", "radius"), [(0.0, 0.01), (0.1, -0.01), (2.0, 0.01)])
def test_impossible_rods_are_refused(length, radius, tmp_path):

    rod = {"length": length, "radius": radius}
    with pytest.raises(ConfigError, match=r"tool: (length|radius)"):
        load_robot(panda_yaml(tmp_path, lambda values: values["arm"].update(tool=rod)))
