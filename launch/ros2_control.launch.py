# SPDX-License-Identifier: Apache-2.0
"""An example to copy: planner and gate in front of ros2_control, with mock hardware or a description of your own."""

from __future__ import annotations

import os
from pathlib import Path

from launch import LaunchContext, LaunchDescription
from launch.actions import DeclareLaunchArgument, IncludeLaunchDescription, OpaqueFunction
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node

from ami_ros.body.mock_hardware import with_mock_hardware
from ami_ros.configuration import Configuration
from ami_ros.launching.arguments import Argument, arguments
from ami_ros.launching.environment import launch_environment
from ami_ros.settings.share import config_path

NODES = ("planner", "safety", "recorder")
OWN = (
    Argument(
        "description", "", "URDF with a ros2_control section; empty: the robot's own, and mock hardware"
    ),
    Argument("controllers", "", "YAML of the controllers; empty: config/ros2_control/<robot>.yaml"),
)
ARGUMENTS = (*arguments(*NODES), *OWN)


def start(context: LaunchContext) -> list[Node]:
    values = {argument.name: LaunchConfiguration(argument.name).perform(context) for argument in ARGUMENTS}
    spec = Configuration.load(values["robot"] or None, values["task"] or None).spec
    output = spec.with_interface(values["command_interface"]).output
    described = Path(values["description"])
    description = described.read_text() if values["description"] else with_mock_hardware(spec)
    environment = launch_environment(
        values["discovery_range"], config_path("dds", "large_data_shm.xml"), os.environ
    )
    shared = {"namespace": values["namespace"], "additional_env": environment, "output": "screen"}
    controllers = values["controllers"] or str(config_path("ros2_control", f"{spec.name}.yaml"))
    known = {"robot_description": description}
    return [
        Node(
            package="robot_state_publisher", executable="robot_state_publisher", parameters=[known], **shared
        ),
        Node(
            package="controller_manager", executable="ros2_control_node", parameters=[controllers], **shared
        ),
        Node(
            package="controller_manager",
            executable="spawner",
            # The gate commands on a topic of the controller: what comes before the slash is its name.
            arguments=["joint_state_broadcaster", output.topic.partition("/")[0]],
            **shared,
        ),
    ]


def generate_launch_description() -> LaunchDescription:
    declared = [DeclareLaunchArgument(**argument._asdict()) for argument in ARGUMENTS]
    robot = IncludeLaunchDescription(
        PythonLaunchDescriptionSource(str(Path(__file__).with_name("robot.launch.py"))),
        launch_arguments=[(a.name, LaunchConfiguration(a.name)) for a in arguments(*NODES)],
    )
    return LaunchDescription([*declared, OpaqueFunction(function=start), robot])
