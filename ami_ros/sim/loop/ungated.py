# SPDX-License-Identifier: Apache-2.0
"""No gate, to measure the cost of the gate: in simulation only."""

from __future__ import annotations

import numpy as np

from ami_ros.safety.model_report import ModelReport
from ami_ros.safety.motion.reference import reference
from ami_ros.types import PASS, Command, FloatArray, Trajectory, Verdict


class Ungated:
    """Has the interface of a Supervisor, and follows every proposal exactly. Never on a robot."""

    def __init__(self) -> None:
        self._proposal: Trajectory | None = None

    def see_joints(self, position: FloatArray, stamp_ns: int, arrival_ns: int, sensor: str = "") -> None:
        """Care for nothing."""

    def see_image(self, sensor: str, content: int | None, stamp_ns: int, arrival_ns: int) -> None:
        """Care for nothing."""

    def see_vector(
        self,
        sensor: str,
        content: int | None,
        stamp_ns: int,
        arrival_ns: int,
        values: FloatArray | None = None,
    ) -> None:
        """Care for nothing."""

    def see_refused(self, sensor: str, why: str, arrival_ns: int) -> None:
        """Care for nothing."""

    def see_planner(self, report: ModelReport, arrival_ns: int) -> None:
        """Care for nothing."""

    def submit(self, proposal: Trajectory, now_ns: int) -> Verdict:
        """Follow `proposal` from now on."""
        self._proposal = proposal
        return PASS

    def tick(self, now_ns: int) -> tuple[Command | None, Verdict]:
        """Return where the proposal wants the robot to be at `now_ns`; None before the first one."""
        if self._proposal is None:
            return None, PASS
        position, velocity = reference(self._proposal, now_ns)
        return Command(position, velocity, now_ns, np.zeros_like(position)), PASS
