# SPDX-License-Identifier: Apache-2.0
"""A URDF with a ros2_control section for mock hardware: the joints are wherever they are commanded to be."""

from __future__ import annotations

from xml.etree import ElementTree

from ami_ros.body.robot_spec import RobotSpec
from ami_ros.body.urdf_checks import read_urdf

# Source: ros2_control documentation, "Mock Components User Documentation".
PLUGIN = "mock_components/GenericSystem"
INTERFACES = ("position", "velocity")


def with_mock_hardware(spec: RobotSpec) -> str:
    """Return the robot's URDF as ros2_control needs it, with mock hardware that begins at home.

    Raises:
        KinematicsError: the URDF cannot be read.
        EmbodimentError: the robot is no arm.
    """
    root = read_urdf(spec.urdf)
    control = ElementTree.SubElement(root, "ros2_control", name="mock", type="system")
    hardware = ElementTree.SubElement(control, "hardware")
    ElementTree.SubElement(hardware, "plugin").text = PLUGIN
    ElementTree.SubElement(hardware, "param", name="calculate_dynamics").text = "true"
    for name, home in zip(spec.joint_names, spec.home.tolist(), strict=True):
        joint = ElementTree.SubElement(control, "joint", name=name)
        for interface in INTERFACES:
            ElementTree.SubElement(joint, "command_interface", name=interface)
        for interface, value in zip(INTERFACES, (home, 0.0), strict=True):
            state = ElementTree.SubElement(joint, "state_interface", name=interface)
            ElementTree.SubElement(state, "param", name="initial_value").text = str(value)
    return ElementTree.tostring(root, encoding="unicode")
