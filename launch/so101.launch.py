# SPDX-License-Identifier: Apache-2.0
"""An SO-101 arm and its USB camera: the drivers alone; planner and gate are those of robot.launch.py."""

from __future__ import annotations

import os

from launch import LaunchContext, LaunchDescription
from launch.actions import DeclareLaunchArgument, OpaqueFunction
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node

from ami_ros.launching.arguments import arguments, started
from ami_ros.launching.environment import launch_environment
from ami_ros.settings.share import config_path

NODES = ("so101", "camera")
ARGUMENTS = arguments(*NODES, robot="so101")


def start(context: LaunchContext) -> list[Node]:
    values = {argument.name: LaunchConfiguration(argument.name).perform(context) for argument in ARGUMENTS}
    profile = config_path("dds", "large_data_shm.xml")
    environment = launch_environment(values["discovery_range"], profile, os.environ)
    return [Node(**given) for given in started(NODES, values, environment).values()]


def generate_launch_description() -> LaunchDescription:
    declared = [DeclareLaunchArgument(**argument._asdict()) for argument in ARGUMENTS]
    return LaunchDescription([*declared, OpaqueFunction(function=start)])
