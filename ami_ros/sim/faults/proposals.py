# SPDX-License-Identifier: Apache-2.0
"""The proposals of a broken planner."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from ami_ros.types import Trajectory

FAST = 100.0  # times the velocity
OFF_NS = 1_000_000_000  # how far stamps lie in the past or future
FLOOD_HZ = 1000.0


def _with(proposal: Trajectory, value: float) -> Trajectory:
    positions = proposal.positions.copy()
    positions[-1, 0] = value
    return replace(proposal, positions=positions)


def _fast(proposal: Trajectory) -> Trajectory:
    start = proposal.positions[:1]
    positions = start + FAST * (proposal.positions - start)
    return replace(proposal, positions=positions)


def _renamed(proposal: Trajectory) -> Trajectory:
    names = tuple(f"other_{name}" for name in proposal.joint_names)
    return replace(proposal, joint_names=names)


def _empty(proposal: Trajectory) -> Trajectory:
    return replace(
        proposal,
        positions=proposal.positions[:0],
        time_from_start_ns=proposal.time_from_start_ns[:0],
    )


# From a good proposal to the bad one sent instead.
PROPOSAL_FAULTS: dict[str, Callable[[Trajectory], Trajectory]] = {
    "planner_nan": lambda proposal: _with(proposal, np.nan),
    "planner_inf": lambda proposal: _with(proposal, np.inf),
    "planner_fast": _fast,
    "planner_names": _renamed,
    "planner_empty": _empty,
    "planner_stale": lambda proposal: replace(proposal, stamp_ns=proposal.stamp_ns - OFF_NS),
    "planner_future": lambda proposal: replace(proposal, stamp_ns=proposal.stamp_ns + OFF_NS),
    "planner_flood": lambda proposal: proposal,  # not wrong in itself, but FLOOD_HZ of them
}
