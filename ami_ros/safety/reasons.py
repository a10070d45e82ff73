# SPDX-License-Identifier: Apache-2.0
"""Every reason that the gate can give: its name, its number and what it means."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple


class Meaning(NamedTuple):
    """What a reason's name stands for.

    Attributes:
        number: stable; 1xx proposals, 2xx ages and content, 3xx motion limits, 4xx zones, 5xx planner and
            model, 6xx operator and state, 7xx the gate's own health.
        text: one line for people.
    """

    number: int
    text: str


REASONS: Mapping[str, Meaning] = MappingProxyType(
    {
        "PROPOSAL_MALFORMED": Meaning(100, "the message is no trajectory"),
        "PROPOSAL_JOINT_NAMES": Meaning(101, "other joints, or another order, than the robot's"),
        "PROPOSAL_SHAPE": Meaning(102, "no points, or not one position per joint and point"),
        "PROPOSAL_NOT_FINITE": Meaning(103, "a position is NaN or infinite"),
        "PROPOSAL_TIMES": Meaning(104, "times of the points do not increase from zero"),
        "PROPOSAL_OUT_OF_ORDER": Meaning(105, "not newer than the last one accepted, or than the re-arm"),
        "PROPOSAL_STALE": Meaning(106, "planned from an observation too long ago"),
        "PROPOSAL_FUTURE": Meaning(107, "stamped further in the future than clocks may differ"),
        "PROPOSAL_START": Meaning(108, "begins where the robot is not"),
        "PROPOSAL_BEFORE_JOINTS": Meaning(109, "came before any joint state: its start cannot be judged"),
        "PROPOSAL_MISSING": Meaning(110, "nothing to follow yet"),
        "PROPOSAL_BEFORE_HOLD": Meaning(111, "planned before the cause of the hold was gone"),
        "PROPOSAL_FLOOD": Meaning(112, "more proposals than any planner makes; the newest counts"),
        "JOINTS_MISSING": Meaning(201, "no joint state yet"),
        "JOINTS_STALE": Meaning(202, "the newest joint state is too old"),
        "JOINTS_FUTURE": Meaning(203, "the newest joint state is from the future"),
        "JOINTS_FROZEN": Meaning(204, "the same joints again although they were told to move"),
        "JOINTS_CONTRADICT": Meaning(
            205, "joint states contradict each other, or move faster than joints can"
        ),
        "JOINTS_UNPROVEN": Meaning(206, "joint states have not agreed for long enough to begin from them"),
        "CAMERA_MISSING": Meaning(211, "no image yet"),
        "CAMERA_STALE": Meaning(212, "the newest image is too old"),
        "CAMERA_FUTURE": Meaning(213, "the newest image is from the future"),
        "CAMERA_FROZEN": Meaning(214, "the same picture again although the robot has moved"),
        "SENSOR_SHARED": Meaning(221, "more than one publisher on a sensor topic"),
        "MESSAGE_OVERSIZED": Meaning(222, "a message larger than the robot can need was dropped unread"),
        "POSITION_LIMIT": Meaning(301, "a joint comes near its position limit"),
        "VELOCITY_LIMIT": Meaning(302, "faster than a joint may move; all are slowed alike"),
        "ACCELERATION_LIMIT": Meaning(303, "a joint would have to change its speed too fast"),
        "JERK_LIMIT": Meaning(304, "a joint would have to change its acceleration too fast"),
        "VELOCITY_NOT_FINITE": Meaning(305, "the wanted velocity is NaN or infinite"),
        "BRAKING_DISTANCE": Meaning(306, "after the wanted step the robot could not stop in time: it brakes"),
        "TRACKING_ERROR": Meaning(307, "the robot is not where it was told to be"),
        "TRACKING_LOST": Meaning(308, "the robot has not been where it was told to be for too long"),
        "WORKSPACE": Meaning(401, "the tip would leave its box, or stop too late to stay in it"),
        "FORBIDDEN_BOX": Meaning(402, "the tip or a link would enter a forbidden box, or stop too late"),
        "PLANNER_SILENT": Meaning(501, "no sign of life from the planner"),
        "SURPRISE_HIGH": Meaning(502, "what happens is not what the model predicts"),
        "DISAGREEMENT_HIGH": Meaning(503, "the model is unsure of what it predicts"),
        "DOUBT_LASTING": Meaning(504, "doubt came back at each try: somebody has to look, and re-arm"),
        "ESTOP": Meaning(601, "the emergency stop was pressed"),
        "ESTOP_STILL_PRESSED": Meaning(602, "re-arm refused: the emergency stop is still pressed"),
        "STILL_MOVING": Meaning(603, "re-arm refused: the robot is not at rest yet"),
        "STARTING": Meaning(604, "the gate has not ticked yet"),
        "GATE_SHUTTING_DOWN": Meaning(605, "the gate was asked to end"),
        "CLOCK_RESTARTED": Meaning(606, "time jumped: everything known was forgotten"),
        "COMMANDS_WAIT": Meaning(
            607, "silent until a motion within the limits explains how the robot got to where it is"
        ),
        "GATE_LATE": Meaning(701, "the gate missed its own ticks"),
        "GATE_ERROR": Meaning(
            703, "a fault inside the gate: no command is sent, the controller stops the arm"
        ),
        "GATE_STALLED": Meaning(704, "the gate stood still for so long that it begins anew"),
        "CLOCK_JUMPED": Meaning(
            705, "the clock was set while the robot moved: it comes to rest, then all begins anew"
        ),
        "COMMAND_SHARED": Meaning(706, "someone else publishes on the gate's command topic"),
        "FOLLOWING_FAILED": Meaning(702, "no motion within the limits was found: the robot brakes"),
    }
)


def number_of(code: str) -> int:
    """Return a reason's number; 0 for a name that is not in the table (a check from outside)."""
    meaning = REASONS.get(code)
    return 0 if meaning is None else meaning.number
