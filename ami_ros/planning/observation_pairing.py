# SPDX-License-Identifier: Apache-2.0
"""Which readings make one observation. Never reads a clock.

The rule: an observation is of its oldest image, or without cameras of its newest reading. It is ready when
each sensor has said something that is new enough for that: joints at least as new, since the plan starts
where the body *is*; a sensor with a slack may be older by so much. Of each the newest reading is taken.
Observations closer together than the planning period are skipped, by their stamps, so the rule is the same
in real and in simulated time. No two begin with the same joints: the gate takes one proposal from each.

A camera that is not required is waited for like any other as long as it lives. When the others have come for
its age limit without it, the observation is made without it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

EARLY_SHARE = 0.1  # of the period: an image that much early is on time, for cameras jitter


@dataclass(frozen=True, eq=False)
class Seen:
    """A reading as it arrived; what it says is decoded only if it is planned from."""

    content: Any
    stamp_ns: int
    arrival_ns: int


class ObservationPairing:
    """Keeps the newest reading of each sensor and tells when to plan from them.

    Args:
        images: names of the cameras.
        vectors: names of the vector sensors -> how much older than the observation they may be, ns.
        period_ns: planning period.
        gap_ns: a vector may be this much newer than the image.
        optional: names of the cameras that are not required -> for how long they are waited for, ns.

    Attributes:
        restarts: how often time was seen to start again (a stamp older than the one before it).
    """

    def __init__(
        self,
        images: Sequence[str],
        vectors: Mapping[str, int],
        period_ns: int,
        gap_ns: int,
        optional: Mapping[str, int] = MappingProxyType({}),
    ) -> None:
        self._all_images, self._vectors, self._optional = images, vectors, optional
        self._spacing_ns = round(period_ns * (1.0 - EARLY_SHARE))
        self._gap_ns = gap_ns
        self.restarts = 0
        self.forget()

    def forget(self) -> None:
        """Drop everything seen."""
        self._seen: dict[str, Seen] = {}
        self._first_ns: int | None = None
        self.plan_again()

    def plan_again(self) -> None:
        """Allow a plan from the next readings whatever their stamps, as for a new goal."""
        self._taken_ns: int | None = None
        self._begun: dict[str, int] = {}  # vectors without slack -> their stamp in the last observation

    def see(self, sensor: str, reading: Seen) -> None:
        """Take a reading."""
        before = self._seen.get(sensor)
        if before is not None and reading.stamp_ns < before.stamp_ns:
            self.forget()
            self.restarts += 1
        self._seen[sensor] = reading
        self._first_ns = reading.stamp_ns if self._first_ns is None else self._first_ns

    def take(self) -> Mapping[str, Seen] | None:
        """Return the readings to plan from now, once; None when there are none."""
        if self._missing():
            return None
        stamp_ns = self._stamp_ns()
        if self._older() or self._ahead_ns() > self._gap_ns:
            return None
        if self._taken_ns is not None and stamp_ns - self._taken_ns < self._spacing_ns:
            return None
        begins = {name: self._seen[name].stamp_ns for name, slack in self._vectors.items() if slack == 0}
        if any(stamp <= self._begun.get(name, stamp - 1) for name, stamp in begins.items()):
            return None
        self._taken_ns, self._begun = stamp_ns, begins
        return {name: self._seen[name] for name in (*self._images, *self._vectors)}

    @property
    def _images(self) -> list[str]:
        """Cameras that count: those that are not required only while they live."""
        if not self._optional or self._first_ns is None:
            return list(self._all_images)
        newest = max(seen.stamp_ns for seen in self._seen.values())
        last = {
            name: self._seen[name].stamp_ns if name in self._seen else self._first_ns
            for name in self._optional
        }
        gone = {name for name, limit_ns in self._optional.items() if newest - last[name] > limit_ns}
        alive = [name for name in self._all_images if name not in gone]
        return alive or list(self._all_images)  # without any, all of them are missed

    def _missing(self) -> list[str]:
        return [name for name in (*self._images, *self._vectors) if name not in self._seen]

    def _stamp_ns(self) -> int:
        if self._images:
            return min(self._seen[name].stamp_ns for name in self._images)
        return max(self._seen[name].stamp_ns for name in self._vectors)

    def _older(self) -> dict[str, int]:
        """Return how much too old vectors are, ns, by name."""
        stamp_ns = self._stamp_ns()
        lags = {name: stamp_ns - slack - self._seen[name].stamp_ns for name, slack in self._vectors.items()}
        return {name: lag for name, lag in lags.items() if lag > 0}

    def _ahead_ns(self) -> int:
        """Return how much newer than the oldest image a vector is."""
        newest = max((self._seen[name].stamp_ns for name in self._vectors), default=0)
        return newest - self._stamp_ns() if self._images else 0

    def waiting_for(self, now_ns: int) -> str:
        """Say what is missing for the next plan, for people."""
        if missing := self._missing():
            return f"no observation yet: waiting for {' and '.join(missing)}"
        if older := self._older():
            name, lag_ns = max(older.items(), key=lambda item: item[1])
            what = "the image" if self._images else "other sensors"
            return f"{name} is {lag_ns / 1e9:.3f} s too old for {what}; waiting for newer readings"
        if self._ahead_ns() > self._gap_ns:
            limit = f"expected at most {self._gap_ns / 1e9:.3f} s (pair_gap_s)"
            names = " or ".join(self._vectors)
            return f"the image is {self._ahead_ns() / 1e9:.3f} s older than {names}, {limit}"
        last = max(self._seen[name].arrival_ns for name in self._images or self._vectors)
        what = "image" if self._images else "reading"
        return f"waiting for a new {what}; the last one came {(now_ns - last) / 1e9:.2f} s ago"
