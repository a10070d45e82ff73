# SPDX-License-Identifier: Apache-2.0
"""Frozen readings: the same to the last bit although another signal shows that the body moves."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from ami_ros.body.robot_spec import RobotSpec
from ami_ros.recordings.importing.commands import CommandReader
from ami_ros.recordings.importing.frames import BLOCK, Frames
from ami_ros.recordings.importing.place import SensorTrust, place_of
from ami_ros.recordings.importing.signals import Signals
from ami_ros.recordings.importing.track import Times, Track
from ami_ros.types import FloatArray

LEAST = 3  # control steps: fewer of them do not suffice for pictures
# A scene has changed when a picture differs from the first by more than this (of 255, the mean over all
# pixels), and by this multiple of the difference of consecutive pictures: noise does not accumulate.
CHANGED, NOISE = 1.0, 2.0


def still_steps(
    spec: RobotSpec,
    signals: Signals,
    times: Times,
    frames: Mapping[str, NDArray[np.int64]],
    trust: SensorTrust,
) -> dict[str, NDArray[np.bool_]]:
    """Return sensor -> frozen steps (N - 1,).

    A sensor with `freeze_s` is frozen when it repeats for longer. The place of the body (joints, or the pose
    of a base) is frozen when it repeats while pictures change, or while commands move further than
    `still_joints_travel`. At rest a sensor may repeat for as long as nothing moves.

    Args:
        spec: the robot.
        signals: of the recording.
        times: (N,) moments.
        frames: camera -> (N,) indices of its pictures.
        trust: how far commands may move.
    """
    found: dict[str, NDArray[np.bool_]] = {}
    place = place_of(spec)
    for sensor in spec.vectors:
        track, frozen = signals.vectors[sensor.name], np.zeros(max(len(times) - 1, 0), dtype=bool)
        is_place = place is not None and place.sensor == sensor.name
        values = place.of(track.values) if place is not None and is_place else track.values
        for begin, end in _repeats(Track(track.times, values), times):
            lasts_s, moments = (times[end] - times[begin]) / 1e9, slice(begin, end + 1)
            wrong = sensor.freeze_s is not None and lasts_s > sensor.freeze_s
            if not wrong and is_place and end - begin >= LEAST:
                wrong = any(
                    _changes(signals.frames[name], places[moments]) for name, places in frames.items()
                ) or _is_led(signals.commands, times[moments], trust.still_joints_travel)
            if wrong:  # with the steps between such a reading and another one
                frozen[max(begin - 1, 0) : end + 2] = True
        if frozen.any():
            found[sensor.name] = frozen
    return found


def stretches(true: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Return (begin, end) of each stretch of true steps."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], true, [False]])))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def _repeats(track: Track, times: Times) -> list[tuple[int, int]]:
    """Return (first moment, last moment) of stretches of control steps with identical readings."""
    changes = (np.diff(track.values, axis=0) != 0.0).any(axis=1)
    stretch = np.concatenate([[0], np.cumsum(changes)])
    before = np.clip(np.searchsorted(track.times, times, side="right") - 1, 0, len(stretch) - 1)
    after = np.clip(np.searchsorted(track.times, times, side="left"), 0, len(stretch) - 1)
    return stretches(stretch[before[:-1]] == stretch[after[1:]])


def _changes(frames: Frames, places: NDArray[np.int64]) -> bool:
    """Return whether a camera's pictures at these indices change by more than noise."""
    first = frames.take(places[:1]).astype(np.int16)
    apart, noise = [np.zeros(0)], [np.zeros(0)]
    for begin in range(0, len(places) - 1, BLOCK):
        some = frames.take(places[begin : begin + BLOCK + 1]).astype(np.int16)
        apart.append(np.abs(some[1:] - first).mean(axis=(1, 2, 3)))
        noise.append(np.abs(np.diff(some, axis=0)).mean(axis=(1, 2, 3)))
    furthest = float(np.concatenate(apart).max(initial=0.0))
    return furthest > max(CHANGED, NOISE * float(np.median(np.concatenate(noise))))


def _is_led(commands: CommandReader, times: Times, travel: float) -> bool:
    """Return whether commands move further than `travel` in these moments."""
    led: list[FloatArray | None] = [commands.at(int(at)) for at in times]
    ways = [abs(b - a).max() for a, b in itertools.pairwise(led) if a is not None and b is not None]
    return float(sum(ways)) > travel
