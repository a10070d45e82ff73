# SPDX-License-Identifier: Apache-2.0
"""Pairs sensor readings into observations. Never reads a clock.

An observation has the stamp of its oldest image, or without cameras that of its newest reading. It is ready
when every sensor has a recent enough reading. Joints must be at least as new, since the plan starts where the
body *is*; a sensor with slack may be older by that slack. The newest reading of each sensor is used.
Observations closer together than the planning period are skipped by their stamps, so the rule is the same
in real and in simulated time. No two start from the same joints: the gate takes one proposal from each.

An optional camera is waited for like any other while it is alive. Once the others have arrived for its age
limit without it, the observation is made without it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

EARLY_SHARE = 0.1  # of the period: an image this early is on time, because cameras jitter


@dataclass(frozen=True, eq=False)
class Seen:
    """A reading as it arrived; it is decoded only if a plan uses it."""

    content: Any
    stamp_ns: int
    arrival_ns: int


class ObservationPairing:
    """Keeps the newest reading of each sensor and decides when to plan from them.

    Args:
        images: names of the cameras.
        vectors: name of each vector sensor -> how much older than the observation it may be, ns.
        period_ns: planning period.
        gap_ns: how much newer than the image a vector may be.
        optional: name of each optional camera -> how long to wait for it, ns.

    Attributes:
        restarts: how often time started again (a stamp older than the previous one).
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
        """Drop all readings."""
        self._seen: dict[str, Seen] = {}
        self._first_ns: int | None = None
        self.plan_again()

    def plan_again(self) -> None:
        """Allow a plan from the next readings regardless of their stamps, as for a new goal."""
        self._taken_ns: int | None = None
        self._begun: dict[str, int] = {}  # vectors without slack -> their stamp in the last observation

    def see(self, sensor: str, reading: Seen) -> None:
        """Store a reading."""
        before = self._seen.get(sensor)
        if before is not None and reading.stamp_ns < before.stamp_ns:
            self.forget()
            self.restarts += 1
        self._seen[sensor] = reading
        self._first_ns = reading.stamp_ns if self._first_ns is None else self._first_ns

    def take(self) -> Mapping[str, Seen] | None:
        """Return the readings to plan from now, once; None if there are none."""
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
        """Cameras that count; optional ones count only while they are alive."""
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
        """Return by how much vectors are too old, ns, by name."""
        stamp_ns = self._stamp_ns()
        lags = {name: stamp_ns - slack - self._seen[name].stamp_ns for name, slack in self._vectors.items()}
        return {name: lag for name, lag in lags.items() if lag > 0}

    def _ahead_ns(self) -> int:
        """Return how much newer than the oldest image a vector is."""
        newest = max((self._seen[name].stamp_ns for name in self._vectors), default=0)
        return newest - self._stamp_ns() if self._images else 0

    def waiting_for(self, now_ns: int) -> str:
        """Return what is missing for the next plan, as text."""
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
        return f"waiting for a new {what}; the last one arrived {(now_ns - last) / 1e9:.2f} s ago"
