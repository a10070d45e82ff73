# SPDX-License-Identifier: Apache-2.0
"""Breaks a camera, or what it sees, in the middle of an episode, in process."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection

import numpy as np

from ami_ros.body.robot_spec import RobotSpec
from ami_ros.sim.camera.perturbation import Perturbation
from ami_ros.sim.faults.injection import FaultInjection
from ami_ros.sim.world.world import World
from ami_ros.types import Observation, Reading

MOVED = "camera_moved"
MOVED_SCALE = 2.0  # exactly this multiple of the training range
# Pictures that a model must distinguish from usual ones.
BROKEN = (
    "camera_repeated",
    "camera_black",
    "camera_occluded",
    "camera_shifted",
    MOVED,
    "unknown_object",
    "foreign_world",
)


class BrokenCamera:
    """Passes observations on: first unchanged, then with a fault in the pictures.

    Args:
        world: the body.
        spec: of the body.
        injection: into this world; one for all episodes, because its objects stay in the world.
        fault: one of BROKEN, that this body can have.
        seed: of the draws.
        after: number of unchanged observations.
    """

    def __init__(
        self, world: World, spec: RobotSpec, injection: FaultInjection, fault: str, seed: int, after: int
    ) -> None:
        self._world, self._spec, self._injection = world, spec, injection
        self._fault, self._seed, self._left = fault, seed, after

    def __call__(self, observation: Observation) -> Observation:
        """Return an observation with the fault."""
        self._left -= 1
        if self._left >= 0:
            if self._left == 0:  # a change of the world shows in the next picture
                self._break()
            return observation
        readings = dict(observation.readings)
        for image in self._spec.images:
            seen = readings[image.name]
            for pixels, stamp_ns in self._injection.images(image.name, seen.value, seen.stamp_ns):
                readings[image.name] = Reading(pixels, stamp_ns, seen.arrival_ns)
        return Observation(readings)

    def _break(self) -> None:
        if self._fault == MOVED:
            looks = Perturbation("camera_pose", MOVED_SCALE, exactly=True)
            self._world.vary(looks.variation(self._seed), self._seed)
        else:
            self._injection.want(self._fault, self._seed, self._world.time_ns)

    def mend(self) -> None:
        """Undo the changes to the world."""
        self._injection.want("", self._seed, self._world.time_ns)


def with_black(cameras: Collection[str], observation: Observation) -> Observation:
    """Return an observation in which the pictures of these cameras are black."""
    readings = observation.readings
    black = {
        name: dataclasses.replace(readings[name], value=np.zeros_like(readings[name].value))
        for name in cameras
    }
    return Observation({**readings, **black}) if black else observation
