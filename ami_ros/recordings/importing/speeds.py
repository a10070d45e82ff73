# SPDX-License-Identifier: Apache-2.0
"""Recorded velocities that contradict the change of positions."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ami_ros.body.robot_spec import RobotSpec
from ami_ros.recordings.importing.place import Place, place_of
from ami_ros.recordings.importing.signals import Signals
from ami_ros.recordings.importing.track import Times, Track
from ami_ros.recordings.velocity_share import agrees, travelled, velocity_share
from ami_ros.types import FloatArray

WINDOW = 5  # control steps over which motion is compared: within one step, noise dominates
NEAR = 10  # control steps before and after that are judged together: drivers may fail during a recording
LEAST = 5  # windows with motion for a verdict
# Least motion in a window, above noise: rad or m of a joint; m and rad of a base, whose pose is noisier.
MOVED, MOVED_BASE = 0.02, 0.1
TWIST = (("vx", "m/s"), ("vy", "m/s"), ("wz", "rad/s"))  # of a base, in its own frame


class Speeds(NamedTuple):
    """Velocities of one sensor next to the motion of the body.

    Attributes:
        sensor: that reports the velocities.
        names: (n,) of them.
        reported: (N, n) integrated velocities up to each moment.
        moved: (N, n) measured motion up to each moment.
        least: motion in a window that counts.
    """

    sensor: str
    names: tuple[str, ...]
    reported: FloatArray
    moved: FloatArray
    least: float


def wrong_speeds(
    spec: RobotSpec, signals: Signals, times: Times, usable: NDArray[np.bool_]
) -> dict[str, tuple[NDArray[np.bool_], str]]:
    """Return sensor -> steps (N - 1,) whose velocities contradict the motion, and an example.

    Args:
        spec: the robot.
        signals: of the recording.
        times: (N,) moments.
        usable: (N - 1,) steps whose readings of the place are right.
    """
    found: dict[str, tuple[NDArray[np.bool_], str]] = {}
    for speeds in _speeds(spec, signals, times):
        share = _shares(speeds, usable)
        wrong = ~agrees(share)
        if wrong.any():
            step, which = np.argwhere(wrong)[0]
            example = f"{speeds.names[which]}: {share[step, which]:.3g} times the change of the positions"
            found[speeds.sensor] = np.asarray(wrong.any(axis=1)), example
    return found


def _shares(speeds: Speeds, usable: NDArray[np.bool_]) -> FloatArray:
    """Return the share of the motion that velocities report around each step (N - 1, n).

    With little motion, the share of the nearest earlier step applies, else a later one; NaN without motion.
    """
    steps = len(usable)
    first = np.arange(max(steps - WINDOW + 1, 0))
    spoiled = np.concatenate([[0], np.cumsum(~usable)])
    whole = spoiled[first + WINDOW] == spoiled[first]
    moved = speeds.moved[first + WINDOW] - speeds.moved[first]
    reported = speeds.reported[first + WINDOW] - speeds.reported[first]
    counts = whole[:, None] & (np.abs(moved) > speeds.least)

    def around(values: FloatArray) -> FloatArray:
        """Return the sums (N - 1, n) over the windows near each step."""
        sums = np.concatenate([np.zeros((1, values.shape[1])), np.cumsum(values, axis=0)])
        begins = np.clip(np.arange(steps) - NEAR, 0, len(first))
        ends = np.clip(np.arange(steps) + NEAR - WINDOW + 1, 0, len(first))
        near: FloatArray = sums[ends] - sums[begins]
        return near

    products, squares = (around(np.where(counts, way * moved, 0.0)) for way in (reported, moved))
    known = around(counts.astype(np.float64)) >= LEAST
    return _filled(np.where(known, velocity_share(products, squares), np.nan))


def _filled(share: FloatArray) -> FloatArray:
    """Return shares (N, n) with NaN replaced by the last known one, else the next."""
    for turned in (slice(None), slice(None, None, -1)):
        view = share[turned]
        known = np.where(np.isnan(view), 0, np.arange(len(view))[:, None])
        view[:] = np.take_along_axis(view, np.maximum.accumulate(known, axis=0), axis=0)
    return share


def _speeds(spec: RobotSpec, signals: Signals, times: Times) -> list[Speeds]:
    place = place_of(spec)
    if place is None or len(times) < 2:
        return []
    found = _of_base(spec, signals, times, place) if place.radius is not None else None
    if place.radius is None:
        track, count = signals.vectors[place.sensor], len(place.columns)
        names = spec.sensors[place.sensor].names  # type: ignore[union-attr]
        found = [
            Speeds(
                place.sensor, names, _led(track, slice(count, None), times), track.at(times)[:, :count], MOVED
            )
        ]
    # Drivers without velocities send all zeros: these count as missing, for the planner, too.
    return [speeds for speeds in found or [] if speeds.reported.any()]


def _of_base(spec: RobotSpec, signals: Signals, times: Times, place: Place) -> list[Speeds]:
    pose = place.of(Track(times, signals.vectors[place.sensor].at(times)).values)
    middle = 0.5 * (pose[1:, 2] + pose[:-1, 2])
    x, y = np.diff(pose[:, :2], axis=0).T
    cos, sin = np.cos(middle), np.sin(middle)
    steps = {"vx": cos * x + sin * y, "vy": cos * y - sin * x, "wz": np.diff(pose[:, 2])}
    found = []
    for sensor in spec.vectors:
        columns = [pair for pair in TWIST if pair in sensor.values]
        if columns and not sensor.is_joints:
            places = [sensor.values.index(pair) for pair in columns]
            names = tuple(name for name, _ in columns)
            moved = np.stack([np.concatenate([[0.0], np.cumsum(steps[name])]) for name in names], axis=1)
            reported = _led(signals.vectors[sensor.name], places, times)
            found.append(Speeds(sensor.name, names, reported, moved, MOVED_BASE))
    return found


def _led(track: Track, columns: slice | list[int], times: Times) -> FloatArray:
    """Return the integrated velocities of a sensor up to each moment (N, n)."""
    since_s = (track.times - track.times[0]) / 1e9
    way = travelled(since_s, track.values[:, columns])
    return Track(track.times, way).at(times)
