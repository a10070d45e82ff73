# SPDX-License-Identifier: Apache-2.0
"""The example for ros2_control agrees with the robot, the gate and the outputs that it is for.

ros2_control itself is in no package index; the names and rules are those of its documentation.
"""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml
from launched import nodes_of

from ami_ros.body.mock_hardware import with_mock_hardware
from ami_ros.body.outputs import INTERFACES
from ami_ros.body.robot_spec import load_robot
from ami_ros.errors import ConfigError
from ami_ros.safety.settings import GateNodeSettings, load_safety_settings
from ami_ros.settings.fields import load_settings
from ami_ros.settings.share import config_path

ARMS = sorted(path.stem for path in config_path("ros2_control").glob("*.yaml"))
CONTROLLERS = {
    "trajectory": "joint_trajectory_controller/JointTrajectoryController",
    "forward_position": "forward_command_controller/ForwardCommandController",
    "forward_velocity": "forward_command_controller/ForwardCommandController",
}


def parameters(robot: str) -> dict:
    nodes = yaml.safe_load(config_path("ros2_control", f"{robot}.yaml").read_text())["/**"]
    return {name: node["ros__parameters"] for name, node in nodes.items()}


@pytest.mark.parametrize("robot", ARMS)
@pytest.mark.parametrize("interface", CONTROLLERS)
def test_each_output_has_a_controller_under_the_name_that_its_topic_says(robot, interface):
    given, spec = parameters(robot), load_robot(robot)
    name, _, topic = spec.with_interface(interface).output.topic.partition("/")
    assert given["controller_manager"][name]["type"] == CONTROLLERS[interface]
    assert topic == ("joint_trajectory" if interface == "trajectory" else "commands")
    controller = given[name]
    assert controller["joints"] == list(spec.joint_names), "numbers have no names: the order counts"
    taken = controller.get("command_interfaces", [controller.get("interface_name")])
    assert taken == [INTERFACES[interface].vector or "position"]


@pytest.mark.parametrize("robot", ARMS)
def test_the_trajectory_controller_takes_what_the_gate_sends_and_stops_when_it_believes(robot):
    given, gate = parameters(robot), load_safety_settings()
    controller = given["joint_trajectory_controller"]
    assert controller["allow_nonzero_velocity_at_trajectory_end"], "a tick ends in motion"
    node = load_settings(GateNodeSettings, config_path("safety_node.yaml"))
    assert controller["cmd_timeout"] == node.stall_s > controller["constraints"]["goal_time"]
    assert given["controller_manager"]["update_rate"] >= gate.rate_hz


@pytest.mark.parametrize("interface", ["", *CONTROLLERS])
def test_the_launch_file_starts_the_controller_that_the_gate_commands(interface):
    publisher, manager, spawner = nodes_of(
        "ros2_control.launch.py", command_interface=interface, namespace="left"
    )
    wanted = load_robot("panda").with_interface(interface).output.topic.partition("/")[0]
    assert spawner["arguments"] == ["joint_state_broadcaster", wanted]
    assert Path(manager["parameters"][0]).is_file()
    assert "mock_components" in publisher["parameters"][0]["robot_description"]
    assert {node["namespace"] for node in (publisher, manager, spawner)} == {"left"}


def test_a_command_interface_that_is_not_there_is_refused_with_those_that_are():
    with pytest.raises(ConfigError, match=r"got 'forward_postion', expected one of .*'forward_position'"):
        nodes_of("ros2_control.launch.py", command_interface="forward_postion")


@pytest.mark.parametrize("namespace", ["/", "/left"])
def test_ros_reads_the_file_for_controllers_in_any_namespace(namespace):
    rclpy = pytest.importorskip("rclpy", reason="rclpy is not installed")
    context, file = rclpy.Context(), str(config_path("ros2_control", "panda.yaml"))
    rclpy.init(args=["--ros-args", "--params-file", file], context=context)
    try:
        node = rclpy.create_node(
            "joint_trajectory_controller",
            namespace=namespace,
            context=context,
            automatically_declare_parameters_from_overrides=True,
        )
        assert node.get_parameter("joints").value == list(load_robot("panda").joint_names)
        assert node.get_parameter("constraints.goal_time").value == 0.0
        node.destroy_node()
    finally:
        context.try_shutdown()


def test_mock_hardware_has_the_joints_and_begins_at_home():
    spec = load_robot("panda")
    root = ElementTree.fromstring(with_mock_hardware(spec))
    joints = root.findall("ros2_control/joint")
    assert [joint.get("name") for joint in joints] == list(spec.joint_names)
    start = [float(joint.findtext("state_interface[@name='position']/param")) for joint in joints]
    assert start == spec.home.tolist()
    for joint in joints:
        assert {each.get("name") for each in joint.findall("command_interface")} == {"position", "velocity"}
