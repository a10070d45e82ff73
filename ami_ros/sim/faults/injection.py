# SPDX-License-Identifier: Apache-2.0
"""Applies the faults of camera, joints, clock and scene inside the simulator node."""

from __future__ import annotations

import numpy as np

from ami_ros.body.robot_spec import RobotSpec
from ami_ros.sim.collect.occasion import changed_share
from ami_ros.sim.faults.camera import CAMERA_FAULTS, CameraFault, Frame
from ami_ros.sim.faults.catalogue import CLOCK_JUMP_NS, SEPARATOR, STREAM
from ami_ros.sim.faults.foreign_world import ForeignWorld
from ami_ros.sim.faults.joints import JOINT_FAULTS, JointFault, JointReading
from ami_ros.sim.tasks.task import Task
from ami_ros.sim.world.scene import Scene
from ami_ros.sim.world.tricks import STRANGERS, Tricks
from ami_ros.types import ImageArray

SEEN_SHARE = 0.004  # so much of the image at least differs when the unknown object is in view
PLACES = 50  # tried until one is in view
_JUMPS = {"clock_back": -CLOCK_JUMP_NS, "clock_forward": CLOCK_JUMP_NS}


class FaultInjection:
    """The faults that are on; what the sensors deliver goes through here.

    Args:
        scene: gets the unknown object.
        spec: the robot.
        task: furnishes the foreign world.

    Attributes:
        since_ns: when the fault that is on first had an effect; None before.
    """

    def __init__(self, scene: Scene, spec: RobotSpec, task: Task) -> None:
        self._scene, self._spec, self._task = scene, spec, task
        self._tricks: Tricks | None = None
        self._foreign: ForeignWorld | None = None
        self._wanted = ("", 0)
        self._clear()

    def _clear(self) -> None:
        self.since_ns: int | None = None
        self._jump_ns = 0
        self._camera: list[CameraFault] = []
        self._joints: list[JointFault] = []

    def want(self, name: str, seed: int, now_ns: int) -> None:
        """Switch to the faults of `name` (joined by ``+``, "" for none) unless they are on already."""
        if (name, seed) == self._wanted:
            return
        self._wanted = (name, seed)
        self._clear()
        if self._tricks is not None:
            self._tricks.undo()
        if self._foreign is not None:
            self._foreign.close()
            self._foreign = None
        generator = np.random.default_rng([seed, STREAM, 1])
        for part in name.split(SEPARATOR):
            if part in CAMERA_FAULTS:
                self._camera.append(CAMERA_FAULTS[part](generator))
            elif part in JOINT_FAULTS:
                self._joints.append(JOINT_FAULTS[part](generator, len(self._spec.joint_names)))
            elif part in _JUMPS:
                self._jump_ns = _JUMPS[part]
            elif part == "unknown_object":
                self._show_stranger(generator)
                self.since_ns = now_ns
            elif part == "foreign_world":
                self._foreign = ForeignWorld(self._spec, self._task, seed)

    def images(self, image: ImageArray, stamp_ns: int) -> list[Frame]:
        """Return the images that leave the camera now, with their stamps."""
        if self._foreign is not None:
            image = self._foreign.image(self._scene.snapshot(), self._spec.camera.name)
        frames = [(image, stamp_ns)]
        for fault in self._camera:
            frames = [late for frame in frames for late in fault(*frame)]
        self._note(bool(self._camera or self._jump_ns or self._foreign), stamp_ns)
        return [(pixels, stamp + self._jump_ns) for pixels, stamp in frames]

    def readings(self, reading: JointReading) -> list[JointReading]:
        """Return the joint states that leave the robot now."""
        readings = [reading]
        for fault in self._joints:
            readings = [late for one in readings for late in fault(one)]
        self._note(bool(self._joints or self._jump_ns), reading.stamp_ns)
        jump = self._jump_ns
        return [JointReading(r.names, r.position, r.velocity, r.stamp_ns + jump) for r in readings]

    def _note(self, effective: bool, now_ns: int) -> None:
        if effective and self.since_ns is None:
            self.since_ns = now_ns

    def _show_stranger(self, generator: np.random.Generator) -> None:
        """Put an unknown object where the camera sees it: what is hidden behind the arm is no fault yet."""
        self._tricks = self._tricks or Tricks(self._scene)
        lower, upper = self._spec.workspace[:, :2]
        before = self._scene.image()
        for _ in range(PLACES):
            index, place = int(generator.integers(len(STRANGERS))), generator.uniform(lower, upper)
            self._tricks.show_stranger(index, place)
            if changed_share(before, self._scene.image()) > SEEN_SHARE:
                return
            self._tricks.undo()
        self._tricks.show_stranger(index, place)
