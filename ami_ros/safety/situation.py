# SPDX-License-Identifier: Apache-2.0
"""What the checks see at one gate tick."""

from __future__ import annotations

from dataclasses import dataclass

from ami_ros.types import FloatArray, Trajectory


@dataclass(frozen=True, eq=False)
class Situation:
    """Everything known at one tick; None means *never received*.

    Attributes:
        now_ns: the tick's time.
        measured: (J,) joint position of the robot.
        joint_stamp_ns: stamp of the newest joint state.
        joint_arrival_ns: arrival of the newest joint state.
        camera_stamp_ns: stamp of the newest image.
        camera_arrival_ns: arrival of the newest image.
        commanded: (J,) position last commanded.
        proposal: the accepted proposal being followed.
        proposal_arrival_ns: when a proposal was last submitted, accepted or not.
        planner_arrival_ns: arrival of the planner's newest report.
        at_rest: the last command had no velocity, or there was none yet.
    """

    now_ns: int
    measured: FloatArray | None = None
    joint_stamp_ns: int | None = None
    joint_arrival_ns: int | None = None
    camera_stamp_ns: int | None = None
    camera_arrival_ns: int | None = None
    commanded: FloatArray | None = None
    proposal: Trajectory | None = None
    proposal_arrival_ns: int | None = None
    planner_arrival_ns: int | None = None
    at_rest: bool = True
