# SPDX-License-Identifier: Apache-2.0
"""From an episode of a plant to its trends: measured values first, then set points."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ami_ros.body.robot_spec import RobotSpec
from ami_ros.report.trends import Trend
from ami_ros.types import FloatArray

if TYPE_CHECKING:
    from ami_ros.sim.loop.closed_loop import EpisodeResult


def plant_trends(spec: RobotSpec, result: EpisodeResult, sensor: str, demand: FloatArray) -> list[Trend]:
    """Return the trends of an episode.

    Args:
        spec: the plant.
        result: of the episode, through the nodes.
        sensor: whose values are wanted.
        demand: what it should measure (n,).
    """
    trends = []
    for vector in spec.vectors:
        bands = {band.value: (band.low, band.high) for band in vector.envelope}
        for column, (name, unit) in enumerate(vector.values):
            trends.append(
                Trend(
                    name=f"{vector.name}.{name}",
                    unit=unit,
                    times=result.times,
                    measured=np.asarray(result.moments[vector.name])[:, column],
                    demand=float(demand[column]) if vector.name == sensor else None,
                    foreseen=result.foreseen.get(f"{vector.name}.{name}", np.zeros((0, 2))),
                    limits=bands.get(name),
                )
            )
    for column, channel in enumerate(spec.actions.channels):
        limits = (float(channel.low), float(channel.high))
        trends.append(
            Trend(channel.name, channel.unit, result.times, result.commanded[:, column], limits=limits)
        )
    return trends
