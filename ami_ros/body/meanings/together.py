# SPDX-License-Identifier: Apache-2.0
"""The actions of several groups side by side: each group's part keeps its own meaning."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ami_ros.body.meanings.meaning import Meaning
from ami_ros.body.robot_spec import RobotSpec
from ami_ros.types import FloatArray, Observation, Trajectory


class Together:
    """Implements `Meaning` for a robot of several groups.

    Args:
        spec: the robot.
        meanings: of its groups, in their order.

    Attributes:
        parts: these.
    """

    def __init__(self, spec: RobotSpec, meanings: Sequence[Meaning]) -> None:
        self.parts, self._names = tuple(meanings), spec.command_names
        self._actions = np.cumsum([group.actions.size for group in spec.groups])[:-1]
        self._channels = np.cumsum([len(group.names) for group in spec.groups])[:-1]

    def start(self, observation: Observation) -> FloatArray:
        """Return where the channels of all groups are (C,)."""
        return np.concatenate([meaning.start(observation) for meaning in self.parts])

    def proposal(self, actions: FloatArray, observation: Observation) -> Trajectory:
        """Return what the actions (T, K, A) of all groups lead to, with the stamp of its oldest start."""
        parts = zip(self.parts, np.split(actions, self._actions, axis=-1), strict=True)
        found = [meaning.proposal(part, observation) for meaning, part in parts]
        positions = np.concatenate([part.positions for part in found], axis=1)
        stamp_ns = min(part.stamp_ns for part in found)
        return Trajectory(self._names, positions, found[0].time_from_start_ns, stamp_ns)

    def note(self, actions: FloatArray, observation: Observation) -> None:
        """Note where actions (T, K, A) that somebody else proposes leave unmeasured channels."""
        for meaning, part in zip(self.parts, np.split(actions, self._actions, axis=-1), strict=True):
            meaning.note(part, observation)

    def hold(self, observation: Observation) -> FloatArray:
        """Return the action (A,) that leaves every group as it is."""
        return np.concatenate([meaning.hold(observation) for meaning in self.parts])

    def between(self, start: FloatArray, end: FloatArray, duration_s: float) -> FloatArray:
        """Return the action (A,) that leads the channels of all groups from (C,) to (C,) in that time."""
        parts = zip(self.parts, np.split(start, self._channels), np.split(end, self._channels), strict=True)
        return np.concatenate([meaning.between(here, there, duration_s) for meaning, here, there in parts])

    def forget(self) -> None:
        """Forget the last proposals, as after a reset of the robot."""
        for meaning in self.parts:
            meaning.forget()
