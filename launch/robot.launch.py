# SPDX-License-Identifier: Apache-2.0
"""Planner and safety gate, and a recorder if asked for: the robot's camera, joints and controller are there."""

from __future__ import annotations

import os

from launch import LaunchContext, LaunchDescription
from launch.actions import DeclareLaunchArgument, OpaqueFunction
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node

from ami_ros.body.goals.kinds import goal_remappings
from ami_ros.configuration import Configuration
from ami_ros.launching.arguments import arguments, started
from ami_ros.launching.environment import launch_environment
from ami_ros.settings.share import config_path

NODES = ("planner", "safety", "recorder")
ARGUMENTS = arguments(*NODES)


def start(context: LaunchContext) -> list[Node]:
    values = {argument.name: LaunchConfiguration(argument.name).perform(context) for argument in ARGUMENTS}
    profile = config_path("dds", "large_data_shm.xml")
    environment = launch_environment(values["discovery_range"], profile, os.environ)
    nodes = started(NODES, values, environment)
    if values["goals_from"]:
        spec = Configuration.load(values["robot"] or None, values["task"] or None).spec
        for node in {"planner", "recorder"} & nodes.keys():
            known = dict(nodes[node]["remappings"])
            renamed = [name for name, asked_for in known.items() if name != asked_for]
            known |= goal_remappings(spec, values["goals_from"], renamed)
            nodes[node]["remappings"] = [*known.items()]
    return [Node(**given) for given in nodes.values()]


def generate_launch_description() -> LaunchDescription:
    declared = [DeclareLaunchArgument(**argument._asdict()) for argument in ARGUMENTS]
    return LaunchDescription([*declared, OpaqueFunction(function=start)])
