# SPDX-License-Identifier: Apache-2.0
"""What a robot must show, step by step: config/commission.yaml."""

from __future__ import annotations

from dataclasses import dataclass

from ami_ros.commissioning.core.record import BASELINES, FULL, MEDIUM
from ami_ros.settings.fields import setting


@dataclass(frozen=True)
class CommissionSettings:
    """Shares of the authority: of a robot's velocity limits, of the ranges of a plant's set points."""

    slow: float = setting("share of the authority in the first motion", gt=0.0, le=1.0)
    medium: float = setting("the same in the second", gt=0.0, le=1.0)
    full: float = setting("the same in the third", gt=0.0, le=1.0)
    goals: int = setting("at each speed", ge=1, le=1000)
    kept: int = setting("pictures from which goals are chosen", ge=2, le=200)
    shadow_plans: int = setting("plans that are compared", ge=10, le=100_000)
    shadow_s: float = setting("longest time of motion", gt=0.0, le=10_000_000.0, unit="s")
    hindsight_s: float = setting("age of the picture that serves as a goal", gt=0.0, le=86_400.0, unit="s")
    goal_for_s: float = setting("time for which a goal is kept", gt=0.0, le=86_400.0, unit="s")
    least_way: float = setting(
        "least distance of a compared goal, control steps at full speed", gt=0.0, le=100.0
    )
    least_agreement: float = setting("mean cosine of first planned action and way back", ge=-1.0, le=1.0)
    least_gain: float = setting("excess of that over the ways back of other moments", ge=-2.0, le=2.0)
    most_surprised: float = setting("share of pictures that surprise the model", ge=0.0, le=1.0)
    goal_s: float = setting("time for a goal at full speed", gt=0.0, le=86_400.0, unit="s")
    settle_s: float = setting("time for which the planner must report arrival", ge=0.0, le=86_400.0, unit="s")
    within_m: float = setting(
        "largest error of an arm's tip, or of a base's position", gt=0.0, le=10.0, unit="m"
    )
    within_rad: float = setting(
        "largest error of each joint, or of a base's heading", gt=0.0, le=10.0, unit="rad"
    )
    within_share: float = setting(
        "largest error of a plant's measured value: share of what it ranged over in the shadow step",
        gt=0.0,
        le=1.0,
    )
    least_success: float = setting("share of the goals to reach", ge=0.0, le=1.0)
    most_held: float = setting("share of the time for which the gate holds the robot", ge=0.0, le=1.0)
    still_s: float = setting("time until the robot is at rest", gt=0.0, le=60.0, unit="s")
    still_way: float = setting(
        "motion between two checks below which the robot is at rest; of a set point, share of its range",
        gt=0.0,
        le=1.0,
        unit="m|rad",
    )
    recover_s: float = setting("time until the gate lets the robot move again", gt=0.0, le=600.0, unit="s")

    def speed(self, step: str) -> float:
        """Return the share of the authority in one of the steps that move the robot."""
        faster = {MEDIUM: self.medium, **dict.fromkeys((FULL, *BASELINES), self.full)}
        return faster.get(step, self.slow)
