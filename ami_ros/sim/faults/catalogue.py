# SPDX-License-Identifier: Apache-2.0
"""The faults of one body: which of `kinds` apply to it, and by which names the gate must report them.

A fault of a sensor is ``<kind>@<sensor>``; without the sensor it belongs to the first one that can have it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ami_ros.body.robot_spec import RobotSpec
from ami_ros.body.sensors import VECTOR_MESSAGES, ImageSensor, Sensor, VectorSensor
from ami_ros.body.simulation import ArmSimulation
from ami_ros.errors import ConfigError
from ami_ros.safety.sensor_reasons import AGE_REASONS, FROZEN_REASONS
from ami_ros.safety.watched_sensor import IMAGE, JOINT_STATES, VECTOR, watched_sensors
from ami_ros.sim.faults.kinds import (
    ANY_SIZE,
    ANY_STALE,
    BAND,
    CAMERA,
    CLOCK,
    DOUBT,
    FREEZE,
    FROZEN,
    FUTURE,
    GRIP,
    JOINTS,
    KINDS,
    MALFORMED,
    OPENING,
    POSE,
    PROPOSALS,
    SCENE,
    SENSOR_S,
    STALE,
    STAMP,
    VECTORS,
    FaultKind,
)
from ami_ros.types import Reason

COMBINATION = "combination"
SEPARATOR, AT = "+", "@"
STREAM = 94  # keeps these draws apart from others with the same seed
UNSTAMPED = ("Float64MultiArray",)  # the arrival of such a reading is its stamp
# Faults that may be combined: one of each part, so that none undoes another.
COMBINED = (CAMERA, JOINTS, VECTORS, PROPOSALS)
SLACK_S = 0.7  # after a sensor's age, or repetition, limit
MODEL_BLOCKS = 10  # action blocks that the model must have observed


SENSORS = {IMAGE: "camera", JOINT_STATES: "joints of an arm", VECTOR: "vector sensor besides joints"}


@dataclass(frozen=True)
class Fault:
    """One thing that breaks on a body.

    Attributes:
        name: ``<kind>`` of the first sensor that can have it, else ``<kind>@<sensor>``.
        kind: its name in `KINDS`.
        part: the component that applies it.
        effect: what happens, for people.
        named_by: reasons that report it correctly; any one is enough. A reason that the gate gives with a
            sensor's name is ``<reason>@<sensor>``.
        within_s: by when, after its first effect.
        tolerable: it may pass unnoticed, because nothing unsafe follows from it.
        follows: reasons that may come first, as they are also true.
        sensor: the faulty sensor; empty for none.
    """

    name: str
    kind: str
    part: str
    effect: str
    named_by: frozenset[str]
    within_s: float
    tolerable: bool
    follows: frozenset[str]
    sensor: str = ""


def check_fault(name: str) -> None:
    """Make sure that each part of `name`, names joined by ``+``, is of a known kind; "" means none.

    Raises:
        ConfigError: an unknown name; lists the known ones.
    """
    unknown = [part for part in name.split(SEPARATOR) if part and part.partition(AT)[0] not in KINDS]
    if unknown:
        raise ConfigError(f"got unknown faults {unknown}, expected some of {', '.join(KINDS)}, joined by +")


def told_as(reason: str, sensor: str) -> str:
    """Return a reason given with the name of a sensor, in the form of `Fault.named_by`."""
    return f"{reason}{AT}{sensor}"


def name_of(reason: Reason) -> str:
    """Return a reason's name, with that of its sensor where the gate reports it."""
    return reason.code if reason.sensor is None else told_as(reason.code, reason.sensor)


