# SPDX-License-Identifier: Apache-2.0
"""Sensors and channels of a recording: stored in each file, and compared with the robot."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ami_ros.body.robot_spec import RobotSpec
from ami_ros.errors import EpisodeError, shown
from ami_ros.settings.strict_text import parse_json


@dataclass(frozen=True)
class RecordedBody:
    """Names and units of the recorded data.

    Attributes:
        images: names of the cameras, in the robot's order.
        vectors: sensor -> name and unit of each of its numbers, as in "boiler [degC]".
        channels: name and unit of each number of an action, in its order.
    """

    images: tuple[str, ...]
    vectors: Mapping[str, tuple[str, ...]]
    channels: tuple[str, ...]

    def to_text(self) -> str:
        """Return the text to store."""
        return json.dumps(
            {
                "images": list(self.images),
                "vectors": {k: list(v) for k, v in self.vectors.items()},
                "channels": list(self.channels),
            }
        )


def recorded_body(spec: RobotSpec) -> RecordedBody:
    """Return the sensors and channels that a recording of this robot holds."""
    return RecordedBody(
        images=tuple(sensor.name for sensor in spec.images),
        vectors={
            sensor.name: _labels(sensor.names * (2 if sensor.is_joints else 1), sensor.units)
            for sensor in spec.vectors
        },
        channels=_labels(spec.actions.names, tuple(channel.unit for channel in spec.actions.channels)),
    )


def _labels(names: tuple[str, ...], units: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"{name} [{unit}]" for name, unit in zip(names, units, strict=True))


def body_of_text(where: Path, text: str) -> RecordedBody:
    """Return the body stored by `RecordedBody.to_text`. Raises EpisodeError: any other text."""
    try:
        found = parse_json(text)
        if not isinstance(found, dict) or set(found) != set(RecordedBody.__dataclass_fields__):
            raise ValueError(f"got {shown(found)}, expected {list(RecordedBody.__dataclass_fields__)}")
        vectors = found["vectors"]
        if not isinstance(vectors, dict):
            raise ValueError(f"vectors: got {shown(vectors)}, expected labels by sensor")
        return RecordedBody(
            _texts(found["images"]), {k: _texts(v) for k, v in vectors.items()}, _texts(found["channels"])
        )
    except ValueError as error:
        raise EpisodeError(f"{where}: body: {error}; record it again") from error


def _texts(values: Any) -> tuple[str, ...]:
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise ValueError(f"got {shown(values)}, expected a list of texts")
    return tuple(values)


def check_same_body(
    where: str | Path, got: RecordedBody, expected: RecordedBody, of: str = "the robot"
) -> None:
    """Refuse a recording of another body.

    Args:
        where: the recording.
        got: its body.
        expected: the required body.
        of: owner of `expected`, for the message.

    Raises:
        EpisodeError: sensors, values, channels or units differ; shows both sides.
    """
    different = []
    for name in RecordedBody.__dataclass_fields__:
        one, other = getattr(got, name), getattr(expected, name)
        same = set(one) == set(other) if name == "images" else one == other
        if not same:
            # Only the vectors that differ: a body may have dozens of joints.
            if isinstance(one, Mapping):
                keys = [k for k in {**one, **other} if one.get(k) != other.get(k)]
                one, other = ({k: list(side[k]) for k in keys if k in side} for side in (one, other))
            else:
                one, other = list(one), list(other)
            different.append(f"{name}: got {one}, expected {other}")
    if different:
        raise EpisodeError(
            f"{where}: recorded with another body than {of}: {'; '.join(different)}; "
            "record it again with `ami-ros collect`, into another folder"
        )
