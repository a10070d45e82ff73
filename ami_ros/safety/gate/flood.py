# SPDX-License-Identifier: Apache-2.0
"""Whether proposals come faster than any planner plans."""

from __future__ import annotations

BURST_S = (
    0.25  # as many as the limit allows in this time may arrive at once: after a pause DDS delivers a backlog
)


class ProposalFlood:
    """A leaky bucket: it fills with each proposal and drains at the highest normal rate.

    Args:
        limit_hz: more proposals per second than this, over more than a moment, are a flood.
    """

    def __init__(self, limit_hz: float) -> None:
        self._limit_hz = limit_hz
        self._level = 0.0
        self._newest_ns: int | None = None

    def see(self, count: int, now_ns: int) -> bool:
        """Note `count` proposals since the last call, and return whether this is a flood."""
        elapsed_s = 0.0 if self._newest_ns is None else max(0, now_ns - self._newest_ns) / 1e9
        self._newest_ns = now_ns
        most = 2.0 * self._limit_hz * BURST_S  # so that the verdict ends soon after the flood
        self._level = min(max(0.0, self._level - elapsed_s * self._limit_hz) + count, most)
        return self._level > self._limit_hz * BURST_S
