# SPDX-License-Identifier: Apache-2.0
"""The sensors and channels of a model, by name, as its contract lists them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from ami_ros.body.robot_spec import RobotSpec
from ami_ros.model.networks.inputs import Inputs, VectorInput


@dataclass(frozen=True)
class KnownImage:
    """A camera.

    Attributes:
        name: of the sensor.
        kind: "image".
        size: side of the encoder's input image, px; larger images are area-averaged.
        aspect: width / height of the images in the data.
    """

    name: str
    kind: str
    size: int
    aspect: float


@dataclass(frozen=True)
class KnownVector:
    """A sensor that measures numbers.

    Attributes:
        name: of the sensor.
        kind: "vector".
        values: names of the numbers; for joints the joint names.
        units: unit of each number; joints have as many velocities after their positions.
        mean: mean of each number in the data.
        std: standard deviation of each number in the data.
    """

    name: str
    kind: str
    values: list[str]
    units: list[str]
    mean: list[float]
    std: list[float]


KnownSensor: TypeAlias = KnownImage | KnownVector
KINDS: dict[str, type[KnownSensor]] = {"image": KnownImage, "vector": KnownVector}


@dataclass(frozen=True)
class KnownChannel:
    """One number of an action: its range maps to -1 to 1 in the model."""

    name: str
    unit: str
    low: float
    high: float


def known_sensors(spec: RobotSpec, image_size: int, mean: list[float], std: list[float]) -> list[KnownSensor]:
    """Return the sensors of `spec` that a model of it uses: cameras first, then vectors.

    Args:
        spec: the robot.
        image_size: side of the encoder's input image, px.
        mean: mean of all numbers of all vectors, in order.
        std: standard deviation of the same.
    """
    found: list[KnownSensor] = [
        KnownImage(s.name, "image", image_size, s.aspect) for s in spec.images_for("model")
    ]
    start = 0
    for sensor in spec.vectors_for("model"):
        span = slice(start, start + sensor.size)
        found.append(
            KnownVector(sensor.name, "vector", list(sensor.names), list(sensor.units), mean[span], std[span])
        )
        start += sensor.size
    return found


def known_channels(spec: RobotSpec) -> list[KnownChannel]:
    """Return the channels of an action of `spec`."""
    return [KnownChannel(c.name, c.unit, c.low, c.high) for c in spec.actions.channels]


def inputs_of(spec: RobotSpec) -> Inputs:
    """Return the sensors of `spec` that a model of it uses."""
    return Inputs(
        tuple(sensor.name for sensor in spec.images_for("model")),
        tuple(
            VectorInput(sensor.name, sensor.size, len(sensor.names)) for sensor in spec.vectors_for("model")
        ),
    )


def misfits(sensors: list[KnownSensor], channels: list[KnownChannel], spec: RobotSpec) -> list[str]:
    """Return the differences between a model's sensors and channels and those of `spec`, with both sides."""
    found = []
    for sensor in sensors:
        has = spec.sensors.get(sensor.name)
        kind = None if has is None else ("vector" if has in spec.vectors else "image")
        if kind != sensor.kind:
            there = f"robot has {kind or 'no sensor of that name'}: {', '.join(spec.sensors)}"
            found.append(f"sensor {sensor.name}: model needs {sensor.kind}, {there}")
        elif isinstance(sensor, KnownImage):
            camera = next(image for image in spec.images if image.name == sensor.name)
            if sensor.aspect != camera.aspect:
                found.append(f"sensor {sensor.name}: aspect: model {sensor.aspect}, robot {camera.aspect}")
            if sensor.size > min(camera.width, camera.height):
                seen = f"{camera.width}x{camera.height}"
                found.append(f"sensor {sensor.name}: size: model {sensor.size}, robot's camera {seen}")
        else:
            vector = next(vector for vector in spec.vectors if vector.name == sensor.name)
            for what, known, real in (
                ("values", sensor.values, list(vector.names)),
                ("units", sensor.units, list(vector.units)),
            ):
                if known != real:
                    found.append(f"sensor {sensor.name}: {what}: model {known}, robot {real}")
    theirs_by_name = {channel.name: channel for channel in known_channels(spec)}
    names = [channel.name for channel in channels]
    if names != list(theirs_by_name):
        found.append(f"channels: model {names}, robot {list(theirs_by_name)}")
    for channel in channels:
        other = theirs_by_name.get(channel.name, channel)
        if channel != other:
            ours, theirs = (f"{c.low} to {c.high} {c.unit}" for c in (channel, other))
            found.append(f"channel {channel.name}: model {ours}, robot {theirs}")
    return found
