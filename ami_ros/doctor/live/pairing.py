# SPDX-License-Identifier: Apache-2.0
"""Whether the planner can pair a picture with numbers: by how much their stamps differ."""

from __future__ import annotations

import numpy as np

from ami_ros.body.sensors import ImageSensor, VectorSensor
from ami_ros.doctor.finding import Finding
from ami_ros.doctor.live.heard import HeardTopic


def skew(
    image: ImageSensor, vector: VectorSensor, pictures: HeardTopic, numbers: HeardTopic, gap_s: float
) -> Finding | None:
    """Check by how much the newest numbers are newer than a picture, at the picture's arrival.

    Args:
        image: the camera.
        vector: the other sensor.
        pictures: messages of the camera.
        numbers: messages of the other sensor.
        gap_s: the numbers may be this much newer.

    Returns:
        None if one of them has too few messages.
    """
    told = [(s.arrival_ns, s.arrival_ns if s.stamp_ns is None else s.stamp_ns) for s in numbers.samples]
    seen = [(s.arrival_ns, s.stamp_ns) for s in pictures.samples if s.stamp_ns is not None]
    if not told or not seen:
        return None
    arrivals, newest = np.array(told).T[0], np.maximum.accumulate(np.array(told).T[1])
    before = np.searchsorted(arrivals, np.array(seen).T[0], side="right") - 1
    known = before >= 0
    if not known.any():
        return None
    ahead = (newest[before[known]] - np.array(seen).T[1][known]) / 1e9
    usual, most = float(np.median(ahead)), float(ahead.max())
    name = f"{image.name} and {vector.name}: skew"
    figures = {"skew_s_p50": usual, "skew_s_max": most}
    found = f"{vector.name} {1e3 * usual:+.0f} ms when a picture arrives (at most {1e3 * most:+.0f})"
    if usual > gap_s:
        advice = (
            f"pictures are too old to be paired with them: see {image.name}: latency; or raise pair_gap_s in "
            "config/proposing_node.yaml"
        )
        return Finding(name, "fail", f"{found}, expected {1e3 * gap_s:.0f} (pair_gap_s)", advice, figures)
    if usual < -vector.max_age_s:
        advice = f"the planner waits for newer ones: see {vector.name}: latency; do both use the same clock?"
        return Finding(name, "fail", found, advice, figures)
    if most > gap_s:
        advice = f"the planner skips such pictures: see {image.name}: latency and losses"
        return Finding(name, "warn", f"{found}, expected {1e3 * gap_s:.0f} (pair_gap_s)", advice, figures)
    return Finding(name, "ok", found, "", figures)
