# SPDX-License-Identifier: Apache-2.0
"""The whole loop in simulation: ten goal images, a table, a report page and a video."""

from __future__ import annotations

import os
from pathlib import Path

from launch import LaunchContext, LaunchDescription
from launch.actions import DeclareLaunchArgument, IncludeLaunchDescription, OpaqueFunction, Shutdown
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node

from ami_ros.launching.arguments import TOPICS, arguments
from ami_ros.launching.environment import launch_environment
from ami_ros.settings.share import config_path

ROBOT = ("planner", "safety", "recorder")
# The simulator's goal is the planner's: each sim/reset gives a new one.
ARGUMENTS = arguments("sim", *ROBOT, goals_from="sim")

# What the driver also takes: it reports the model that plans.
CHOSEN = ("out", "robot", "task", "model")


def include(file: str, *nodes: str) -> IncludeLaunchDescription:
    return IncludeLaunchDescription(
        PythonLaunchDescriptionSource(str(Path(__file__).with_name(file))),
        launch_arguments=[(a.name, LaunchConfiguration(a.name)) for a in arguments(*nodes)],
    )


def drive(context: LaunchContext) -> list[Node]:
    chosen = ((name, LaunchConfiguration(name).perform(context)) for name in CHOSEN)
    profile = config_path("dds", "large_data_shm.xml")
    discovery_range = LaunchConfiguration("discovery_range").perform(context)
    options = [text for name, value in chosen if value for text in (f"--{name}", value)]
    driver = Node(
        package="ami_ros",
        executable="ami-ros",
        arguments=["demo", "--attach", *options],
        namespace=LaunchConfiguration("namespace"),
        remappings=[(topic.name, LaunchConfiguration(topic.argument)) for topic in TOPICS],
        additional_env=launch_environment(discovery_range, profile, os.environ),
        output="screen",
        on_exit=Shutdown(),
    )
    return [driver]


def generate_launch_description() -> LaunchDescription:
    declared = [DeclareLaunchArgument(**argument._asdict()) for argument in ARGUMENTS]
    return LaunchDescription(
        [
            *declared,
            DeclareLaunchArgument("out", default_value="demo", description="folder of the report"),
            include("sim.launch.py", "sim"),
            include("robot.launch.py", *ROBOT),
            OpaqueFunction(function=drive),
        ]
    )
