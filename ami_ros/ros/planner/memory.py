# SPDX-License-Identifier: Apache-2.0
"""The planner's memory over topics: ~/remember names the present view, a goal by name requests it again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from diagnostic_msgs.msg import DiagnosticArray
from rclpy.node import Node
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
from ami_ros.ros.proposing.sensor_inputs import Handler, bounded
from ami_ros.ros.wire.guard import ErrorLog
from ami_ros.ros.wire.message_limits import MOST_TEXT
from ami_ros.ros.wire.qos import STATE
from ami_ros.ros.wire.verdicts import judgement_from_ros
from ami_ros.types import Goal

AUTO = "auto"


class PlannerMemory:
    """Follows the planner while it is configured; receives names and verdicts as long as the node lives.

    Args:
        node: the planner.
        errors: receives what a handler raises, and messages that are too large.
        configuration: robot, task, and the size of the memory.
        path: of the file, or AUTO.
    """

    def __init__(self, node: Node, errors: ErrorLog, configuration: Configuration, path: str) -> None:
        self.path = configuration.memory_file(node.get_namespace()) if path == AUTO else Path(path)
        self._spec: RobotSpec = configuration.spec
        self._task, self._settings = configuration.task_name, configuration.memory
        self._remembering: Remembering | None = None
        self._writer: MemoryWriter | None = None

        def hear(kind: type, topic: str, handler: Handler) -> None:
            callback = bounded(errors, kind, topic.removeprefix("~/"), MOST_TEXT, handler)
            node.create_subscription(kind, topic, callback, STATE, raw=True)

        hear(String, "~/remember", self._on_remember)
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

    def goal(self, text: str) -> Goal:
        """Return the goal with a name.

        Raises:
            GoalError: the text is no name, or what it names is of another task or other sensors.
            MemoryFileError: no such memory, or no such name in it.
        """
        name = _checked_name(text)
        newest = None if self._remembering is None else self._remembering.named(name)
        if newest is not None:
            return goal_of(newest, name, self._spec)
        return named_goal(self.path, name, self._task, self._spec)

    def _on_remember(self, message: String) -> None:
        if self._remembering is None:
            raise GoalError("remember: the planner is not configured; configure and activate it first")
        self._remembering.remember(_checked_name(message.data))

    def _on_verdict(self, message: DiagnosticArray) -> None:
        judgement = judgement_from_ros(message)
        if self._remembering is not None and judgement.proposal_stamp_ns is None:
            self._remembering.judge(judgement.verdict.level)


def _checked_name(text: str) -> str:
    name = text.strip()
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise GoalError(f"got {name[:50]!r}, expected a name of 1 to {LONGEST_NAME} printable characters")
    return name
