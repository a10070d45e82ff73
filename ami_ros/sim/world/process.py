# SPDX-License-Identifier: Apache-2.0
"""A simulated process: values that follow the commanded channels with a lag from the robot's YAML.

Each value obeys x' = (offset + gain u - x) / time_constant. For constant u the solution is exact,
x(t) = end + (x(0) - end) exp(-t / time_constant), so no step size can be too large.
Source: zero-order hold of a first-order system; Astrom and Wittenmark, "Computer-Controlled Systems" (1997),
section 2.3.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ami_ros.body.robot_spec import RobotSpec
from ami_ros.body.simulation import ProcessSimulation
from ami_ros.errors import EmbodimentError, ObservationError
from ami_ros.sim.camera.variation import Variation
from ami_ros.sim.world.world import NO_OBJECTS, Poses
from ami_ros.types import Command, FloatArray, ImageArray, Observation, Reading, checked_vector


class Process:
    """A body without arm; implements `World`.

    Args:
        spec: the body; its simulation is of kind process.
        seed: of the noise, until `vary`.

    Attributes:
        time_ns: simulated time.

    Raises:
        EmbodimentError: another kind of simulation.
    """

    def __init__(self, spec: RobotSpec, seed: int = 0) -> None:
        if not isinstance(spec.simulation, ProcessSimulation):
            raise EmbodimentError(
                f"{spec.name}: simulation: got kind: {spec.simulation.kind}, expected kind: process"
            )
        self._sensors, self._count = spec.simulation.sensors, len(spec.command_names)
        self._order = tuple(spec.sensors)
        self._generator = np.random.default_rng(seed)
        self.time_ns = 0
        self.reset(spec.home)

    def reset(self, start: FloatArray, object_poses: Poses = NO_OBJECTS) -> None:
        """Start at the steady state of the channels at `start` (C,); a process has no objects.

        Raises:
            ObservationError: not C finite numbers.
        """
        self._channels = self._checked(start)
        self._state = {name: sensor.steady(self._channels) for name, sensor in self._sensors.items()}

    def _checked(self, channels: FloatArray) -> FloatArray:
        return checked_vector(channels, "channels of a process", self._count, ObservationError).copy()

    def vary(self, variation: Variation | None, seed: int = 0) -> None:
        """Measure with noise of this seed from now on; there is nothing visible."""
        self._generator = np.random.default_rng(seed)

    def advance(self, command: Command | None, duration_ns: int) -> None:
        """Execute `command` (None keeps the last one) and let `duration_ns` pass.

        Raises:
            ObservationError: the command is not C finite numbers.
        """
        if command is not None:
            self._channels = self._checked(command.position)
        for name, sensor in self._sensors.items():
            end = sensor.steady(self._channels)
            left = np.exp(-(duration_ns / 1e9) / sensor.time_constant)
            self._state[name] = end + (self._state[name] - end) * left
        self.time_ns += duration_ns

    def observe(self) -> Observation:
        """Measure everything now; stamps and arrivals are the simulated time."""
        now = self.time_ns
        return Observation({name: Reading(values, now, now) for name, values in self.vectors().items()})

    def vectors(self) -> dict[str, FloatArray]:
        """Return what each sensor measures now, by name, with noise."""
        measured = {}
        for name in self._order:
            state = self._state[name]
            noise = self._generator.standard_normal(len(state)) * self._sensors[name].noise_std
            measured[name] = state + noise
        return measured

    def image(self, width: int | None = None, height: int | None = None, camera: str = "") -> ImageArray:
        """Refuse: a process is not visible.

        Raises:
            ObservationError: always.
        """
        raise ObservationError(f"got camera {camera!r}, expected none: a process has no camera")

    def body(self) -> dict[str, FloatArray]:
        """Return nothing: a process is nowhere."""
        return {}

    def touching(self) -> frozenset[str]:
        """Return nothing: a process touches nothing."""
        return frozenset()

    def truth(self) -> dict[str, FloatArray]:
        """Return sensor -> its values (n,) without noise."""
        return {name: self._state[name].copy() for name in self._order}

    def snapshot(self) -> dict[str, FloatArray]:
        """Return `truth`: there is no further state."""
        return self.truth()

    def show(self, moment: Mapping[str, FloatArray]) -> None:
        """Restore the state of `snapshot`."""
        self._state = {name: moment[name].copy() for name in self._order}

    def rearrange(self, object_poses: Poses) -> bool:
        """Return True: there are no objects."""
        return True

    def close(self) -> None:
        """Do nothing: it is only numbers."""
