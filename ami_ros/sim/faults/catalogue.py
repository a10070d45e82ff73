# SPDX-License-Identifier: Apache-2.0
"""The fault catalogue: what can break, how it is brought about, and by which names the gate must tell of it.

Pure: what a fault does to a stream is in `camera_faults`, `joint_faults` and `proposal_faults`; `part` tells
who applies it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ami_ros.errors import ConfigError

COMBINATION = "combination"
COMMAND_TIMEOUT = "COMMAND_TIMEOUT"  # said by the simulated controller: a dead gate cannot say it
PLANNER_ERROR = "PLANNER_ERROR"  # said by the planner on /diagnostics
SECOND_GATE = "second_gate"
SEPARATOR = "+"
CLOCK_JUMP_NS = 2_000_000_000
STREAM = 94  # keeps these draws apart from others with the same seed
_SENSOR_S = 1.2  # by when a fault of a sensor must be named
_MODEL_S = 2.0  # the model must have lived through some action blocks
_TOLD_S = 1.0  # by when a spoiled proposal or a dead process must be named

_DOUBT = ("SURPRISE_HIGH", "DISAGREEMENT_HIGH")
_LIMITS = ("VELOCITY_LIMIT", "POSITION_LIMIT", "BRAKING_DISTANCE")
_ZONES = ("WORKSPACE", "FORBIDDEN_BOX")
_NO_STATE = ("JOINTS_STALE",)
# A fast arm's commands leave the last joint state behind before it counts as old.
_LEFT_BEHIND = ("TRACKING_ERROR",)
_SILENCE = ("PLANNER_SILENT", "PROPOSAL_STALE")


@dataclass(frozen=True)
class Fault:
    """One thing that breaks.

    Attributes:
        name: in the catalogue.
        part: who applies it: camera, joints, clock and scene (the simulator), proposals (a second planner),
            wire (messages of others), process (signals and second processes), operator (the e-stop).
        effect: what happens, for people.
        named_by: reasons that tell of it rightly; any one is enough.
        within_s: by when, after its first effect.
        tolerable: it may pass unnoticed, because nothing unsafe follows from it.
        follows: reasons that may come first, for they are true as well.
    """

    name: str
    part: str
    effect: str
    named_by: frozenset[str]
    within_s: float
    tolerable: bool = False
    follows: frozenset[str] = field(default_factory=frozenset)


def _fault(
    name: str,
    part: str,
    effect: str,
    named_by: tuple[str, ...],
    within_s: float,
    tolerable: bool = False,
    follows: tuple[str, ...] = (),
) -> tuple[str, Fault]:
    fault = Fault(name, part, effect, frozenset(named_by), within_s, tolerable, frozenset(follows))
    return name, fault


FAULTS: dict[str, Fault] = dict(
    (
        _fault(
            "camera_frozen",
            "camera",
            "one image again and again, with its old stamp",
            ("CAMERA_STALE", "CAMERA_FROZEN"),
            _SENSOR_S,
            follows=_SILENCE,
        ),
        _fault("camera_black", "camera", "black images", ("CAMERA_FROZEN", *_DOUBT), _MODEL_S),
        _fault(
            "camera_occluded", "camera", "most of the image is covered", ("CAMERA_FROZEN", *_DOUBT), _MODEL_S
        ),
        _fault("camera_shifted", "camera", "the camera was knocked: the image is shifted", _DOUBT, _MODEL_S),
        _fault(
            "camera_delayed",
            "camera",
            "images come 500 ms late, with true stamps",
            ("CAMERA_STALE",),
            _SENSOR_S,
            follows=_SILENCE,
        ),
        _fault(
            "camera_dropped",
            "camera",
            "each image is lost with a chance of 50 %",
            ("CAMERA_STALE",),
            _SENSOR_S,
            True,
            _SILENCE,
        ),
        _fault(
            "camera_repeated",
            "camera",
            "one image again and again, with fresh stamps",
            ("CAMERA_FROZEN",),
            _SENSOR_S,
            follows=_DOUBT,
        ),
        _fault(
            "joints_frozen",
            "joints",
            "one joint state again and again, with its old stamp",
            (*_NO_STATE, "JOINTS_FROZEN"),
            _SENSOR_S,
            follows=(*_SILENCE, *_LEFT_BEHIND),
        ),
        _fault(
            "joints_repeated",
            "joints",
            "one joint state again and again, with fresh stamps",
            ("JOINTS_FROZEN",),
            _SENSOR_S,
            follows=(*_DOUBT, *_LEFT_BEHIND),
        ),
        _fault(
            "joints_delayed",
            "joints",
            "joint states come 500 ms late, with true stamps",
            _NO_STATE,
            _SENSOR_S,
            follows=(*_SILENCE, *_LEFT_BEHIND),
        ),
        _fault(
            "joints_nan",
            "joints",
            "one position is not a number",
            _NO_STATE,
            _SENSOR_S,
            follows=(*_SILENCE, *_LEFT_BEHIND),
        ),
        _fault(
            "joints_reordered", "joints", "joints in another order, with their names", (), _SENSOR_S, True
        ),
        _fault(
            "joints_missing",
            "joints",
            "one joint is missing",
            _NO_STATE,
            _SENSOR_S,
            follows=(*_SILENCE, *_LEFT_BEHIND),
        ),
        _fault("planner_killed", "process", "SIGKILL to the planner", _SILENCE, _TOLD_S),
        _fault("planner_hung", "process", "SIGSTOP to the planner", _SILENCE, _TOLD_S),
        _fault(
            "planner_flood",
            "proposals",
            "1000 proposals per second",
            ("PROPOSAL_OUT_OF_ORDER", "PROPOSAL_FLOOD"),
            _TOLD_S,
        ),
        _fault(
            "planner_nan", "proposals", "positions that are not numbers", ("PROPOSAL_NOT_FINITE",), _TOLD_S
        ),
        _fault("planner_inf", "proposals", "infinite positions", ("PROPOSAL_NOT_FINITE",), _TOLD_S),
        _fault("planner_fast", "proposals", "100 times the velocity", (*_LIMITS, *_ZONES), _TOLD_S),
        _fault(
            "planner_names", "proposals", "another robot's joint names", ("PROPOSAL_JOINT_NAMES",), _TOLD_S
        ),
        _fault("planner_empty", "proposals", "no points", ("PROPOSAL_SHAPE", "PROPOSAL_MALFORMED"), _TOLD_S),
        _fault(
            "planner_stale",
            "proposals",
            "stamps 1 s old",
            ("PROPOSAL_STALE", "PROPOSAL_OUT_OF_ORDER"),
            _TOLD_S,
        ),
        _fault("planner_future", "proposals", "stamps 1 s ahead", ("PROPOSAL_FUTURE",), _TOLD_S),
        _fault("gate_killed", "process", "SIGKILL to the gate", (COMMAND_TIMEOUT,), _TOLD_S),
        _fault(
            "clock_back",
            "clock",
            "the robot's clock jumps 2 s back",
            ("JOINTS_STALE", "CAMERA_STALE", "CLOCK_RESTARTED"),
            _SENSOR_S,
            follows=("PROPOSAL_OUT_OF_ORDER", *_SILENCE),
        ),
        _fault(
            "clock_forward",
            "clock",
            "the robot's clock jumps 2 s ahead",
            ("JOINTS_FUTURE", "CAMERA_FUTURE"),
            _SENSOR_S,
            follows=("PROPOSAL_FUTURE", *_SILENCE),
        ),
        _fault("unknown_object", "scene", "an unknown object appears on the table", _DOUBT, _MODEL_S),
        _fault(
            "foreign_world",
            "scene",
            "other meshes, colours and background at once",
            ("SURPRISE_HIGH",),
            _MODEL_S,
            follows=("DISAGREEMENT_HIGH",),
        ),
        _fault(
            "joints_contradict",
            "wire",
            "a second publisher of joint states, with another pose",
            ("JOINTS_CONTRADICT",),
            _TOLD_S,
            follows=("PROPOSAL_START", *_LEFT_BEHIND),
        ),
        _fault("oversized_joints", "wire", "joint states with 50,000 names", ("MESSAGE_OVERSIZED",), _TOLD_S),
        _fault("oversized_proposal", "wire", "proposals of 200,000 points", ("MESSAGE_OVERSIZED",), _TOLD_S),
        _fault(
            "oversized_report",
            "wire",
            "reports of the planner with 100,000 values",
            ("MESSAGE_OVERSIZED",),
            _TOLD_S,
        ),
        _fault(
            "image_bomb",
            "wire",
            "a small compressed image that claims 20000 x 20000 pixels",
            (PLANNER_ERROR,),
            _MODEL_S,
            follows=(*_SILENCE, "PROPOSAL_OUT_OF_ORDER"),
        ),
        _fault(SECOND_GATE, "process", "another gate on the same topics", ("COMMAND_SHARED",), _MODEL_S),
        _fault("estop", "operator", "the e-stop is pressed in mid-motion", ("ESTOP",), _TOLD_S),
    )
)
NAMES = (*FAULTS, COMBINATION)
# What may be combined: one of each part, so that none undoes another.
_COMBINED = ("camera", "joints", "proposals")


def check_fault(name: str) -> None:
    """Make sure that each part of `name`, names joined by ``+``, is in the catalogue; "" means none.

    Raises:
        ConfigError: an unknown name; lists the known ones.
    """
    unknown = [part for part in name.split(SEPARATOR) if part and part not in FAULTS]
    if unknown:
        raise ConfigError(f"unknown fault {unknown}: expected some of {', '.join(FAULTS)}, joined by +")


def members(name: str, seed: int) -> tuple[Fault, ...]:
    """Return the faults behind a name: itself, or the two or three that a combination's seed draws.

    Raises:
        ConfigError: an unknown name.
    """
    if name != COMBINATION:
        if name not in FAULTS:
            raise ConfigError(f"unknown fault {name!r}: expected one of {', '.join(NAMES)}")
        return (FAULTS[name],)
    generator = np.random.default_rng([seed, STREAM])
    parts = generator.permutation(len(_COMBINED))[: int(generator.integers(2, len(_COMBINED) + 1))]
    drawn = []
    for part in parts:
        choices = [fault for fault in FAULTS.values() if fault.part == _COMBINED[part]]
        drawn.append(choices[int(generator.integers(len(choices)))])
    return tuple(drawn)


def combined(name: str, seed: int) -> Fault:
    """Return `members` as one fault: named by any of their names, tolerable only if all of them are."""
    parts = members(name, seed)
    if len(parts) == 1:
        return parts[0]
    return Fault(
        name=SEPARATOR.join(fault.name for fault in parts),
        part="mixed",
        effect="; ".join(fault.effect for fault in parts),
        named_by=frozenset().union(*(fault.named_by for fault in parts)),
        within_s=max(fault.within_s for fault in parts),
        tolerable=all(fault.tolerable for fault in parts),
        follows=frozenset().union(*(fault.follows for fault in parts)),
    )
