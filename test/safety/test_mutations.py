# SPDX-License-Identifier: Apache-2.0
"""Do the tests bite? Each check of the gate is taken out in turn, and a story or the state machine must notice."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from gate_holes import HOLES
from gate_machine import search

from ami_ros.body.gripper import Gripper
from ami_ros.body.link_shapes import LinkShapes
from ami_ros.safety import supervisor
from ami_ros.safety.admission import Admission
from ami_ros.safety.checks.astray import Astray
from ami_ros.safety.checks.doubt import Doubt
from ami_ros.safety.checks.envelope import Envelope
from ami_ros.safety.checks.freshness import Freshness
from ami_ros.safety.checks.gripper import GripperCheck
from ami_ros.safety.checks.heartbeat import Heartbeat
from ami_ros.safety.checks.place_trust import PlaceTrust
from ami_ros.safety.checks.still_image import StillImage
from ami_ros.safety.checks.still_joints import StillJoints
from ami_ros.safety.checks.tracking import Tracking
from ami_ros.safety.gate.estop_buttons import EstopButtons
from ami_ros.safety.limits.keep_in import KeepIn, Place
from ami_ros.safety.limits.lead import Lead
from ami_ros.safety.limits.zones import ZoneLimit, Zones
from ami_ros.safety.motion.braking_distance import BrakingDistance
from ami_ros.safety.motion.channel_state import ChannelState
from ami_ros.safety.motion.in_force import LimitsInForce
from ami_ros.safety.motion.jerk_limit import JerkLimit
from ami_ros.safety.motion.limits import MotionLimits
from ami_ros.safety.motion.stepping import Stepping
from ami_ros.safety.motion.stream_start import StreamStart
from ami_ros.safety.motion.velocity_limit import VelocityLimit
from ami_ros.safety.motion.whereabouts import Whereabouts
from ami_ros.safety.recovery import Recovery
from ami_ros.safety.restrictions import Restrictions
from ami_ros.safety.supervisor import Supervisor
from ami_ros.system.backlog import Backlog
from ami_ros.types import PASS

SEARCH_TICKS = 4000

_limits_of = MotionLimits.of
_excess = Zones.excess
_spheres = LinkShapes.__init__
_give_way = Tracking.give_way
_restrict = LimitsInForce.restrict


def _without(**loosened: float) -> Any:
    """Return MotionLimits.of that knows no such limit."""

    def of(*arguments: Any) -> MotionLimits:
        limits = _limits_of(*arguments)
        replaced = {name: np.full_like(limits.velocity, value) for name, value in loosened.items()}
        return dataclasses.replace(limits, **replaced)

    return staticmethod(of)


def _passes(self: Any, *arguments: Any) -> Any:
    return PASS


def _none(self: Any, *arguments: Any) -> None:
    return None


def _press_harder(self: Any, situation: Any) -> Any:
    way_out = _give_way(self, situation)
    return None if way_out is None else -way_out


def _instantly(self: Any, motion: ChannelState, wanted: Any) -> ChannelState:
    return ChannelState(motion.position + wanted * self._dt_s, wanted, np.zeros_like(wanted))


def _estop_that_does_not_latch(self: Any, pressed: bool, now_ns: int) -> Any:
    self._estop_pressed = pressed
    return PASS


def _rearm_whatever(self: Any, now_ns: int) -> Any:
    self._stopped = None
    return PASS


def _release_is_rearm(self: Any, pressed: bool, now_ns: int) -> Any:
    verdict = _estop(self, pressed, now_ns)
    if not pressed:
        self._stopped = None
    return verdict


def _reset_all(self: Any, elsewhere: bool = False) -> None:
    _reset(self, elsewhere)
    self._stopped = None


def _measured_only(self: Any, situation: Any) -> Any:
    tips = _tips(self, situation)
    return None if tips is None else tips[[1, 1]]


_estop = Supervisor.estop
_reset = Supervisor.reset
_hear = EstopButtons.hear
_tips = StillImage._tips


def _for_everything(self: Any, restrictions: Any) -> None:
    _restrict(self, restrictions)
    self._full = self._now = self._wanted = self._stepping(self._wanted.limits, None)


def _restricted_hold(self: Any, state: ChannelState, way_out: Any = None) -> ChannelState:
    return self._wanted.hold(state)


def _in_one_queue(self: Any, message: Any) -> None:
    self._messages.append(message)


def _whatever_number(self: Any, button: str, pressed: bool, number: int | None = None) -> Any:
    return _hear(self, button, pressed)


def _measured_place_only(self: Any, commanded: Any, now_ns: int) -> None:
    measured = self._whereabouts.at(now_ns)
    self._places = [] if measured is None else [Place(measured)]


def _always_explained(self: Any, pose: Any, expected: Any) -> None:
    self.trust()


def _no_zone(index: int) -> Any:
    def excess(self: Any, position: Any) -> Any:
        found = np.array(_excess(self, position))
        found[..., index:][..., : 1 if index == 0 else None] = -1.0
        return found

    return excess


def _without_links(self: Any, *arguments: Any) -> None:
    _spheres(self, *arguments)
    self.radii = np.where(np.arange(len(self.radii)) == 0, 0.0, -10.0)


MUTANTS: dict[
    str, tuple[Any, str, Any, str]
] = {  # owner, attribute, replacement, the story that should notice
    "admission: shape, names, NaN": (Admission, "_shape", _none, "malformed proposals"),
    "admission: time": (Admission, "_time", _none, "stale and repeated proposals"),
    "admission: start": (Admission, "_start", _none, "malformed proposals"),
    "admission: re-arm forgets nothing": (Admission, "forget_before", _none, "re-arm with an old proposal"),
    "freshness": (Freshness, "judge", _passes, "fault camera_silent"),
    "freshness: joints": (Freshness, "place", _passes, "re-arm with old joints"),
    "still image": (StillImage, "judge", _passes, "fault camera_frozen"),
    "still joints": (StillJoints, "judge", _passes, "joints frozen for a moment"),
    "heartbeat": (Heartbeat, "judge", _passes, "fault planner_dead"),
    "still image: by joint states alone": (StillImage, "_tips", _measured_only, "joints frozen for a moment"),
    "joint trust": (PlaceTrust, "judge", _passes, "two robots, re-arm"),
    "joint trust: a new process": (PlaceTrust, "judge", _passes, "two robots, restart"),
    "stream start": (StreamStart, "wait_s", lambda self, measured: 0.0, "pushed away after a STOP"),
    "doubt: at rest": (Doubt, "_judge_look", _passes, "strange at rest"),
    "doubt": (Doubt, "judge", _passes, "fault planner_doubts"),
    "doubt: never told": (Doubt, "see", _none, "fault planner_unsure"),
    "tracking": (Tracking, "judge", _passes, "robot does not follow"),
    "lead": (Lead, "problem", _none, "wall at full speed"),
    "tracking: gives way to the wrong side": (Tracking, "give_way", _press_harder, "robot does not follow"),
    "envelope": (Envelope, "judge", _passes, "value leaves its band"),
    "envelope: retreats nowhere": (Envelope, "retreat", 0.0, "value leaves its band"),
    "gripper": (GripperCheck, "judge", _passes, "grip slips"),
    "gripper: forgets what it holds": (GripperCheck, "see", _none, "grip unmeasured"),
    "gripper: begins without a grip": (
        Gripper,
        "pressing",
        lambda self, opening, low: opening,
        "gate restarts with a grip",
    ),
    "recovery": (Recovery, "judge", _passes, "fault camera_silent"),
    "braking distance and zones": (Stepping, "_problem", _none, "workspace"),
    "braking distance": (BrakingDistance, "problem", _none, "limits"),
    "zones": (ZoneLimit, "problem", _none, "workspace"),
    "zones: workspace": (Zones, "excess", _no_zone(0), "workspace"),
    "zones: forbidden boxes": (Zones, "excess", _no_zone(1), "forbidden box"),
    "zones: links": (LinkShapes, "__init__", _without_links, "forbidden box"),
    "speed": (VelocityLimit, "limit", lambda self, state, wanted: (wanted, PASS), "direction is kept"),
    "jerk and acceleration": (JerkLimit, "toward", _instantly, "wild planner"),
    "limit: velocity": (MotionLimits, "of", _without(velocity=1e3), "wild planner"),
    "limit: acceleration": (MotionLimits, "of", _without(acceleration=1e3), "wild planner"),
    "limit: jerk": (MotionLimits, "of", _without(jerk=1e6), "wild planner"),
    "limit: lower": (MotionLimits, "of", _without(lower=-np.inf), "limits"),
    "limit: upper": (MotionLimits, "of", _without(upper=np.inf), "limits"),
    "e-stop does not latch": (Supervisor, "estop", _estop_that_does_not_latch, "resume after STOP"),
    "e-stop: release re-arms": (Supervisor, "estop", _release_is_rearm, "resume after STOP"),
    "reset ends a stop": (Supervisor, "reset", _reset_all, "resume after STOP"),
    "re-arm asks nothing": (Supervisor, "rearm", _rearm_whatever, "re-arm in motion"),
    "a check's STOP does not latch": (Supervisor, "_latch", _none, "robot does not follow"),
    "restrictions ignored": (LimitsInForce, "restrict", None, "restrictions bite"),
    "looser restrictions taken": (Restrictions, "check", _none, "looser restrictions"),
    "restrictions: at once, and of a stop, too": (
        LimitsInForce,
        "restrict",
        _for_everything,
        "jerk tightened to 0.002",
    ),
    "restrictions: bind a stop": (
        LimitsInForce,
        "hold",
        _restricted_hold,
        "restrictions do not lengthen a stop",
    ),
    "e-stop: one queue for all": (Backlog, "add", _in_one_queue, "press in a flood"),
    "e-stop: silent buttons count as released": (EstopButtons, "expect", _none, "late gate"),
    "e-stop: each word counts whenever it comes": (
        EstopButtons,
        "hear",
        _whatever_number,
        "words again",
    ),
    "pose: the measured place alone": (KeepIn, "look", _measured_place_only, "pose leapt"),
    "pose: explained whatever it says": (Whereabouts, "_judge", _always_explained, "pose scaled"),
    "pose: still and astray": (Astray, "judge", _passes, "pose frozen"),
    "pose: leaps": (PlaceTrust, "judge", _passes, "pose leapt"),
    "keep in: sliding": (Whereabouts, "_slide", _none, "sliding along the border"),
    "joint states unchecked": (supervisor, "checked_joints", lambda p, *_: np.asarray(p), "fault joints_nan"),
}


def _first_restrictions_only(self: Any, restrictions: Any) -> None:
    if not hasattr(self, "_now"):
        _restrict(self, restrictions)


def noticed(first: str) -> str:
    """Return which story or search failed, and with what; an empty string if none did."""
    trials = {first: HOLES[first], **HOLES, "search": lambda: search(SEARCH_TICKS, 900)}
    for name, story in trials.items():
        error = _error(story)
        if error is not None:
            return f"{name} ({type(error).__name__}: {error})"
    return ""


def _error(story: Callable[[], object]) -> Exception | None:
    try:
        with np.errstate(all="ignore"):
            story()
    except Exception as error:  # a gate that raises is found out as well
        return error
    return None


@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_gate_without_a_check_is_found_out(mutant, monkeypatch):
    owner, name, replacement, story = MUTANTS[mutant]
    monkeypatch.setattr(owner, name, _first_restrictions_only if replacement is None else replacement)
    by = noticed(story)
    print(f"| {mutant} | {by[:90] or 'NOTHING'} |")
    assert by
