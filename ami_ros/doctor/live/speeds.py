# SPDX-License-Identifier: Apache-2.0
"""Whether joint velocities match the change of the joint positions."""

from __future__ import annotations

import numpy as np

from ami_ros.body.sensors import VectorSensor
from ami_ros.doctor.finding import Finding
from ami_ros.doctor.live.heard import HeardTopic
from ami_ros.recordings.velocity_share import agrees, travelled, velocity_share

LEAST_TRAVEL = 0.02  # rad or m, sum over the joints: with less, noise dominates


def speeds(sensor: VectorSensor, heard: HeardTopic) -> Finding | None:
    """Check velocities against positions; None without velocities, or if nothing moved far enough."""
    samples = [sample for sample in heard.samples if not sample.error]
    if not sensor.is_joints or len(samples) < 3:
        return None
    table, times = np.array([sample.value for sample in samples]), heard.times / 1e9
    if len(times) != len(table) or (np.diff(times) <= 0.0).any():
        return None  # `losses` reports it
    position, velocity = np.hsplit(table, 2)
    moved, reported = np.diff(position, axis=0), np.diff(travelled(times, velocity), axis=0)
    if np.abs(moved).sum() < LEAST_TRAVEL or not velocity.any():
        return None
    # Over all joints together.
    share = velocity_share(np.array([(reported * moved).sum()]), np.array([(moved * moved).sum()]))
    name, figures = f"{sensor.name}: velocities", {"velocity_share": float(share[0])}
    found = f"{share[0]:.3g} times the change of the positions"
    if agrees(share).all():
        return Finding(name, "ok", found, "", figures)
    unit = " or ".join(dict.fromkeys(sensor.units[len(sensor.names) :]))
    advice = f"make the driver send velocities in {unit} and in the order of the names, or not at all"
    return Finding(name, "warn", found, advice, figures)
