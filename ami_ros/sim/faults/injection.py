# SPDX-License-Identifier: Apache-2.0
"""Applies the faults of sensors, clock and scene inside the simulator node."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import TypeVar

import numpy as np

from ami_ros.body.base import Base
from ami_ros.body.robot_spec import RobotSpec
from ami_ros.sim.collect.occasion import changed_share
from ami_ros.sim.faults.camera import CAMERA_FAULTS, CameraFault, Frame
from ami_ros.sim.faults.catalogue import SEPARATOR, STREAM, Catalogue, Fault
from ami_ros.sim.faults.foreign_world import ForeignWorld
from ami_ros.sim.faults.grip import GripFaults
from ami_ros.sim.faults.joints import JOINT_FAULTS, JointFault, JointReading
from ami_ros.sim.faults.kinds import GRIP
from ami_ros.sim.faults.poses import POSE_FAULTS
from ami_ros.sim.faults.vectors import OFF_NS, VECTOR_FAULTS, Measured, VectorFault
from ami_ros.sim.tasks.task import Task
from ami_ros.sim.world.arm_stage import ArmStage
from ami_ros.sim.world.tricks import STRANGERS, Tricks
from ami_ros.sim.world.world import World, as_stage
from ami_ros.types import FloatArray, ImageArray

T = TypeVar("T")
ODOMETRY = "odometry_repeated"  # breaks every value of one message
CLOCK_JUMP_NS = 2_000_000_000
SEEN_SHARE = 0.004  # the least share of the image that differs when the unknown object is in view
PLACES = 50  # tried until one is in view
PAST = 2  # times a sensor's age limit: a stamp this far off cannot be right
_JUMPS = {"clock_back": -CLOCK_JUMP_NS, "clock_forward": CLOCK_JUMP_NS}


class FaultInjection:
    """The active faults; all sensor output passes through here.

    Args:
        world: the body; a stage with an arm can get an unknown object, and be shown in another world.
        spec: of the body.
        task: furnishes the foreign world.

    Attributes:
        since_ns: when the active fault first had an effect; None before.
    """

    def __init__(self, world: World, spec: RobotSpec, task: Task) -> None:
        self._world, self._spec, self._task = world, spec, task
        self._catalogue = Catalogue(spec)
        self._tricks: Tricks | None = None
        self._undo: list[Callable[[], None]] = []
        self._wanted = ("", 0)
        self._clear()

    def _clear(self) -> None:
        self.since_ns: int | None = None
        self._jump_ns = 0
        self._shown: Callable[[str], ImageArray] | None = None
        self._cameras: dict[str, list[CameraFault]] = {}
        self._joints: list[JointFault] = []
        self._vectors: dict[str, list[VectorFault]] = {}
        self._awaited: Callable[[], bool] | None = None  # begins a fault; false: not yet
        while self._undo:
            self._undo.pop()()

    def want(self, name: str, seed: int, now_ns: int) -> None:
        """Switch to the faults of `name` (joined by ``+``, "" for none) unless they are already active.

        Raises:
            ConfigError: this body cannot have one of them; then none is active.
        """
        if (name, seed) == self._wanted:
            return
        self._wanted = (name, seed)
        self._clear()
        faults = [self._catalogue.find(part) for part in name.split(SEPARATOR) if part]
        generator = np.random.default_rng([seed, STREAM, 1])
        for fault in faults:
            if fault.kind in CAMERA_FAULTS:
                self._cameras.setdefault(fault.sensor, []).append(CAMERA_FAULTS[fault.kind](generator))
            elif fault.kind in JOINT_FAULTS:
                self._joints.append(JOINT_FAULTS[fault.kind](generator, len(self._spec.joint_names)))
            elif fault.kind in VECTOR_FAULTS:
                off_ns = max(OFF_NS, round(PAST * self._spec.sensors[fault.sensor].max_age_s * 1e9))
                made = VECTOR_FAULTS[fault.kind](generator, off_ns)
                self._vectors.setdefault(fault.sensor, []).append(made)
            elif fault.kind in POSE_FAULTS and self._spec.base is not None:
                self._tell_poses(fault, self._spec.base, generator)
            elif fault.kind in _JUMPS:
                self._jump_ns = _JUMPS[fault.kind]
            elif fault.kind == "unknown_object":
                self._show_stranger(generator)
                self.since_ns = now_ns
            elif fault.kind == "foreign_world":
                self._show_foreign_world(seed)
            elif fault.part == GRIP:
                self._break_grip(fault.kind, generator)

    def _tell_poses(self, fault: Fault, base: Base, generator: np.random.Generator) -> None:
        spec = self._spec
        topic = spec.sensors[fault.sensor].topic
        together = [vector.name for vector in spec.vectors if vector.topic == topic]
        for name in together if fault.kind == ODOMETRY else [fault.sensor]:
            made = POSE_FAULTS[fault.kind](generator, base.columns)
            self._vectors.setdefault(name, []).append(made)

    def _break_grip(self, kind: str, generator: np.random.Generator) -> None:
        stage = self._world
        if isinstance(stage, ArmStage) and stage.hand is not None:  # so says the catalogue
            grip = GripFaults(stage, stage.hand, self._task)
            self._undo.append(grip.mend)
            self._awaited = partial(grip.begin, kind, generator)

    def images(self, camera: str, image: ImageArray, stamp_ns: int) -> list[Frame]:
        """Return the images that leave a camera now, with their stamps."""
        if self._shown is not None:
            image = self._shown(camera)
        faults = self._cameras.get(camera, [])
        frames = _through(faults, (image, stamp_ns))
        self._note(bool(faults or self._jump_ns or self._shown), stamp_ns)
        return [(pixels, stamp + self._jump_ns) for pixels, stamp in frames]

    def joints(self, reading: JointReading) -> list[JointReading]:
        """Return the joint states that leave the robot now."""
        readings = _through(self._joints, reading)
        self._note(bool(self._joints or self._jump_ns), reading.stamp_ns)
        jump = self._jump_ns
        return [JointReading(r.names, r.position, r.velocity, r.stamp_ns + jump) for r in readings]

    def vectors(self, sensor: str, values: FloatArray, stamp_ns: int) -> list[Measured]:
        """Return the readings that leave a vector sensor now, with their stamps."""
        if self._awaited is not None and self._awaited():
            self._awaited, self.since_ns = None, stamp_ns
        faults = self._vectors.get(sensor, [])
        readings = _through(faults, (values, stamp_ns))
        self._note(bool(faults or self._jump_ns), stamp_ns)
        return [(measured, stamp + self._jump_ns) for measured, stamp in readings]

    def _note(self, effective: bool, now_ns: int) -> None:
        if effective and self.since_ns is None:
            self.since_ns = now_ns

    def _show_foreign_world(self, seed: int) -> None:
        foreign = ForeignWorld(self._spec, self._task, seed)
        self._shown = lambda camera: foreign.image(self._world.snapshot(), camera)
        self._undo.append(foreign.close)

    def _show_stranger(self, generator: np.random.Generator) -> None:
        """Put an unknown object where the camera sees it: hidden behind the arm it is no fault yet."""
        tricks = self._tricks = self._tricks or Tricks(as_stage(self._world))
        self._undo.append(tricks.undo)
        lower, upper = self._spec.workspace[:, :2]
        before = self._world.image()
        for _ in range(PLACES):
            index, place = int(generator.integers(len(STRANGERS))), generator.uniform(lower, upper)
            tricks.show_stranger(index, place)
            if changed_share(before, self._world.image()) > SEEN_SHARE:
                return
            tricks.undo()
        tricks.show_stranger(index, place)


def _through(faults: Iterable[Callable[[T], list[T]]], reading: T) -> list[T]:
    """Return a reading after all faults, applied in order."""
    readings = [reading]
    for fault in faults:
        readings = [late for one in readings for late in fault(one)]
    return readings
