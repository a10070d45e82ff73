# SPDX-License-Identifier: Apache-2.0
"""The planner's memory over topics: ~/remember names the present view, ~/goal_name requests it again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from diagnostic_msgs.msg import DiagnosticArray
from std_msgs.msg import String

from ami_ros.body.robot_spec import RobotSpec
from ami_ros.configuration import Configuration
from ami_ros.errors import GoalError
from ami_ros.memory.eviction import Eviction
from ami_ros.memory.goal_by_name import goal_of, named_goal
from ami_ros.memory.moment import LONGEST_NAME
from ami_ros.memory.remembering import Remembering
from ami_ros.memory.store import Store
from ami_ros.memory.writer import MemoryWriter
from ami_ros.planning.factory import ModelView
from ami_ros.ros.wire.verdicts import judgement_from_ros
from ami_ros.types import Goal

AUTO = "auto"


class PlannerMemory:
    """Follows the planner while it is configured; receives names and goals as long as the node lives.

    Args:
        hear: subscribes to a topic of small messages, and passes them on.
        configuration: robot, task, and the size of the memory.
        path: of the file, or AUTO.
        namespace: of the node.
        on_goal: receives the function that finds a named goal, or raises.
    """

    def __init__(
        self,
        hear: Callable[[Any, str, Callable[[Any], None]], None],
        configuration: Configuration,
        path: str,
        namespace: str,
        on_goal: Callable[[Callable[[], Goal]], None],
    ) -> None:
        self.path = configuration.memory_file(namespace) if path == AUTO else Path(path)
        self._spec: RobotSpec = configuration.spec
        self._task, self._settings, self._on_goal = configuration.task_name, configuration.memory, on_goal
        self._remembering: Remembering | None = None
        self._writer: MemoryWriter | None = None
        hear(String, "~/remember", self._on_remember)
        hear(String, "~/goal_name", self._on_name)
        hear(DiagnosticArray, "safety/verdict", self._on_verdict)

    def begin(self, view: ModelView) -> Remembering:
        """Return the object that stores a model's views from now on.

        Raises:
            MemoryFileError: the file is not ours, damaged, or of a newer version.
            OutputError: it cannot be written.
        """
        generator = np.random.default_rng(self._settings.seed)
        eviction = Eviction(self._settings.most_mb * 10**6, view.sha256, generator)
        Store(self.path).close()  # reports problems of the file before the robot moves
        self._writer = MemoryWriter(lambda: Store(self.path), view.sha256, self._settings.queue, eviction)
        self._remembering = Remembering(self._writer, self._spec, self._task, view.sides)
        return self._remembering

    def rest(self) -> None:
        """Write pending memories, and stop remembering."""
        if self._remembering is not None:
            self._remembering.close()
        self._remembering = self._writer = None

    @property
    def figures(self) -> dict[str, object]:
        """Values for /diagnostics."""
        if self._writer is None:
            return {}
        figures = self._writer.figures
        told: dict[str, object] = {"memory_written": figures.written, "memory_dropped": figures.dropped}
        return told | ({"memory_problem": figures.problem} if figures.problem else {})

    def _on_remember(self, message: String) -> None:
        if self._remembering is None:
            raise GoalError("remember: the planner is not configured; configure and activate it first")
        self._remembering.remember(_name(message))

    def _on_name(self, message: String) -> None:
        self._on_goal(lambda: self._found(_name(message)))

    def _found(self, name: str) -> Goal:
        newest = None if self._remembering is None else self._remembering.named(name)
        if newest is not None:
            return goal_of(newest, name, self._spec)
        return named_goal(self.path, name, self._task, self._spec)

    def _on_verdict(self, message: DiagnosticArray) -> None:
        judgement = judgement_from_ros(message)
        if self._remembering is not None and judgement.proposal_stamp_ns is None:
            self._remembering.judge(judgement.verdict.level)


def _name(message: String) -> str:
    name = message.data.strip()
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise GoalError(f"got {name[:50]!r}, expected a name of 1 to {LONGEST_NAME} printable characters")
    return name
