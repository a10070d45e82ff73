# SPDX-License-Identifier: Apache-2.0
"""What happened to the gates of a test run."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ami_ros.types import Command, Verdict


@dataclass
class Counts:
    """What happened, over all plants of a run: a property over gates that only ever hold would prove nothing."""

    ticks: int = 0
    levels: dict[str, int] = field(default_factory=dict)
    codes: dict[str, int] = field(default_factory=dict)
    moving: int = 0
    rearmed: int = 0
    restarts: int = 0

    def see(self, command: Command | None, verdict: Verdict) -> None:
        self.ticks += 1
        self.levels[verdict.level.name] = self.levels.get(verdict.level.name, 0) + 1
        for reason in verdict.reasons:
            self.codes[reason.code] = self.codes.get(reason.code, 0) + 1
        self.moving += command is not None and bool(np.abs(command.velocity).max() > 1e-3)


COUNTS = Counts()
