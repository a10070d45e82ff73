# SPDX-License-Identifier: Apache-2.0
"""The simulated robot alone: camera, joints and a controller, as a real one would have."""

from __future__ import annotations

import os

from launch import LaunchContext, LaunchDescription
from launch.actions import DeclareLaunchArgument, OpaqueFunction
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node

from ami_ros.launching.arguments import arguments, node_arguments
from ami_ros.launching.environment import launch_environment
from ami_ros.settings.share import config_path

ARGUMENTS = arguments("sim")


def start(context: LaunchContext) -> list[Node]:
    values = {argument.name: LaunchConfiguration(argument.name).perform(context) for argument in ARGUMENTS}
    profile = config_path("dds", "large_data_shm.xml")
    environment = launch_environment(values["discovery_range"], profile, os.environ)
    return [Node(**node_arguments("sim", values, environment))]


def generate_launch_description() -> LaunchDescription:
    declared = [DeclareLaunchArgument(**argument._asdict()) for argument in ARGUMENTS]
    return LaunchDescription([*declared, OpaqueFunction(function=start)])
