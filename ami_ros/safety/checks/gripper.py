# SPDX-License-Identifier: Apache-2.0
"""Notice when a gripper loses what it holds, does not follow its commands, or is no longer measured."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ami_ros.body.gripper import Gripper
from ami_ros.safety.check import Check, CheckContext
from ami_ros.safety.events import Event, VectorSeen
from ami_ros.safety.reasons import ReasonCode
from ami_ros.safety.situation import Situation
from ami_ros.settings.fields import setting
from ami_ros.types import PASS, Level, Verdict

PRESSING = 0.5  # share of `press`: a command this far below the opening presses
STEADY = 0.5  # share of the slip: an opening that changes by less is at rest


@dataclass(frozen=True)
class Settings:
    """Thresholds of the check, as shares of a channel's range where they have no unit."""

    slip: float = setting("by how much the opening falls when a grip is lost", gt=0.0, lt=1.0)
    settle_s: float = setting(
        "time at rest after which pressing fingers hold something", gt=0.0, le=10.0, unit="s"
    )
    lost_s: float = setting("how long a lost grip holds the robot", ge=0.0, le=60.0, unit="s")
    follow: float = setting(
        "largest distance of fingers from a command that nothing explains", gt=0.0, lt=1.0
    )
    follow_s: float = setting("time after which such a distance holds the robot", gt=0.0, le=60.0, unit="s")
    silence_s: float = setting(
        "time without measurement that stops a robot with a grip", gt=0.0, le=60.0, unit="s"
    )


class GripperCheck(Check):
    """Watches one channel of a gripper.

    Fingers that press further than they get, and stand still, hold something. So a gripper that jams while it
    closes looks like a grip: only one that does not open, or stays wide open, is known to be stuck.

    Args:
        channel: its name.
        index: of the channel in the group.
        gripper: of the group.
        low: least command, in the unit of the channel.
        high: largest command.
        settings: the thresholds.

    Attributes:
        held: opening at which something is held; None where nothing is.
    """

    def __init__(
        self, channel: str, index: int, gripper: Gripper, low: float, high: float, settings: Settings
    ) -> None:
        self._channel, self._index, self._gripper, self._high = channel, index, gripper, high
        self._slip, self._follow = settings.slip * (high - low), settings.follow * (high - low)
        self._press = PRESSING * gripper.press
        self._settle_ns, self._lost_ns, self._follow_ns, self._silence_ns = (
            round(seconds * 1e9)
            for seconds in (settings.settle_s, settings.lost_s, settings.follow_s, settings.silence_s)
        )
        self.forget()

    def forget(self) -> None:
        """Forget what is held, and what was measured."""
        self.held: float | None = None
        self._opening: float | None = None
        self._arrival_ns = 0
        self._rest, self._rest_ns = np.inf, 0  # an opening, and since when the fingers have been there
        self._lost_at_ns: int | None = None
        self._was_held = 0.0  # the opening of the grip that was lost
        self._apart_ns: int | None = None  # since when the fingers have not followed

    def see(self, event: Event, situation: Situation) -> None:
        """Handle a measured opening."""
        if not isinstance(event, VectorSeen) or event.sensor != self._gripper.sensor or event.values is None:
            return
        opening = float(self._gripper.opening(event.values)[self._index])
        if not np.isfinite(opening):
            return
        self._opening, self._arrival_ns = opening, event.arrival_ns
        if abs(opening - self._rest) > STEADY * self._slip:
            self._rest, self._rest_ns = opening, event.stamp_ns
        if situation.commanded is None:
            return
        commanded = float(situation.commanded[self._index])
        if self.held is not None and commanded > self.held - self._press:
            self.held = None  # it lets go
        if self.held is not None and opening < self.held - self._slip:
            self._lost_at_ns, self._was_held, self.held = situation.now_ns, self.held, None
        is_pressing = commanded <= opening - self._press and not self._is_wide(opening)
        if is_pressing and event.stamp_ns - self._rest_ns >= self._settle_ns:
            self.held = self._rest if self.held is None else self.held

    def _is_wide(self, opening: float) -> bool:
        """Return whether fingers are open as far as they go: nothing that large fits between them."""
        return opening > self._high - self._slip

    def judge(self, situation: Situation) -> Verdict:
        """HOLD after a lost grip and while stuck; STOP where nobody knows whether a grip still holds."""
        now, opening = situation.now_ns, self._opening
        if opening is None:
            return PASS  # that it is missing, another check reports
        numbers: dict[str, float | str] = {"channel": self._channel, "opening": opening}
        silent_ns = now - self._arrival_ns
        if self.held is not None and silent_ns > self._silence_ns:
            return ReasonCode.GRIPPER_SILENT.verdict(
                Level.STOP, **numbers, held=self.held, silent_s=silent_ns / 1e9
            )
        if situation.commanded is None:
            return PASS
        commanded = float(situation.commanded[self._index])
        numbers["commanded"] = commanded
        verdict = PASS
        if self._lost_at_ns is not None and 0 <= now - self._lost_at_ns <= self._lost_ns:
            verdict |= ReasonCode.GRIP_LOST.verdict(Level.HOLD, **numbers, held=self._was_held)
        is_short = commanded - opening > self._follow
        stays_open = opening - commanded > self._follow and self._is_wide(opening)
        if not is_short and not stays_open:
            self._apart_ns = None
            return verdict
        self._apart_ns = now if self._apart_ns is None else min(self._apart_ns, now)
        for_ns = now - self._apart_ns
        if for_ns > self._follow_ns:
            verdict |= ReasonCode.GRIPPER_STUCK.verdict(Level.HOLD, **numbers, for_s=for_ns / 1e9)
        return verdict


def build(context: CheckContext, settings: Settings) -> list[Check]:
    """Return a check of each channel of a gripper."""
    body = context.body
    lower, upper = body.limits.lower, body.limits.upper
    if body.gripper is None or lower is None or upper is None:
        return []
    return [
        GripperCheck(name, index, body.gripper, float(lower[index]), float(upper[index]), settings)
        for index, name in enumerate(body.channels)
    ]
