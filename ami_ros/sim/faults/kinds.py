# SPDX-License-Identifier: Apache-2.0
"""A table of what can break on any body. The catalogue selects what applies to one body.

The effect of a fault on a stream is in `camera`, `joints`, `vectors` and `proposals`, on a hand in `grip`.
"""

from __future__ import annotations

from dataclasses import dataclass

from ami_ros.safety.watched_sensor import IMAGE, JOINT_STATES, VECTOR

COMMAND_TIMEOUT = "COMMAND_TIMEOUT"  # reported by the simulated controller: a dead gate cannot report it
PLANNER_ERROR = "PLANNER_ERROR"  # reported by the planner on /diagnostics
SECOND_GATE = "second_gate"
ESTOP, RESTRICTED, BOXES = "estop", "restricted_in_motion", "too_many_boxes"
ESTOP_FLOODED, OVERSIZED_IMAGE = "estop_flooded", "oversized_image"
SIMULATED = ("camera", "joints", "vectors", "clock", "scene", "grip")
CAMERA, JOINTS, VECTORS, CLOCK, SCENE, GRIP = SIMULATED
PROPOSALS, PROCESS, WIRE, OPERATOR = "proposals", "process", "wire", "operator"

# Reasons specific to each kind of sensor: see `safety.sensor_reasons`.
STALE, FUTURE, FROZEN, MALFORMED = "stale", "future", "frozen", "malformed"
ANY_STALE = "any sensor stale"
# What a fault requires of its sensor.
STAMP, FREEZE, ANY_SIZE = "a message with a stamp", "freeze_s", "a message of any size"
BAND = "an envelope"
POSE = "to measure the pose of a base"
OPENING = "to measure the opening of a gripper"

DRIFT_S = 6.0  # a value that drifts is named when it comes near its border
SENSOR_S = 1.2  # by when a fault of a sensor must be named
MODEL_S = 2.0  # the model must have observed some action blocks
POSE_S = 3.0  # a pose is compared with the commands after some way, and a base may be slow
TOLD_S = 1.0  # by when a spoiled proposal or a dead process must be named

DOUBT = ("SURPRISE_HIGH", "DISAGREEMENT_HIGH")
_LIMITS = ("VELOCITY_LIMIT", "POSITION_LIMIT", "BRAKING_DISTANCE")
_ZONES = ("WORKSPACE", "FORBIDDEN_BOX")
# A fast arm's commands move away from the last joint state before it counts as old.
_LEFT_BEHIND = ("TRACKING_ERROR",)
_ENVELOPE = ("ENVELOPE", "ENVELOPE_LEFT", "ENVELOPE_LOST")
_SILENCE = ("PLANNER_SILENT", "PROPOSAL_STALE")
_HAND = ("GRIP_LOST", "GRIPPER_STUCK", *DOUBT)
_BLIND = (*_SILENCE, *_LEFT_BEHIND)


@dataclass(frozen=True)
class FaultKind:
    """One thing that breaks.

    Attributes:
        name: in the catalogue.
        part: the component that applies it: camera, joints, vectors, clock, scene and grip (the simulator),
            proposals (a second planner), wire (messages of others), process (signals and second processes),
            operator (the e-stop).
        effect: what happens, for people.
        named_by: reasons that report it correctly; any one suffices. A sensor's own are STALE and the like.
        within_s: by when, after its first effect; a sensor with a larger age limit has more time.
        tolerable: it may pass unnoticed, because nothing unsafe follows from it.
        follows: reasons that may come first, as they are also true.
        of: kind of the faulty sensor, as the gate watches it; empty for none.
        user: required user of that sensor.
        needs: required property of that sensor.
    """

    name: str
    part: str
    effect: str
    named_by: tuple[str, ...]
    within_s: float
    tolerable: bool = False
    follows: tuple[str, ...] = ()
    of: str = ""
    user: str = "gate"
    needs: tuple[str, ...] = ()


def _camera(
    name: str, effect: str, named_by: tuple[str, ...], tolerable: bool = False, follows: tuple[str, ...] = ()
) -> FaultKind:
    return FaultKind(name, CAMERA, effect, named_by, SENSOR_S, tolerable, follows, IMAGE)


def _picture(name: str, effect: str, *more: str) -> FaultKind:
    return FaultKind(name, CAMERA, effect, (*more, *DOUBT), MODEL_S, of=IMAGE, user="model")


def _joints(
    name: str,
    effect: str,
    *named_by: str,
    tolerable: bool = False,
    follows: tuple[str, ...] = _BLIND,
) -> FaultKind:
    return FaultKind(name, JOINTS, effect, named_by, SENSOR_S, tolerable, follows, JOINT_STATES)


def _vector(
    name: str, effect: str, *named_by: str, needs: tuple[str, ...] = (), follows: tuple[str, ...] = ()
) -> FaultKind:
    more = (*follows, *_SILENCE)
    return FaultKind(name, VECTORS, effect, named_by, SENSOR_S, follows=more, of=VECTOR, needs=needs)


