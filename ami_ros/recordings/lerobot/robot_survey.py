# SPDX-License-Identifier: Apache-2.0
"""What a LeRobotDataset says about its robot: cameras, columns that move, their ranges, and likely units."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ami_ros.errors import ConfigError, shown
from ami_ros.recordings.lerobot.dataset_input import DatasetInput
from ami_ros.recordings.lerobot.features import DatasetInfo, Feature
from ami_ros.recordings.lerobot.layout import STATES
from ami_ros.recordings.lerobot.robot_features import camera_name
from ami_ros.types import FloatArray

# At most, or hardly more: the frame rate is a multiple of the control rate.
CONTROL_HZ, NEAR = 10.0, 0.05
MOST_ROWS = 1_000_000  # looked at
MARGIN = 0.05  # share of a channel's span by which its range is wider than the data
FASTER = 1.1  # a channel's velocity limit, over the fastest in the data
STILL = 0.05  # share of the widest span of the same unit below which a column hardly moves
TURN_RAD, TURN_DEG = 6.3, 361.0  # largest angles that pass for these units
ENDING = re.compile(r"[._](rad|deg|mm|m)$")  # a unit in a column's name
HAND = re.compile(r"hand|grip|finger|thumb|index|middle|ring|pinky|little|claw", re.I)
OVERVIEW = re.compile(r"high|top|front|head|ego|main|overhead|scene|exterior|external|global", re.I)
WRIST, DEPTH = re.compile(r"wrist|hand|gripper", re.I), re.compile(r"depth", re.I)
LEAST_SIDE, MOST_SIDE = 16, 4096  # px, of a camera in a robot's YAML


class Camera(NamedTuple):
    """A camera of the data set: its name in a robot's YAML, its feature, and the size of its pictures, px."""

    name: str
    feature: str
    width: int
    height: int


@dataclass(frozen=True)
class Column:
    """Numbers of one name.

    Attributes:
        name: in the data set.
        unit: likely one.
        low: smallest value, with a margin.
        high: largest value, with a margin.
        rest: median at the beginning of episodes.
        speed: limit of its change per second: the fastest within a control step, with a margin.
    """

    name: str
    unit: str
    low: float
    high: float
    rest: float
    speed: float


@dataclass(frozen=True)
class RobotSurvey:
    """What was found.

    Attributes:
        rate_hz: control rate.
        fps: frames per second.
        cameras: those that are used.
        other_cameras: names of the others.
        state: feature of the measured values.
        action: feature of the set points; that of the measured values if there are none.
        values: measured, of the columns used.
        channels: set points, of the columns used.
        left_out: names of wanted columns that do not move.
        problems: what could not be read, for people.
    """

    rate_hz: float
    fps: float
    cameras: Sequence[Camera]
    other_cameras: Sequence[str]
    state: str
    action: str
    values: Sequence[Column]
    channels: Sequence[Column]
    left_out: Sequence[str]
    problems: Sequence[str]


def survey_dataset(path: Path, patterns: Sequence[str] = (), cameras: Sequence[str] = ()) -> RobotSurvey:
    """Read the numbers of a data set.

    Args:
        path: its folder.
        patterns: names of columns, or patterns such as right*; none: those that move.
        cameras: names of cameras to use; none: the one that most likely shows the scene.

    Raises:
        EpisodeError: it cannot be read.
        ConfigError: it lacks a state, no column moves, or a name fits nothing; lists what there is.
    """
    data = DatasetInput(path)
    info = data.info
    state = info.state
    if state is None:
        raise ConfigError(
            f"{path}: got no {' or '.join(STATES)}, expected measured values; got {info.listed}"
        )
    action = info.action or state
    told = _Told(data, list(dict.fromkeys([state.name, action.name])))
    rate_hz = info.fps / max(1, math.ceil(info.fps / CONTROL_HZ - NEAR))
    wanted = _wanted([*state.labels, *action.labels], patterns, path)
    frames = round(info.fps / rate_hz)
    measured, asked = (
        _columns(feature, wanted, told.of(feature), frames, info.fps) for feature in (state, action)
    )
    moving = _moving([*measured, *asked], all_that_move=bool(patterns))
    channels = [column for column in asked if column.name in moving]
    values = [column for column in measured if column.name in moving]
    if not channels or not values:
        raise ConfigError(
            f"{path}: got no column of {state.name} and {action.name} that moves among "
            f"{shown(sorted(wanted))}, expected some; name others with --columns"
        )
    used, others = _cameras(info, cameras, path)
    left_out = [name for name in dict.fromkeys([*state.labels, *action.labels]) if name in wanted - moving]
    return RobotSurvey(
        *(rate_hz, info.fps, used, others, state.name, action.name, values, channels, left_out, data.problems)
    )


