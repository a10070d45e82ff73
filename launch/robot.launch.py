# SPDX-License-Identifier: Apache-2.0
"""The planner and the safety gate, for a robot whose camera, joints and controller are already there."""

from __future__ import annotations

import itertools
import os

from launch import LaunchContext, LaunchDescription, LaunchDescriptionEntity
from launch.actions import DeclareLaunchArgument, EmitEvent, OpaqueFunction, RegisterEventHandler, TimerAction
from launch.event_handlers import OnProcessStart
from launch.events import matches_action
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import LifecycleNode, Node
from launch_ros.event_handlers import OnStateTransition
from launch_ros.events.lifecycle import ChangeState
from lifecycle_msgs.msg import Transition

from ami_ros.launch_arguments import arguments, dds_environment, node_arguments, switch
from ami_ros.share import config_path

ARGUMENTS = arguments("planner", "safety")

# A planner that died is still listed in DDS until its lease ends (20 s), and a request sent before the new
# one is listed beside it is lost. So the new one gets the time to come up.
RESPAWN_WAIT_S = 10.0


def change(node: LifecycleNode, transition: int) -> EmitEvent:
    return EmitEvent(event=ChangeState(lifecycle_node_matcher=matches_action(node), transition_id=transition))


def start(context: LaunchContext) -> list[LaunchDescriptionEntity]:
    values = {argument.name: LaunchConfiguration(argument.name).perform(context) for argument in ARGUMENTS}
    environment = dds_environment(config_path("dds", "large_data_shm.xml"), os.environ)
    safety = Node(**node_arguments("safety", values, environment))
    planner = LifecycleNode(**node_arguments("planner", values, environment))
    if not switch("autostart", values):
        return [safety, planner]

    starts = itertools.count()

    def configure(*_: object) -> list[TimerAction]:
        wait_s = 0.0 if next(starts) == 0 else RESPAWN_WAIT_S
        return [TimerAction(period=wait_s, actions=[change(planner, Transition.TRANSITION_CONFIGURE)])]

    activate = OnStateTransition(
        target_lifecycle_node=planner,
        start_state="configuring",
        goal_state="inactive",
        entities=[change(planner, Transition.TRANSITION_ACTIVATE)],
    )
    configure_on_start = OnProcessStart(target_action=planner, on_start=configure)
    # Handlers before the node, so that they see its first start.
    return [safety, RegisterEventHandler(configure_on_start), RegisterEventHandler(activate), planner]


def generate_launch_description() -> LaunchDescription:
    declared = [DeclareLaunchArgument(**argument._asdict()) for argument in ARGUMENTS]
    return LaunchDescription([*declared, OpaqueFunction(function=start)])
