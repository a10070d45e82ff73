# SPDX-License-Identifier: Apache-2.0
"""The interface of a safety check, with defaults for a check that remembers nothing."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

from ami_ros.safety.events import Event
from ami_ros.safety.gate_body import GateBody
from ami_ros.safety.motion.whereabouts import Whereabouts
from ami_ros.safety.settings import SafetySettings
from ami_ros.safety.situation import Situation
from ami_ros.types import PASS, Verdict


@dataclass(frozen=True, eq=False)
class CheckContext:
    """What checks are built from, next to their own settings.

    Attributes:
        body: determines which checks apply; of a robot of several groups, one of them.
        shared: the thresholds that several share.
        proven: trust the very first joint state or pose, as of a simulator.
        whereabouts: of a base, kept up to date by the supervisor.
    """

    body: GateBody
    shared: SafetySettings
    proven: bool
    whereabouts: Whereabouts


class Check(ABC):
    """One reason to slow, hold or stop. A check that only judges need not override the rest.

    Its module has a function ``build(context, settings)``, which returns the checks that fit the body: none,
    one, or one for each sensor.
    """

    @abstractmethod
    def judge(self, situation: Situation) -> Verdict:
        """Return PASS or worse for the situation at one gate tick; never raises, never reads a clock."""

    def see(self, event: Event, situation: Situation) -> None:  # noqa: B027 - most checks do nothing
        """Handle what happened between two ticks: a reading, a report, a re-arm.

        `situation` is what is known with it, as of the last tick. Most events are for other checks.
        """

    def forget(self) -> None:  # noqa: B027
        """Forget what was seen, as after a reset or a jump of the clock."""

    def place(self, situation: Situation) -> Verdict:
        """Return why the body's position is unknown; PASS from a check that does not judge it."""
        return PASS

    @property
    def retreat(self) -> float:
        """Share of the way to the rest of set points by which proposals are led there; the largest counts.

        0: none. 1: all of it, whatever is proposed. Only of set points that a hold leads to their rest.
        """
        return 0.0

    @property
    def speed_share(self) -> float:
        """Share of the wanted velocity that may be used, 0 to 1; the smallest of all checks counts."""
        return 1.0
