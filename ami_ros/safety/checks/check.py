# SPDX-License-Identifier: Apache-2.0
"""The interface of a safety check, with defaults for a check that remembers nothing."""

from __future__ import annotations

from abc import ABC, abstractmethod

from ami_ros.safety.events import Event
from ami_ros.safety.situation import Situation
from ami_ros.types import Verdict


class Check(ABC):
    """One reason to slow, hold or stop. A check that only judges need not override `see` and `forget`."""

    @abstractmethod
    def judge(self, situation: Situation) -> Verdict:
        """Return PASS or worse for the situation at one gate tick; never raises, never reads a clock."""

    def see(self, event: Event, situation: Situation) -> None:  # noqa: B027 - most checks do nothing
        """Handle what happened between two ticks: a reading, a report, a re-arm.

        `situation` is what is known with it, as of the last tick. Most events are for other checks.
        """

    def forget(self) -> None:  # noqa: B027
        """Forget what was seen, as after a reset or a jump of the clock."""
