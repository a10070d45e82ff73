# SPDX-License-Identifier: Apache-2.0
"""A planner with access to the truth: the bound of what is achievable through the gate."""

from __future__ import annotations

import numpy as np

from ami_ros.body.robot_spec import RobotSpec
from ami_ros.sim.tasks.task import Motion
from ami_ros.sim.world.world import World
from ami_ros.types import Goal, Observation, Plan


class Oracle:
    """Turns a scripted motion into plans of one control step; implements `planning.protocols.Planner`.

    Args:
        scene: the truth.
        spec: the robot.
        motion: the script, made for one episode; it knows the goal.
    """

    def __init__(self, scene: World, spec: RobotSpec, motion: Motion) -> None:
        self._scene, self._spec, self._motion = scene, spec, motion

    def set_goal(self, goal: Goal | None) -> None:
        """Do nothing: the script knows where to go."""

    def restart(self) -> None:
        """Do nothing: the script reads the truth at each step."""

    def plan(self, observation: Observation) -> Plan:
        """Return the script's next action; standing still means arrived."""
        action = self._motion.next(self._scene)
        return Plan(
            actions=action[None, None],
            step_ns=self._spec.step_ns,
            cost=0.0,
            cost_terms={},
            distance=0.0,
            arrived=not action.any(),
            predicted=np.zeros((1, 0), dtype=np.float32),
            iterations=0,
            deadline_met=True,
            observation_stamp_ns=observation.stamp_ns,
            proposal="oracle",
        )
