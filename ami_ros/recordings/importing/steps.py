# SPDX-License-Identifier: Apache-2.0
"""Control steps of a recording: their times, their observations, and why some are unusable."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ami_ros.body.robot_spec import RobotSpec
from ami_ros.body.sensors import VectorSensor
from ami_ros.errors import EpisodeError
from ami_ros.recordings.importing.frames import Frames
from ami_ros.recordings.importing.place import SensorTrust, path_length, place_of, within
from ami_ros.recordings.importing.signals import Signals, overlap
from ami_ros.recordings.importing.speeds import wrong_speeds
from ami_ros.recordings.importing.still import still_steps, stretches
from ami_ros.recordings.importing.track import Times, Track, longest_interval_ns

UNEVEN = 0.35  # share of its length by which a control step may be longer or shorter
FAST = 1.15  # pictures per control step: faster cameras are sampled on an even grid
MOVED = 0.02  # rad or m, after which identical pictures are impossible
AGAIN, NOT_AGAIN = "time restarted", "no message of {} since time restarted"
STILL = "a frozen picture of {} while the robot moved"
GAP = "a gap in {}"
SLOW = "readings of {} come every {:g} s, and max_age_s in the robot's YAML is {:g}"
OUTSIDE = 0.01  # share of the readings: fewer outside of their band say nothing about the unit
PIECE_NS = 10_000_000_000  # no grid spans a longer gap: setting a clock makes gaps of hours
LEAPT = "readings of {} that contradict each other"
FROZEN = "readings of {} that repeat to the last bit while the robot moves"
SPEEDS = "velocities of {} that contradict its positions"


@dataclass(frozen=True, eq=False)
class Steps:
    """N moments, and the N - 1 control steps between them.

    Attributes:
        times: (N,) int64 ns: stamps of the first camera's pictures, else even.
        frames: camera -> (N,) indices of its pictures in time.
        reasons: (N - 1,) why a step is unusable; "" if usable.
        notes: for people.
    """

    times: Times
    frames: Mapping[str, NDArray[np.int64]]
    reasons: list[str]
    notes: list[str]


def control_steps(spec: RobotSpec, signals: Signals, trust: SensorTrust) -> Steps:
    """Lay out control steps over a recording.

    A step begins with a picture of the first camera, since the picture and the readings at that time form
    one observation. A camera at about the control rate gives a step per picture; a faster one gives the
    pictures nearest to an even grid.

    Args:
        spec: the robot.
        signals: of the recording.
        trust: when readings of the body's place are doubted.

    Raises:
        EpisodeError: the sensors have no time in common.
    """
    tracks = signals.tracks
    if empty := [name for name, one in tracks.items() if not len(one.times)]:
        reasons = [f"{name}: {signals.health[name].reason}" for name in empty if name in signals.health]
        raise EpisodeError(f"got no usable message of {empty}: {'; '.join(reasons) or 'none was recorded'}")
    begin_ns, end_ns = overlap(list(tracks.values()))
    if all(len(np.unique(track.times)) == 1 for track in tracks.values()):
        raise EpisodeError(
            f"got one moment, {begin_ns / 1e9:.3f} s, for all readings, expected times that go on: is it the "
            "right column of times?"
        )
    if begin_ns >= end_ns:
        spans = [f"{name} {t.times[0] / 1e9:.3f} to {t.times[-1] / 1e9:.3f} s" for name, t in tracks.items()]
        raise EpisodeError(
            f"the sensors have no time in common by their stamps: {', '.join(spans)}. "
            "Use the times of arrival instead: --by-arrival"
        )
    times = _moments(spec, signals, begin_ns, end_ns)
    if len(times) < 2:
        raise EpisodeError(f"got {len(times)} moments at which all sensors had reported, expected at least 2")
    frames = {name: _nearest(one.times, times) for name, one in signals.frames.items()}
    notes: list[str] = []
    return Steps(times, frames, _reasons(spec, signals, times, frames, trust, notes), notes)


def _moments(spec: RobotSpec, signals: Signals, begin_ns: int, end_ns: int) -> Times:
    breaks = np.asarray([at for at in signals.breaks if begin_ns < at <= end_ns], dtype=np.int64)
    if not spec.images:
        return _even(spec, signals, [begin_ns, *breaks.tolist(), end_ns + 1])
    pictures = signals.frames[spec.camera.name].times
    pictures = pictures[(pictures >= begin_ns) & (pictures <= end_ns)]
    if len(pictures) < 2 or spec.step_ns < FAST * float(np.median(np.diff(pictures))):
        return pictures
    chosen = []
    for run in np.split(pictures, np.searchsorted(pictures, np.unique([*breaks, *_gap_ends(pictures)]))):
        if len(run):
            grid = np.arange(int(run[0]), int(run[-1]) + 1, spec.step_ns, dtype=np.int64)
            chosen.append(run[np.unique(_nearest(run, grid))])
    return np.concatenate(chosen)


def _gap_ends(times: Times, longest_ns: float = PIECE_NS) -> Times:
    """Return the ends of gaps longer than `longest_ns`."""
    return times[1:][np.diff(times) > longest_ns]


def _even(spec: RobotSpec, signals: Signals, edges: list[int]) -> Times:
    """Return moments at the control rate, in each run from the last sensor's start to the first one's end."""
    grids = [np.zeros(0, dtype=np.int64)]
    edges = sorted({*edges, *(int(end) for one in signals.tracks.values() for end in _gap_ends(one.times))})
    for begin, end in itertools.pairwise(edges):
        said = [
            one.times[slice(*np.searchsorted(one.times, [begin, end]))] for one in signals.tracks.values()
        ]
        if all(len(times) for times in said):
            first, last = max(int(times[0]) for times in said), min(int(times[-1]) for times in said)
            grids.append(np.arange(first, last + 1, spec.step_ns, dtype=np.int64))
    return np.concatenate(grids)


def _nearest(times: Times, wanted: Times) -> NDArray[np.int64]:
    """Return the index in `times` nearest to each wanted time."""
    after = np.clip(np.searchsorted(times, wanted), 1, max(len(times) - 1, 1))
    before = np.minimum(after - 1, len(times) - 1)
    after = np.minimum(after, len(times) - 1)
    return np.where(wanted - times[before] <= times[after] - wanted, before, after)


def _outside(sensor: VectorSensor, track: Track) -> list[str]:
    """Return a line for each value that is often outside its band: plants are, but another unit is, too."""
    lines = []
    for band in sensor.envelope:
        column = track.values[:, sensor.names.index(band.value)]
        share = float(((column < band.low) | (column > band.high)).mean())
        if share > OUTSIDE:
            lines.append(
                f"{sensor.name}.{band.value}: {column.min():.4g} to {column.max():.4g}, its band is "
                f"{band.low:g} to {band.high:g} {dict(sensor.values)[band.value]} ({share:.0%} of the "
                "readings are outside): another unit? Else set the band in the robot's YAML"
            )
    return lines


def _reasons(
    spec: RobotSpec,
    signals: Signals,
    times: Times,
    frames: Mapping[str, NDArray[np.int64]],
    trust: SensorTrust,
    notes: list[str],
) -> list[str]:
    reasons = np.full(max(len(times) - 1, 0), "", dtype=object)

    def mark(wrong: NDArray[np.bool_], reason: str) -> None:
        reasons[wrong & (reasons == "")] = reason

    breaks = np.asarray(signals.breaks, dtype=np.int64)
    run = np.searchsorted(breaks, times, side="right")
    mark(run[1:] != run[:-1], AGAIN)
    for name, track in signals.tracks.items():
        spoke = np.searchsorted(breaks, track.times, side="right")
        before = np.searchsorted(track.times, times, side="right") - 1
        mark((run > 0)[:-1] & (spoke[np.maximum(before, 0)] < run)[:-1], NOT_AGAIN.format(name))
    if spec.images:
        first = spec.camera.name
        period = float(np.median(np.diff(signals.frames[first].times))) if len(times) > 1 else 0.0
        allowed = max(UNEVEN * spec.step_ns, period if FAST * period <= spec.step_ns else 0.0)
        mark(np.abs(np.diff(times) - spec.step_ns) > allowed, GAP.format(first))
    for image in spec.images[1:]:
        seen = signals.frames[image.name].times
        period = float(np.median(np.diff(seen))) if len(seen) > 1 else np.inf
        apart = np.abs(seen[frames[image.name]] - times)
        mark(_either(apart > min(period, image.max_age_s * 1e9)), GAP.format(image.name))
    for vector in spec.vectors:
        track = signals.vectors[vector.name]
        longest_ns = min(longest_interval_ns(track.period_ns, spec.step_ns), vector.max_age_s * 1e9)
        gaps = np.searchsorted(_gap_ends(track.times, longest_ns), times, side="right")
        is_slow = len(track.times) > 1 and track.period_ns > vector.max_age_s * 1e9
        slow = SLOW.format(vector.name, track.period_ns / 1e9, vector.max_age_s)
        reason = slow if is_slow else GAP.format(vector.name)
        mark(_either(track.widths(times) > longest_ns) | (np.diff(gaps) > 0), reason)
        notes += _outside(vector, track)
    path = path_length(spec, signals.vectors)
    if path is not None and len(times) > 1:
        way = path.at(times)[:, 0]
        for name, places in frames.items():
            mark(_frozen(signals.frames[name], places, way), STILL.format(name))
    place = place_of(spec)
    if place is not None:
        settle_ns = round(trust.joint_settle_s * 1e9)
        mark(within(signals.leaps, times[:-1], times[1:], settle_ns), LEAPT.format(place.sensor))
    for name, frozen in still_steps(spec, signals, times, frames, trust).items():
        mark(frozen, FROZEN.format(name))
    for name, (wrong, example) in wrong_speeds(spec, signals, times, reasons == "").items():
        notes.append(
            f"{name}: velocities contradict positions ({example}): make the driver send them in the units "
            "and order of the robot's YAML, or not at all"
        )
        mark(wrong, SPEEDS.format(name))
    return list(reasons)


def _frozen(frames: Frames, places: NDArray[np.int64], way: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return the steps (N - 1,) in which pictures repeat for longer than the body rested.

    Args:
        frames: of one camera.
        places: (N,) indices of its pictures.
        way: (N,) distance travelled by the body.
    """
    count = np.diff(places)
    repeats = (np.diff(np.cumsum(frames.repeats)[places]) == count) & (count > 0)
    frozen = np.zeros(len(repeats), dtype=bool)
    for begin, end in stretches(repeats):
        if way[end] - way[begin] > MOVED:
            # A repeated picture at an end of the stretch also belongs to the neighbouring step.
            frozen[max(begin - int(frames.repeats[places[begin]]), 0) : end + 1] = True
    return frozen


def _either(wrong: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return whether either of the two moments of each step is wrong (N - 1,), from N moments."""
    return wrong[1:] | wrong[:-1]