def _pose(name: str, effect: str, *named_by: str) -> FaultKind:
    more = ("POSE_UNEXPLAINED", "TRACKING_ERROR", *DOUBT, *_SILENCE)
    return FaultKind(name, VECTORS, effect, named_by, POSE_S, follows=more, of=VECTOR, needs=(POSE,))


def _grip(name: str, effect: str, *named_by: str) -> FaultKind:
    """Return what breaks in a hand, or to what it holds: unnoticed where it holds and does nothing."""
    return FaultKind(name, GRIP, effect, named_by, MODEL_S, tolerable=True, follows=_HAND)


def _proposals(name: str, effect: str, *named_by: str, follows: tuple[str, ...] = ()) -> FaultKind:
    return FaultKind(name, PROPOSALS, effect, named_by, TOLD_S, follows=follows)


def _oversized(name: str, effect: str, of: str = "") -> FaultKind:
    return FaultKind(name, WIRE, effect, ("MESSAGE_OVERSIZED",), TOLD_S, of=of)


_REPEATED = (*DOUBT, *_LEFT_BEHIND)
KINDS: dict[str, FaultKind] = {
    kind.name: kind
    for kind in (
        _camera(
            "camera_frozen",
            "one image again and again, with its old stamp",
            (STALE, FROZEN),
            follows=_SILENCE,
        ),
        _picture("camera_black", "black images", FROZEN),
        _picture("camera_occluded", "most of the image is covered", FROZEN),
        _picture("camera_shifted", "the camera was knocked: the image is shifted"),
        _camera("camera_delayed", "images arrive 500 ms late, with true stamps", (STALE,), follows=_SILENCE),
        _camera("camera_dropped", "each image is lost with a probability of 50 %", (STALE,), True, _SILENCE),
        _camera("camera_repeated", "one image again and again, with fresh stamps", (FROZEN,), follows=DOUBT),
        _joints("joints_frozen", "one joint state again and again, with its old stamp", STALE, FROZEN),
        _joints(
            "joints_repeated",
            "one joint state again and again, with fresh stamps",
            FROZEN,
            follows=_REPEATED,
        ),
        _joints("joints_delayed", "joint states arrive 500 ms late, with true stamps", STALE),
        _joints("joints_nan", "one position is not a number", STALE),
        _joints("joints_reordered", "joints in another order, with their names", tolerable=True, follows=()),
        _joints("joints_missing", "one joint is missing", STALE),
        _vector("vector_silent", "no reading arrives any more", STALE),
        _vector(
            "vector_frozen",
            "one reading again and again, with its old stamp",
            *(STALE, FROZEN),
            needs=(STAMP,),
            follows=DOUBT,
        ),
        _vector(
            "vector_repeated",
            "one reading again and again, with fresh stamps",
            FROZEN,
            needs=(FREEZE,),
            follows=DOUBT,
        ),
        _vector("vector_delayed", "readings arrive late, with true stamps", STALE, needs=(STAMP,)),
        _vector("vector_nan", "one value is not a number", MALFORMED, follows=(STALE,)),
        _vector("vector_short", "the last value is missing", MALFORMED, needs=(ANY_SIZE,), follows=(STALE,)),
        _vector("vector_outside", "all values read full scale", *_ENVELOPE, needs=(BAND,), follows=DOUBT),
        FaultKind(
            "vector_drifting",
            VECTORS,
            "values drift by half of themselves each second",
            (*_ENVELOPE, *DOUBT),
            DRIFT_S,
            follows=_SILENCE,
            of=VECTOR,
            needs=(BAND,),
        ),
        _vector(
            "vector_future",
            "stamps 2 s ahead",
            FUTURE,
            needs=(STAMP,),
            follows=("PROPOSAL_FUTURE", "PROPOSAL_OUT_OF_ORDER"),
        ),
        _vector(
            "vector_jumping",
            "every other reading has a stamp long before its measurement",
            STALE,
            needs=(STAMP,),
            follows=("PROPOSAL_OUT_OF_ORDER",),
        ),
        _pose("pose_frozen", "the pose repeats with fresh stamps, with a true twist", FROZEN),
        _pose(
            "pose_scaled",
            "the pose reports a third of the way",
            *("POSE_UNEXPLAINED", "TRACKING_ERROR", "TRACKING_LOST"),
        ),
        _pose("pose_jumps", "the pose leaps by half a metre and more", "POSE_CONTRADICT"),
        _pose("odometry_repeated", "all of the odometry repeats with fresh stamps", FROZEN),
        FaultKind(
            "gripper_silent",
            VECTORS,
            "nothing measures the fingers any more",
            ("GRIPPER_SILENT", STALE),
            SENSOR_S,
            follows=_SILENCE,
            of=VECTOR,
            needs=(OPENING,),
        ),
        FaultKind(
            "fingers_lie",
            VECTORS,
            "the fingers report one opening again and again, with fresh stamps",
            ("GRIPPER_STUCK", FROZEN),
            MODEL_S,
            tolerable=True,  # while nothing moves them
            follows=("GRIP_LOST", *_SILENCE, *DOUBT),
            of=VECTOR,
            needs=(OPENING,),
        ),
        _grip("gripper_stuck", "the fingers jam where they are", "GRIPPER_STUCK"),
        _grip("gripper_slips", "the fingers lose their force: what they hold slips", "GRIP_LOST"),
        _grip("object_dropped", "what is in the hand is knocked out of it", "GRIP_LOST"),
        _grip("object_moved", "the nearest object is somewhere else at once", *DOUBT),
        _grip("object_removed", "the nearest object is gone", *DOUBT),
        FaultKind("planner_killed", PROCESS, "SIGKILL to the planner", _SILENCE, TOLD_S),
        FaultKind("planner_hung", PROCESS, "SIGSTOP to the planner", _SILENCE, TOLD_S),
        _proposals("planner_flood", "1000 proposals per second", "PROPOSAL_OUT_OF_ORDER", "PROPOSAL_FLOOD"),
        _proposals("planner_nan", "positions that are not numbers", "PROPOSAL_NOT_FINITE"),
        _proposals("planner_inf", "infinite positions", "PROPOSAL_NOT_FINITE"),
        _proposals(
            "planner_fast",
            "100 times the velocity",
            *_LIMITS,
            *_ZONES,
            follows=("TRACKING_ERROR",),  # where it meets a wall
        ),
        _proposals("planner_names", "another robot's joint names", "PROPOSAL_JOINT_NAMES"),
        _proposals("planner_empty", "no points", "PROPOSAL_SHAPE", "PROPOSAL_MALFORMED"),
        _proposals("planner_stale", "stamps 1 s old", "PROPOSAL_STALE", "PROPOSAL_OUT_OF_ORDER"),
        _proposals("planner_future", "stamps 1 s ahead", "PROPOSAL_FUTURE"),
        FaultKind("gate_killed", PROCESS, "SIGKILL to the gate", (COMMAND_TIMEOUT,), TOLD_S),
        FaultKind(
            "clock_back",
            CLOCK,
            "the robot's clock jumps 2 s back",
            (STALE, "CLOCK_RESTARTED"),
            SENSOR_S,
            follows=("PROPOSAL_OUT_OF_ORDER", *_SILENCE),
        ),
        FaultKind(
            "clock_forward",
            CLOCK,
            "the robot's clock jumps 2 s ahead",
            (FUTURE,),
            SENSOR_S,
            follows=("PROPOSAL_FUTURE", *_SILENCE),
        ),
        FaultKind("unknown_object", SCENE, "an unknown object appears on the table", DOUBT, MODEL_S),
        FaultKind(
            "foreign_world",
            SCENE,
            "other meshes, colours and background at once",
            ("SURPRISE_HIGH",),
            MODEL_S,
            follows=("DISAGREEMENT_HIGH",),
        ),
        FaultKind(
            "joints_contradict",
            WIRE,
            "a second publisher of joint states, with another pose",
            ("JOINTS_CONTRADICT",),
            TOLD_S,
            follows=("PROPOSAL_START", *_LEFT_BEHIND),
            of=JOINT_STATES,
        ),
        _oversized("oversized_joints", "joint states with 50,000 names", JOINT_STATES),
        _oversized("oversized_vector", "readings of a megabyte", VECTOR),
        _oversized("oversized_proposal", "proposals of 200,000 points"),
        _oversized("oversized_report", "reports of the planner with 100,000 values"),
        FaultKind(
            OVERSIZED_IMAGE,
            WIRE,
            "images of 64 MB from a stranger",
            # Where the middleware rejects them before storing them, only the stranger shows.
            ("MESSAGE_OVERSIZED", "SENSOR_SHARED"),
            MODEL_S,  # like another gate: both are detected by the number of publishers
            follows=(ANY_STALE, COMMAND_TIMEOUT, *_SILENCE),  # on a busy machine they crowd out what is small
            of=IMAGE,
        ),
        FaultKind(
            "image_bomb",
            WIRE,
            "a small compressed image that claims 20000 x 20000 pixels",
            (PLANNER_ERROR,),
            MODEL_S,
            follows=(*_SILENCE, "PROPOSAL_OUT_OF_ORDER"),
            of=IMAGE,
            user="model",
        ),
        FaultKind(SECOND_GATE, PROCESS, "another gate on the same topics", ("COMMAND_SHARED",), MODEL_S),
        FaultKind(ESTOP, OPERATOR, "the e-stop is pressed in mid-motion", ("ESTOP",), TOLD_S),
        FaultKind(
            ESTOP_FLOODED,
            OPERATOR,
            "the e-stop is pressed while two strangers report it released 4000 times a second",
            ("ESTOP",),
            TOLD_S,
        ),
        FaultKind(
            RESTRICTED,
            OPERATOR,
            "limits are tightened 20 times a second in mid-motion, then the e-stop is pressed",
            ("ESTOP",),
            TOLD_S,
        ),
        FaultKind(
            BOXES,
            OPERATOR,
            "10,000 forbidden boxes are requested 20 times a second, then the e-stop is pressed",
            ("ESTOP",),
            TOLD_S,
        ),
    )
}
