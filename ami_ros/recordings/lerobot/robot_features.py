# SPDX-License-Identifier: Apache-2.0
"""Names of a robot's sensors and channels in a LeRobotDataset, as lerobot's own robots use them."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ami_ros.body.robot_spec import RobotSpec
from ami_ros.body.sensors import VectorSensor
from ami_ros.recordings.lerobot.features import COLOURS, Feature
from ami_ros.recordings.lerobot.layout import ACTION, IMAGES, STATE

POSITION, VELOCITY = ".pos", ".vel"
# Meaning of an action -> suffix of its channels' names.
SUFFIXES: Mapping[str, str] = {
    "cartesian_velocity": VELOCITY,
    "joint_velocity": VELOCITY,
    "joint_position": POSITION,
    "twist": VELOCITY,
    "setpoint": "",
}


def camera_name(feature: str) -> str:
    """Return the camera's name in a robot's YAML: front, for the feature observation.images.front."""
    name = feature.removeprefix(IMAGES).removeprefix("observation.")
    plain = re.sub(r"\W", "_", name)
    return plain if plain.isidentifier() else f"camera_{plain}"


def state_names(sensor: VectorSensor) -> tuple[str, ...]:
    """Return the names of a sensor's numbers (size,): a.pos and a.vel for joints, else sensor.value."""
    if sensor.is_joints:
        return tuple(f"{name}{suffix}" for suffix in (POSITION, VELOCITY) for name in sensor.names)
    return tuple(f"{sensor.name}.{name}" for name in sensor.names)


def action_names(spec: RobotSpec) -> tuple[str, ...]:
    """Return the names of an action's numbers (A,)."""
    pairs = zip(spec.actions.names, spec.meanings, strict=True)
    return tuple(f"{name}{SUFFIXES[meaning]}" for name, meaning in pairs)


def robot_features(spec: RobotSpec, sizes: Mapping[str, tuple[int, int]], picture: str) -> dict[str, Feature]:
    """Return the features for everything that a robot records.

    Args:
        spec: the robot.
        sizes: camera -> height and width of its pictures, px.
        picture: how pictures are stored, "image" or "video".
    """
    features = [Feature(f"{IMAGES}{name}", picture, (*size, 3), COLOURS) for name, size in sizes.items()]
    if spec.vectors:
        names = tuple(name for sensor in spec.vectors for name in state_names(sensor))
        units = tuple(unit for sensor in spec.vectors for unit in sensor.units)
        features.append(Feature(STATE, "float32", (len(names),), names, units))
    channels = spec.actions.channels
    units = tuple(channel.unit for channel in channels)
    features.append(Feature(ACTION, "float32", (len(channels),), action_names(spec), units))
    return {feature.name: feature for feature in features}
