# SPDX-License-Identifier: Apache-2.0
"""A planner that remembers while it plans, as the planner's node does with memory on."""

from __future__ import annotations

from pathlib import Path

from ami_ros.configuration import Configuration
from ami_ros.memory.remembering import Remembering
from ami_ros.memory.store import Store
from ami_ros.memory.writer import MemoryWriter
from ami_ros.model.runtime import ModelRuntime
from ami_ros.planning.protocols import Planner
from ami_ros.types import Goal, Observation, Plan


class RememberingPlanner:
    """Implements `ami_ros.planning.protocols.Planner`; its memory does not change the plans.

    Args:
        planner: plans.
        model: its model.
        configuration: robot, task, and how much is remembered.
        file: the memory's file.
    """

    def __init__(
        self, planner: Planner, model: ModelRuntime, configuration: Configuration, file: Path
    ) -> None:
        self._planner = planner
        writer = MemoryWriter(lambda: Store(file), model.sha256, configuration.memory.queue)
        self._follower = Remembering(writer, configuration.spec, configuration.task_name, model.sides)

    def set_goal(self, goal: Goal | None) -> None:
        """Pursue `goal`, as a new episode of the memory."""
        self._planner.set_goal(goal)
        self._follower.pursue(goal)

    def plan(self, observation: Observation) -> Plan:
        """Plan from `observation`, and remember both."""
        plan = self._planner.plan(observation)
        self._follower.see(observation, plan)
        return plan

    def restart(self) -> None:
        """Drop the warm start; the next observation does not continue the last one."""
        self._planner.restart()
        self._follower.restart()

    def close(self) -> None:
        """Write pending memories."""
        self._follower.close()
