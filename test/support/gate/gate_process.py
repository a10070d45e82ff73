# SPDX-License-Identifier: Apache-2.0
"""A process with two set points behind a gate: three sensors that fall silent, freeze, lie, or leave their band."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from gate_channels import ChannelPlant
from set_points import FLOW, HOME, LOWER, PRESSURE, TEMPERATURE, UPPER, plant_body

from ami_ros.body.sensors import ANY_RATE, Band
from ami_ros.types import Command, FloatArray, Level

NEVER_NS = -(2**62)
FLAWS = ("silent", "frozen", "refused", "late", "future")
BAND = Band("inlet", 2.0, 8.0, turn_s=0.4, rate=ANY_RATE)
SENSORS = (TEMPERATURE, replace(PRESSURE, envelope=((0, BAND),)), FLOW)
VALUES = {"pressure high": 9.0, "pressure low": -3.0, "pressure near": 7.9, "pressure odd": np.nan}
CLIMBS, CLIMB = "pressure climbs", 0.012  # per tick, to the border and no further
FLAWED = (CLIMBS, *(f"{sensor.name} {flaw}" for sensor in SENSORS for flaw in FLAWS), *VALUES)
USUAL = 5.0


class ProcessPlant(ChannelPlant):
    """Set points that nothing measures; `flaws` names what is wrong with which sensor.

    With `rests`, a hold leads them to their rest.
    """

    def __init__(self, rests: bool = False) -> None:
        self.flaws: set[str] = set()
        self._content, self._climbed = 0, 0.0
        self._good_ns = {sensor.name: NEVER_NS for sensor in SENSORS}
        self._changed_ns = dict(self._good_ns)
        self.outside = False
        super().__init__(plant_body(sensors=SENSORS, safe=np.array(HOME) if rests else None))

    def mend(self) -> None:
        super().mend()
        self.flaws = set()

    def _feed(self) -> None:
        self._content += 1
        self._climbed = self._climbed + CLIMB if CLIMBS in self.flaws else 0.0
        for sensor in SENSORS:
            name = sensor.name
            flaws = {flaw.partition(" ")[2] for flaw in self.flaws if flaw.startswith(f"{name} ")}
            if "silent" in flaws:
                continue
            if "refused" in flaws:
                self.gate.see_refused(name, "NaN", self.now_ns)
                continue
            off_ns = 5_000_000_000 * ("future" in flaws) - 5_000_000_000 * ("late" in flaws)
            content = 0 if "frozen" in flaws else self._content
            value = min(USUAL + self._climbed, BAND.high)
            value = next((VALUES[flaw] for flaw in sorted(self.flaws) if flaw in VALUES), value)
            self.gate.see_vector(name, content, self.now_ns + off_ns, self.now_ns, np.array([value]))
            if sensor.envelope:
                self.outside = not BAND.low <= value <= BAND.high
            if not off_ns:
                self._good_ns[name] = self.now_ns
                self._changed_ns[name] = self.now_ns if content else self._changed_ns[name]

    def _must_hold(self) -> list[str]:
        found = ["a value outside its band"] if self.outside else []
        for sensor in SENSORS:
            age_s = (self.now_ns - self._good_ns[sensor.name]) / 1e9
            same_s = (self.now_ns - self._changed_ns[sensor.name]) / 1e9
            if age_s > sensor.max_age_s:
                found.append(f"{sensor.name} of {age_s} s")
            if sensor.freeze_s is not None and same_s > sensor.freeze_s + 0.05 and age_s < 0.01:
                found.append(f"{sensor.name} the same for {same_s} s")
        return found

    def _judge(self, must: list[str]) -> None:
        """Set points that have a rest go there in every hold or stop, and never away from it."""
        super()._judge(must)
        if self.verdict.level >= Level.HOLD and self.body.safe is not None:
            bounds = self.oracle.bounds  # a restriction may leave the rest out
            self.oracle.excuse_full_stop()
            self.oracle.give_way(np.clip(self.body.safe, bounds.lower, bounds.upper))

    def _forgotten(self) -> None:
        super()._forgotten()
        self.outside = False
        self._good_ns = {sensor.name: NEVER_NS for sensor in SENSORS}
        self._changed_ns = {sensor.name: self.now_ns for sensor in SENSORS}

    def start_process(self) -> None:
        super().start_process()
        self._at = self.body.home  # nothing tells a new process where the set points were

    def restart_process(self) -> None:
        super().restart_process()
        self.oracle.excuse_leap_to(self._at)

    def _begins_at(self) -> FloatArray | None:
        return self._at

    def _obey(self, command: Command | None) -> None:
        self._at = self._at if command is None else command.position

    def goal_at(self, shares: list[float]) -> FloatArray:
        """Return set points at these shares of a range a little larger than theirs."""
        lower, upper = np.array(LOWER), np.array(UPPER)
        return lower + (1.4 * np.array(shares) - 0.2) * (upper - lower)
