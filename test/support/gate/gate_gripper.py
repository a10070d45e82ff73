# SPDX-License-Identifier: Apache-2.0
"""Two fingers behind a gate, with something between them: it slips, they jam, or nobody measures them."""

from __future__ import annotations

import numpy as np
from gate_channels import ChannelPlant
from gate_plant import TICK_NS

from ami_ros.body.gripper import Gripper
from ami_ros.body.limits import ChannelLimits
from ami_ros.safety.gate_body import GateBody
from ami_ros.safety.watched_sensor import VECTOR, WatchedSensor
from ami_ros.types import Command, FloatArray

WIDEST, SPEED = 0.08, 0.1  # m, m/s
THING = 0.05  # m, between the fingers
PRESS, FORCE = 0.01, 30.0
AGE_S = 0.25
GRIPPER = Gripper("fingers", (0,), FORCE, PRESS)
FLAWS = ("slips", "jams", "silent")


def gripper_body(**changes: object) -> GateBody:
    """Return the body of a gripper; a change replaces a field."""
    limits = {"lower": [0.0], "upper": [WIDEST], "velocity": [SPEED], "acceleration": [2.0], "jerk": None}
    values = {
        "name": "gripper",
        "channels": ("opening",),
        "limits": ChannelLimits.from_mapping({**limits, "effort": None}, 1, "test"),
        "home": np.array([WIDEST]),
        "sensors": (WatchedSensor(GRIPPER.sensor, VECTOR, max_age_s=AGE_S),),
        "gripper": GRIPPER,
    }
    return GateBody(**{**values, **changes})


class GripperPlant(ChannelPlant):
    """Fingers that go where they are commanded, as far as what is between them lets them."""

    def __init__(self) -> None:
        self.flaws: set[str] = set()
        self.opening, self._content = WIDEST, 0
        self._measured_ns = -(2**62)
        super().__init__(gripper_body())

    def mend(self) -> None:
        super().mend()
        self.flaws = set()

    def start_process(self) -> None:
        super().start_process()
        self._at: FloatArray | None = None

    def restart_process(self) -> None:
        super().restart_process()
        self.oracle.excuse_leap_to(self._begins_at())  # nothing tells a new process the last command

    def _feed(self) -> None:
        self._content += 1
        if "silent" not in self.flaws:
            values = np.array([self.opening])
            self.gate.see_vector(GRIPPER.sensor, self._content, self.now_ns, self.now_ns, values)
            self._measured_ns = self.now_ns

    def _must_hold(self) -> list[str]:
        age_s = (self.now_ns - self._measured_ns) / 1e9
        return [f"fingers measured {age_s} s ago"] if age_s > AGE_S else []

    def _begins_at(self) -> FloatArray | None:
        return np.maximum(np.array([self.opening - PRESS]), 0.0) if self._at is None else self._at

    def _obey(self, command: Command | None) -> None:
        if command is None:
            return
        self._at = command.position
        if "jams" in self.flaws:
            return
        wanted = float(command.position[0])
        stopped = wanted if "slips" in self.flaws else max(wanted, min(THING, self.opening))
        reach = SPEED * TICK_NS / 1e9
        self.opening += float(np.clip(stopped - self.opening, -reach, reach))
