# SPDX-License-Identifier: Apache-2.0
"""Every reason that the gate can give: its name, its number and what it means."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from ami_ros.errors import ConfigError, shown
from ami_ros.types import Level, Reason, Verdict

# Ours have three digits and are never reused. A foreign one among them could one day mean something of ours.
LOWEST_FOREIGN, HIGHEST_FOREIGN = 1000, 2**31 - 1


class ReasonCode(Enum):
    """A cause of a verdict. Inside the gate a reason is a member, so that a misspelled one is an error.

    Messages carry its name: `Reason.code` is a string, because a check of another package has its own, a
    `ForeignReason`.

    Attributes:
        number: stable; 1xx proposals, 2xx ages and content, 3xx motion limits, 4xx zones, 5xx planner and
            model, 6xx operator and state, 7xx the gate's own health.
        text: one line for people.
    """

    number: int
    text: str

    def __init__(self, number: int, text: str) -> None:
        self.number, self.text = number, text

    PROPOSAL_MALFORMED = 100, "the message is not a valid trajectory"
    PROPOSAL_JOINT_NAMES = 101, "its joints or their order differ from the robot's"
    PROPOSAL_SHAPE = 102, "no points, or not one position per joint and point"
    PROPOSAL_NOT_FINITE = 103, "a position is NaN or infinite"
    PROPOSAL_TIMES = 104, "times of the points do not increase from zero"
    PROPOSAL_OUT_OF_ORDER = 105, "not newer than the last accepted proposal or the re-arm"
    PROPOSAL_STALE = 106, "planned from an observation that is too old"
    PROPOSAL_FUTURE = 107, "stamped further in the future than clocks may differ"
    PROPOSAL_START = 108, "does not start at the robot's position"
    PROPOSAL_BEFORE_JOINTS = 109, "arrived before any joint state: its start cannot be checked"
    PROPOSAL_MISSING = 110, "no proposal to follow yet"
    PROPOSAL_BEFORE_HOLD = 111, "planned before the cause of the hold ended"
    PROPOSAL_FLOOD = 112, "more proposals than a planner sends; the newest counts"
    JOINTS_MISSING = 201, "no joint state yet"
    JOINTS_STALE = 202, "the newest joint state is too old"
    JOINTS_FUTURE = 203, "the newest joint state is from the future"
    JOINTS_FROZEN = 204, "the joint state repeats although motion was commanded"
    JOINTS_CONTRADICT = 205, "joint states contradict each other, or jump further than joints can move"
    JOINTS_UNPROVEN = 206, "joint states have not been consistent for long enough to start from"
    POSE_CONTRADICT = 207, "poses of the base contradict each other, or jump further than it can move"
    POSE_UNPROVEN = 208, "poses of the base have not been consistent for long enough to start from"
    POSE_UNEXPLAINED = 209, "the measured motion of the base differs from its commands"
    CAMERA_MISSING = 211, "no image yet"
    CAMERA_STALE = 212, "the newest image is too old"
    CAMERA_FUTURE = 213, "the newest image is from the future"
    CAMERA_FROZEN = 214, "the image repeats although the robot has moved"
    SENSOR_SHARED = 221, "more than one publisher on a sensor topic"
    MESSAGE_OVERSIZED = 222, "a message larger than any valid one was dropped unread"
    SENSOR_MISSING = 223, "no reading of a sensor yet"
    SENSOR_STALE = 224, "the newest reading of a sensor is too old"
    SENSOR_FUTURE = 225, "the newest reading of a sensor is from the future"
    SENSOR_FROZEN = 226, "a sensor has repeated its reading to the last bit for too long"
    SENSOR_MALFORMED = 227, "the newest reading of a sensor is of the wrong size, or not finite"
    ENVELOPE = (
        228,
        "a measured value is close to the border of its band: slower, or set points are led to their rest",
    )
    ENVELOPE_LEFT = 229, "a measured value is outside its band, or changes too fast"
    ENVELOPE_LOST = 230, "a measured value stays outside its band: a person must check and re-arm"
    GRIPPER_SILENT = (
        231,
        "a gripper that holds something is no longer measured: a person must check",
    )
    POSITION_LIMIT = 301, "a joint is close to its position limit"
    VELOCITY_LIMIT = 302, "faster than a joint may move; all joints slow down in proportion"
    ACCELERATION_LIMIT = 303, "a joint would accelerate too fast"
    JERK_LIMIT = 304, "a joint's acceleration would change too fast"
    VELOCITY_NOT_FINITE = 305, "the wanted velocity is NaN or infinite"
    BRAKING_DISTANCE = 306, "after this step the robot could not stop in time: it brakes"
    TRACKING_ERROR = 307, "the robot is away from its commanded position"
    TRACKING_LOST = 308, "the robot has been away from its commanded position for too long"
    TRACKING_LEAD = 309, "commands would run too far ahead of the robot or stop too late: it may be blocked"
    TIGHTENING = 310, "slows down until it can respect the tighter limits on acceleration and jerk"
    GRIPPER_STUCK = 311, "the fingers of a gripper do not follow their command"
    GRIP_LOST = 312, "the fingers closed further than on what they held: it slipped or broke"
    WORKSPACE = 401, "the tip would leave its box, or stop too late to stay in it"
    FORBIDDEN_BOX = 402, "the tip or a link would enter a forbidden box, or stop too late"
    KEEP_IN = 403, "the base would leave its area, or stop too late to stay in it"
    PLANNER_SILENT = 501, "no sign of life from the planner"
    SURPRISE_HIGH = 502, "observations differ from the model's predictions"
    DISAGREEMENT_HIGH = 503, "the model is unsure of its predictions"
    DOUBT_LASTING = 504, "doubt returned at each try: a person must check and re-arm"
    ESTOP = 601, "the emergency stop was pressed"
    ESTOP_STILL_PRESSED = 602, "re-arm refused: the emergency stop is still pressed"
    STILL_MOVING = 603, "re-arm refused: the robot is not at rest yet"
    STARTING = 604, "the gate has not ticked yet"
    GATE_SHUTTING_DOWN = 605, "the gate is shutting down"
    CLOCK_RESTARTED = 606, "time jumped: the gate forgot all readings"
    COMMANDS_WAIT = 607, "no command until a motion within the limits explains the robot's position"
    ESTOP_UNHEARD = 608, "an emergency stop button has not reported its state yet"
    GATE_LATE = 701, "the gate missed its own ticks"
    FOLLOWING_FAILED = 702, "no motion within the limits was found: the robot brakes"
    GATE_ERROR = 703, "an internal fault: the gate sends no command, and the controller stops the arm"
    GATE_STALLED = 704, "the gate stalled for so long that it starts again"
    CLOCK_JUMPED = 705, "the clock was set while the robot moved: it stops, then the gate starts again"
    COMMAND_SHARED = 706, "another node publishes on the gate's command topic"

    def reason(self, **numbers: float | int | str) -> Reason:
        """Return this reason with the numbers that triggered it, by name with unit."""
        return _reason(self.name, numbers)

    def verdict(self, level: Level, /, **numbers: float | int | str) -> Verdict:
        """Return a verdict for this reason alone."""
        return Verdict(level, (self.reason(**numbers),))


@dataclass(frozen=True)
class ForeignReason:
    """A cause of a verdict of a check or limit in another package, made once, where its module is imported.

    Attributes:
        name: ``package/NAME``; the slash keeps it apart from ours, the package from those of others.
        number: stable, 1000 or more: what is less is, or may become, one of ours.
        text: one line for people.

    Raises:
        ConfigError: a name of another form, a number of ours, or either is another reason's.
    """

    name: str
    number: int
    text: str

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[a-z][a-z0-9_]*/[A-Z][A-Z0-9_]*", self.name):
            raise ConfigError(f"reason: got {shown(self.name)}, expected package/NAME")
        if not LOWEST_FOREIGN <= self.number <= HIGHEST_FOREIGN:
            raise ConfigError(
                f"reason {self.name}: number: got {shown(self.number)}, "
                f"expected {LOWEST_FOREIGN} to {HIGHEST_FOREIGN}: smaller ones belong to ami_ros"
            )
        for other in _foreign.values():
            if other != self and (other.name == self.name or other.number == self.number):
                raise ConfigError(
                    f"reason: got {self}, expected a name and a number other than those of {other}"
                )
        _foreign[self.name] = self

    def reason(self, **numbers: float | int | str) -> Reason:
        """Return this reason with the numbers that triggered it, by name with unit."""
        return _reason(self.name, numbers)

    def verdict(self, level: Level, /, **numbers: float | int | str) -> Verdict:
        """Return a verdict for this reason alone."""
        return Verdict(level, (self.reason(**numbers),))


_foreign: dict[str, ForeignReason] = {}  # those of this process: messages carry their numbers


def _reason(name: str, numbers: Mapping[str, float | int | str]) -> Reason:
    return Reason(name, numbers)


def number_of(code: str) -> int:
    """Return a reason's number; 0 for a name that nobody has declared in this process."""
    known = ReasonCode.__members__.get(code) or _foreign.get(code)
    return 0 if known is None else known.number
