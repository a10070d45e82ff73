# SPDX-License-Identifier: Apache-2.0
"""The whole loop in simulation: the simulator shows the planner a goal image, and the arm goes there."""

from __future__ import annotations

from pathlib import Path

from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, IncludeLaunchDescription
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import LaunchConfiguration

from ami_ros.launch_arguments import arguments

# The simulator's goal image is the planner's goal: each sim/reset gives a new one.
ARGUMENTS = arguments("sim", "planner", "safety", goal_image_topic="sim/goal_image")


def include(file: str, *nodes: str) -> IncludeLaunchDescription:
    return IncludeLaunchDescription(
        PythonLaunchDescriptionSource(str(Path(__file__).with_name(file))),
        launch_arguments=[(a.name, LaunchConfiguration(a.name)) for a in arguments(*nodes)],
    )


def generate_launch_description() -> LaunchDescription:
    declared = [DeclareLaunchArgument(**argument._asdict()) for argument in ARGUMENTS]
    return LaunchDescription(
        [*declared, include("sim.launch.py", "sim"), include("robot.launch.py", "planner", "safety")]
    )