class Catalogue:
    """The faults of one body.

    Args:
        spec: the body.
        has_model: whether a model observes the robot; an explorer has none.

    Attributes:
        faults: those that apply to it, by name; each of the first sensor that can have it.
        left_out: why the other kinds do not apply, by name.
    """

    def __init__(self, spec: RobotSpec, has_model: bool = True) -> None:
        self._spec, self._has_model = spec, has_model
        self._watched = {sensor.name: sensor for sensor in watched_sensors(spec)}
        self.faults: dict[str, Fault] = {}
        self.left_out: dict[str, str] = {}
        for kind in KINDS.values():
            problems = {name: self._problem(kind, name) for name in self._candidates(kind)}
            fit = [name for name, problem in problems.items() if not problem]
            if fit:
                self.faults[kind.name] = self._fault(kind, fit[0], kind.name)
            else:
                why = (f"{name}: {problem}" if name else problem for name, problem in problems.items())
                self.left_out[kind.name] = "; ".join(why) or f"no {SENSORS[kind.of]}"

    @property
    def names(self) -> tuple[str, ...]:
        """Every fault of the first sensor that can have it, and their combination."""
        return (*self.faults, *([COMBINATION] if len(self._combined) > 1 else []))

    @property
    def _combined(self) -> list[str]:
        parts = {fault.part for fault in self.faults.values()}
        return [part for part in COMBINED if part in parts]

    def find(self, name: str) -> Fault:
        """Return a fault by name.

        Raises:
            ConfigError: no such fault, no such sensor, or it does not apply to this body.
        """
        kind_name, at, sensor = name.partition(AT)
        if kind_name not in KINDS:
            raise ConfigError(
                f"got unknown fault {name!r}, expected one of {', '.join((*KINDS, COMBINATION))}"
            )
        if not at:
            if name in self.left_out:
                raise ConfigError(
                    f"fault {name}: {self._spec.name} cannot have this fault: {self.left_out[name]}"
                )
            return self.faults[name]
        kind = KINDS[kind_name]
        candidates = self._candidates(kind) if kind.of else []
        if sensor not in candidates:
            raise ConfigError(f"fault {name}: got sensor {sensor!r}, expected one of {candidates}")
        if problem := self._problem(kind, sensor):
            raise ConfigError(f"fault {name}: {sensor}: {problem}")
        first = self.faults[kind_name]
        return first if first.sensor == sensor else self._fault(kind, sensor, name)

    def members(self, name: str, seed: int) -> tuple[Fault, ...]:
        """Return the faults behind a name: itself, or the two or more that a combination's seed draws.

        Raises:
            ConfigError: as for `find`.
        """
        if name != COMBINATION:
            return (self.find(name),)
        combined = self._combined
        generator = np.random.default_rng([seed, STREAM])
        parts = generator.permutation(len(combined))[: int(generator.integers(2, len(combined) + 1))]
        drawn = []
        for part in parts:
            choices = [fault for fault in self.faults.values() if fault.part == combined[part]]
            drawn.append(choices[int(generator.integers(len(choices)))])
        return tuple(drawn)

    def combined(self, name: str, seed: int) -> Fault:
        """Return `members` as one fault: named by any of their names, tolerable only if all of them are."""
        parts = self.members(name, seed)
        if len(parts) == 1:
            return parts[0]
        return Fault(
            name=SEPARATOR.join(fault.name for fault in parts),
            kind=name,
            part="mixed",
            effect="; ".join(fault.effect for fault in parts),
            named_by=frozenset().union(*(fault.named_by for fault in parts)),
            within_s=max(fault.within_s for fault in parts),
            tolerable=all(fault.tolerable for fault in parts),
            follows=frozenset().union(*(fault.follows for fault in parts)),
        )

    def _candidates(self, kind: FaultKind) -> list[str]:
        """Return the sensors that could have a fault; only "" where it needs no sensor."""
        joints = next(iter(self._spec.joint_sensors), "")
        of = {
            "": [""],
            IMAGE: [image.name for image in self._spec.images],
            JOINT_STATES: [joints] if joints else [],
            VECTOR: [vector.name for vector in self._spec.vectors if vector.name != joints],
        }
        return of[kind.of]

    def _problem(self, kind: FaultKind, name: str) -> str:
        """Return why a fault does not apply to a sensor, or the body; empty if it does."""
        spec = self._spec
        # Without joints nothing measures how far the body has moved since a picture.
        still = {FROZEN} if kind.of == IMAGE and not spec.arms else set()
        if not self._has_model and kind.named_by and set(kind.named_by) - still <= set(DOUBT):
            return "only a model detects it, and the robot has none"
        if kind.part == SCENE:
            seen = isinstance(spec.simulation, ArmSimulation) and bool(spec.images_for("model"))
            return "" if seen else "it needs a simulated scene with an arm that its model sees"
        if kind.part == GRIP:
            has_hand = isinstance(spec.simulation, ArmSimulation) and spec.simulation.fingers is not None
            return "" if has_hand else "it needs a simulated gripper"
        if kind.part == CLOCK:
            stamped = any(is_stamped(spec.sensors[watched]) for watched in self._watched)
            return "" if stamped else "no sensor that the gate watches has stamps"
        if not kind.of:
            return ""
        sensor = spec.sensors[name]
        if kind.user not in sensor.used_by and not _may_be_missing(sensor):
            return f"not used by the {kind.user}"
        if kind.of == IMAGE and kind.named_by == (FROZEN,) and not spec.arms:
            return "no sensor measures how far the body has moved since the picture"
        return next((f"needs {need}" for need in kind.needs if not self._has(sensor, need)), "")

    def _has(self, sensor: Sensor, need: str) -> bool:
        is_pose = self._spec.base is not None and sensor.name == self._spec.base.sensor
        if need == STAMP:
            return is_stamped(sensor)
        if need == POSE:
            return is_pose
        if need == OPENING:
            return self._spec.gripper is not None and sensor.name == self._spec.gripper.sensor
        if not isinstance(sensor, VectorSensor):
            return False
        if need == FREEZE:  # a base's pose must not stand still either while commands move it
            return sensor.freeze_s is not None or is_pose
        if need == BAND:
            return bool(sensor.envelope)
        return need == ANY_SIZE and VECTOR_MESSAGES[sensor.message] is None

    def _fault(self, kind: FaultKind, sensor: str, name: str) -> Fault:
        within_s = kind.within_s
        if sensor and within_s == SENSOR_S:
            limits = [self._spec.sensors[sensor].max_age_s]
            if kind.named_by == (FROZEN,) and sensor in self._watched:
                limits.append(self._watched[sensor].freeze_s or 0.0)
            within_s = max(within_s, max(limits) + SLACK_S)
        elif "SURPRISE_HIGH" in kind.named_by:
            block_s = self._spec.action_block * self._spec.step_ns / 1e9
            within_s = max(within_s, MODEL_BLOCKS * block_s)
        about = [sensor] if sensor else [n for n in self._watched if is_stamped(self._spec.sensors[n])]
        return Fault(
            name=name,
            kind=kind.name,
            part=kind.part,
            effect=kind.effect,
            named_by=self._reasons(kind.named_by, about),
            within_s=within_s,
            tolerable=kind.tolerable or (bool(sensor) and _may_be_missing(self._spec.sensors[sensor])),
            follows=self._reasons(kind.follows, about),
            sensor=sensor,
        )

    def _reasons(self, names: tuple[str, ...], sensors: list[str]) -> frozenset[str]:
        """Return the names of reasons, with the sensors' own names in place of STALE and the like."""
        found: set[str] = set()
        for name in names:
            if name in (STALE, FUTURE, FROZEN, MALFORMED):
                found |= {self._of_sensor(name, sensor) for sensor in sensors if sensor in self._watched}
            elif name == ANY_STALE:
                found |= {self._of_sensor(STALE, sensor) for sensor in self._watched}
            else:
                found.add(name)
        return frozenset(found)

    def _of_sensor(self, name: str, sensor: str) -> str:
        watched = self._watched[sensor]
        if name == MALFORMED:
            return told_as("SENSOR_MALFORMED", sensor)
        ages = AGE_REASONS[watched.kind]
        reasons = {STALE: ages.stale, FUTURE: ages.future, FROZEN: FROZEN_REASONS[watched.kind]}
        label = watched.label_among(tuple(self._watched.values()))
        return told_as(reasons[name].name, sensor) if label else reasons[name].name


def _may_be_missing(sensor: Sensor) -> bool:
    """Return whether a body continues without a sensor: then its failure need not be reported."""
    return isinstance(sensor, ImageSensor) and not sensor.required and "model" in sensor.used_by


def is_stamped(sensor: Sensor) -> bool:
    """Return whether messages of the sensor carry a stamp."""
    return isinstance(sensor, ImageSensor) or sensor.message not in UNSTAMPED