class _Told:
    """Numbers of some features, episode by episode."""

    def __init__(self, data: DatasetInput, features: Sequence[str]) -> None:
        self._of: dict[str, dict[int, list[FloatArray]]] = {name: {} for name in features}
        count = 0
        for rows in data.rows(features):
            for name, numbers in rows.numbers.items():
                self._of[name].setdefault(rows.episode, []).append(numbers)
            count += len(rows.times_s)
            if count >= MOST_ROWS:
                break

    def of(self, feature: Feature) -> list[FloatArray]:
        """Return the finite rows of each episode (N, size)."""
        whole = [np.concatenate(parts) for parts in self._of[feature.name].values()]
        finite = [rows[np.isfinite(rows).all(axis=1)] for rows in whole]
        found = [rows for rows in finite if len(rows)]
        if not found:
            raise ConfigError(f"{feature.name}: got no row of finite numbers, expected some")
        return found


def _wanted(labels: Sequence[str], patterns: Sequence[str], path: Path) -> set[str]:
    unknown = [one for one in patterns if not any(fnmatchcase(label, one) for label in labels)]
    if unknown:
        raise ConfigError(
            f"--columns: got {unknown}, expected names or patterns of "
            f"{shown(list(dict.fromkeys(labels)))}, the columns of {path}"
        )
    return {label for label in labels if not patterns or any(fnmatchcase(label, one) for one in patterns)}


def _columns(
    feature: Feature, wanted: set[str], episodes: Sequence[FloatArray], frames: int, fps: float
) -> list[Column]:
    """Return the wanted columns of a feature; `frames` of its rows are a control step."""
    rows = np.concatenate(episodes)
    first = np.median(np.stack([one[0] for one in episodes]), axis=0)
    moved = [np.abs(one[frames:] - one[:-frames]).max(axis=0) for one in episodes if len(one) > frames]
    fastest = np.max(moved, axis=0) * fps / frames if moved else np.zeros(feature.size)
    low, high = rows.min(axis=0), rows.max(axis=0)
    units = units_of(feature, rows)
    wider = MARGIN * (high - low)
    return [
        Column(
            label,
            units[at],
            float(low[at] - wider[at]),
            float(high[at] + wider[at]),
            float(first[at]),
            float(FASTER * fastest[at]),
        )
        for at, label in enumerate(feature.labels)
        if label in wanted
    ]


def units_of(feature: Feature, rows: NDArray[np.float64]) -> list[str]:
    """Return the likely unit of each column: as the data set says, by its name, or by its values.

    Joints have one unit, and so have the parts of hands: the largest value decides. Values from 0 to 1 of a
    hand are its closing, up to 100 a percentage, and larger ones ticks.

    Args:
        feature: with these columns.
        rows: their values (N, size).
    """
    if len(feature.units) == feature.size:
        return list(feature.units)
    if len(set(feature.names)) < feature.size:  # nothing says which columns are a hand's
        return [_unit(rows[:, [at]], False) for at in range(feature.size)]
    hands = np.array([bool(HAND.search(label)) for label in feature.labels])
    guesses = {is_hand: _unit(rows[:, hands == is_hand], is_hand) for is_hand in (False, True)}
    named = [ENDING.search(label) for label in feature.labels]
    return [found[1] if found else guesses[bool(hand)] for found, hand in zip(named, hands, strict=True)]


def _unit(rows: NDArray[np.float64], is_hand: bool) -> str:
    largest = float(np.abs(rows).max(initial=0.0))
    if is_hand and rows.min(initial=0.0) >= 0.0:
        if largest <= 1.0:
            return "share"
        if TURN_RAD < largest <= 100.0:
            return "%"
        if largest > 100.0:
            return "ticks"
    if largest <= TURN_RAD:
        return "rad"
    return "deg" if largest <= TURN_DEG else "ticks"


def _moving(columns: Sequence[Column], all_that_move: bool) -> set[str]:
    """Return the names of columns that move; with patterns also of those that hardly do."""
    widest: dict[str, float] = {}
    for column in columns:
        widest[column.unit] = max(widest.get(column.unit, 0.0), column.high - column.low)
    least = 0.0 if all_that_move else STILL
    return {
        column.name
        for column in columns
        if column.high - column.low > max(least * widest[column.unit], 1e-9 * max(1.0, abs(column.high)))
    }


def _cameras(info: DatasetInfo, wanted: Sequence[str], path: Path) -> tuple[list[Camera], list[str]]:
    there = {
        camera.name: camera
        for camera in (_camera(feature) for feature in info.features.values() if feature.is_picture)
        if not DEPTH.search(camera.name)
    }
    if unknown := [name for name in wanted if name not in there]:
        raise ConfigError(f"--camera: got {unknown}, expected some of {list(there)} of {path}")
    if not there:
        return [], []
    names = list(wanted) or [
        min(there, key=lambda name: (not OVERVIEW.search(name), bool(WRIST.search(name))))
    ]
    return [there[name] for name in names], [name for name in there if name not in names]


def _camera(feature: Feature) -> Camera:
    sizes = feature.shape if len(feature.shape) == 3 else (LEAST_SIDE, LEAST_SIDE, 3)
    is_first = sizes[0] in (1, 3) and sizes[2] not in (1, 3)  # channels before rows
    height, width = (
        int(np.clip(size, LEAST_SIDE, MOST_SIDE)) for size in (sizes[1:] if is_first else sizes[:2])
    )
    return Camera(camera_name(feature.name), feature.name, width, height)
