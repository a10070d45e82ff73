# SPDX-License-Identifier: Apache-2.0
"""Sensors by name: images and vectors, as the robot's YAML lists them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, TypeAlias

from ami_ros.errors import EmbodimentError, shown
from ami_ros.settings.fields import load_settings, setting

# Message type -> the names of its values; None where the YAML names them.
VECTOR_MESSAGES: Mapping[str, tuple[str, ...] | None] = MappingProxyType(
    {
        "JointState": None,
        "Float64MultiArray": None,
        "WrenchStamped": ("fx", "fy", "fz", "tx", "ty", "tz"),
        "TwistStamped": ("vx", "vy", "vz", "wx", "wy", "wz"),
        "Temperature": ("temperature",),
        "FluidPressure": ("pressure",),
        "Odometry": ("x", "y", "yaw", "vx", "vy", "wz"),
    }
)
# Large messages of which a sensor may use only some values.
PARTIAL: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {"Odometry": {"x": "m", "y": "m", "yaw": "rad", "vx": "m/s", "vy": "m/s", "wz": "rad/s"}}
)
ANY_RATE = 1e12  # of a value's change: nothing is faster
KINDS = ("image", "vector")
USERS = ("model", "gate")
# Defaults of a camera that stands still and is required.
IMAGE_DEFAULTS: Mapping[str, Any] = MappingProxyType({"required": True, "link": "", "up": (0.0, 0.0, 1.0)})


@dataclass(frozen=True)
class ImageSensor:
    """A camera: what the robot publishes, and where the simulator puts it.

    A camera that is not required is left out when it is missing, too old or unlike the training data: the
    model fills in what it would show, and the gate does not watch it.
    """

    name: str = setting("name of the sensor")
    topic: str = setting("topic of sensor_msgs/Image")
    frame_id: str = setting("tf frame of the image")
    width: int = setting("image width", ge=16, le=4096, unit="px")
    height: int = setting("image height", ge=16, le=4096, unit="px")
    rate_hz: float = setting("frames per second", gt=0.0, le=120.0, unit="Hz")
    max_age_s: float = setting("age of an image beyond which the robot holds", gt=0.0, le=10.0, unit="s")
    used_by: tuple[str, ...] = setting("users of the sensor: model, gate")
    required: bool = setting("whether the robot holds without an image")
    vertical_fov_deg: float = setting("vertical field of view", gt=1.0, lt=179.0, unit="deg")
    link: str = setting("link of the simulation's URDF that carries it; empty: a fixed camera")
    eye: tuple[float, ...] = setting("camera position in the frame of the link, or of the base", unit="m")
    look_at: tuple[float, ...] = setting("point in the image centre, same frame", unit="m")
    up: tuple[float, ...] = setting("up direction of the image, same frame")

    def __post_init__(self) -> None:
        for name in ("eye", "look_at", "up"):
            if len(getattr(self, name)) != 3:
                raise EmbodimentError(f"{name}: got {getattr(self, name)}, expected [x, y, z]")
        if self.eye == self.look_at:
            raise EmbodimentError(f"eye and look_at are both {self.eye}, expected two points")
        sight = [there - here for here, there in zip(self.eye, self.look_at, strict=True)]
        across = [sight[i - 2] * self.up[i - 1] - sight[i - 1] * self.up[i - 2] for i in range(3)]
        if not any(abs(value) > 1e-9 for value in across):
            raise EmbodimentError(f"up: got {self.up}, expected a direction other than the viewing direction")
        _check_used_by(self.used_by)

    @property
    def aspect(self) -> float:
        """Width / height."""
        return self.width / self.height


@dataclass(frozen=True)
class Band:
    """Where a measured value belongs: the gate keeps it there, and leads set points to their rest outside.

    Attributes:
        value: its name.
        low: lowest value, in its unit.
        high: highest value.
        turn_s: how long the body needs to turn the value around, once it acts.
        rate: largest change per second, in its unit.
    """

    value: str
    low: float
    high: float
    turn_s: float
    rate: float


@dataclass(frozen=True)
class VectorSensor:
    """Numbers measured together: joints, a force, temperatures.

    Attributes:
        values: (name, unit) of each, in the order of every vector in ami_ros.
        freeze_s: readings repeated to the last bit for longer hold the robot; None: never judged.
        envelope: bands of those values that have one.
    """

    name: str
    topic: str
    message: str
    values: tuple[tuple[str, str], ...]
    rate_hz: float
    max_age_s: float
    freeze_s: float | None
    used_by: tuple[str, ...]
    envelope: tuple[Band, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the values; for joint states the names of the joints."""
        return tuple(name for name, _ in self.values)

    @property
    def is_joints(self) -> bool:
        """Whether each name stands for a position and a velocity."""
        return self.message == "JointState"

    @property
    def size(self) -> int:
        """Numbers in a reading: for joints all positions, then all velocities."""
        return len(self.values) * (2 if self.is_joints else 1)

    @property
    def units(self) -> tuple[str, ...]:
        """Unit of each number (size,)."""
        units = tuple(unit for _, unit in self.values)
        return units + tuple(f"{unit}/s" for unit in units) if self.is_joints else units


Sensor: TypeAlias = ImageSensor | VectorSensor


@dataclass(frozen=True)
class _VectorSection:
    """The keys of a vector sensor, before they are checked against each other."""

    topic: str = setting("topic of the message")
    message: str = setting("type of the message", choices=tuple(VECTOR_MESSAGES))
    values: dict = setting("name -> unit of each value")  # type: ignore[type-arg]
    rate_hz: float = setting("messages per second", gt=0.0, le=2000.0, unit="Hz")
    max_age_s: float = setting("age of a reading beyond which the robot holds", gt=0.0, le=3600.0, unit="s")
    used_by: tuple[str, ...] = setting("users of the sensor: model, gate")

    def __post_init__(self) -> None:
        _check_used_by(self.used_by)


@dataclass(frozen=True)
class _BandSection:
    """The keys of one band."""

    band: tuple[float, ...] = setting("lowest and highest value")
    turn_s: float = setting("time that the body needs to turn the value around", gt=0.0, le=86400.0, unit="s")
    rate: float = setting("largest change per second; by default any", gt=0.0)

    def __post_init__(self) -> None:
        if len(self.band) != 2 or not self.band[0] < self.band[1]:
            raise EmbodimentError(f"band: got {list(self.band)}, expected [lowest, highest]")


def read_sensors(section: Any, where: str) -> Mapping[str, Sensor]:
    """Return the sensors of a robot's YAML, by name, in its order.

    Raises:
        ConfigError: unknown or missing keys, wrong types, an unknown message type.
        EmbodimentError: not a mapping, an unknown kind, no or a shared topic, values that do not fit.
    """
    if not isinstance(section, Mapping) or not section:
        raise EmbodimentError(
            f"{where}: sensors: got {shown(section)}, expected a mapping of sensors by name"
        )
    sensors = {str(name): _read(str(name), values, where) for name, values in section.items()}
    _check_topics(sensors, where)
    return sensors


def with_topics(sensors: Mapping[str, Sensor], text: str) -> Mapping[str, Sensor]:
    """Return the sensors with other topics, as a launch file gives them.

    Args:
        sensors: by name.
        text: ``name:=topic`` for each sensor on another topic, separated by spaces; empty changes nothing.

    Raises:
        EmbodimentError: the text has another form, names no sensor, or gives two sensors one topic.
    """
    elsewhere = dict(part.partition(":=")[::2] for part in text.split())
    if unknown := sorted(set(elsewhere) - set(sensors)) or [n for n, topic in elsewhere.items() if not topic]:
        raise EmbodimentError(
            f"sensor_topics: got {unknown}, expected name:=topic for some of {', '.join(sensors)}"
        )
    changed = {
        name: dataclasses.replace(sensor, topic=elsewhere.get(name, sensor.topic))
        for name, sensor in sensors.items()
    }
    _check_topics(changed, "sensor_topics")
    return changed


def _check_topics(sensors: Mapping[str, Sensor], where: str) -> None:
    by_topic: dict[str, str] = {}
    for name, sensor in sensors.items():
        if not sensor.topic:
            raise EmbodimentError(f"{where}: sensors.{name}: topic: got nothing, expected the topic's name")
        other = by_topic.setdefault(sensor.topic, name)
        if other != name and not _may_share(sensor, sensors[other]):
            raise EmbodimentError(
                f"{where}: sensors {other} and {name} have the same topic {sensor.topic!r}, "
                f"expected distinct topics, or the same rate and message, one of {list(PARTIAL)}"
            )


def _may_share(one: Sensor, other: Sensor) -> bool:
    """Return whether two sensors may take their values from the same messages."""
    if not isinstance(one, VectorSensor) or not isinstance(other, VectorSensor):
        return False
    alike = (one.message, one.rate_hz) == (other.message, other.rate_hz)
    return one.message in PARTIAL and alike


def _read(name: str, values: Any, where: str) -> Sensor:
    here = f"{where}: sensors.{name}"
    if not name.isidentifier():
        raise EmbodimentError(f"{here}: got {name!r}, expected a name of letters, digits and _")
    if not isinstance(values, Mapping):
        raise EmbodimentError(f"{here}: got {shown(values)}, expected a mapping of settings")
    keys = {"used_by": list(USERS), **values}
    kind = keys.pop("kind", None)
    if kind not in KINDS:
        raise EmbodimentError(f"{here}: kind: got {shown(kind)}, expected one of {list(KINDS)}")
    if kind == "image":
        given = {"name": name, **IMAGE_DEFAULTS, **keys}
        image = load_settings(ImageSensor, given, where=here, also=["kind"])
        return image if image.required else dataclasses.replace(image, used_by=_without_gate(image.used_by))
    freeze_s = keys.pop("freeze_s", None)
    if freeze_s is not None and not (type(freeze_s) in (int, float) and 0.0 < freeze_s <= 3600.0):
        raise EmbodimentError(f"{here}: freeze_s: got {shown(freeze_s)}, expected seconds or null")
    bands = keys.pop("envelope", {})
    raw = load_settings(_VectorSection, keys, where=here, also=["kind", "freeze_s", "envelope"])
    fixed = VECTOR_MESSAGES[raw.message]
    pairs = tuple((str(value), unit) for value, unit in raw.values.items())
    if not pairs or not all(isinstance(unit, str) for _, unit in pairs):
        raise EmbodimentError(f"{here}: values: got {shown(raw.values)}, expected name: unit for each value")
    if (units := PARTIAL.get(raw.message)) is not None:
        if wrong := {name: unit for name, unit in pairs if units.get(name) != unit}:
            raise EmbodimentError(f"{here}: values: got {wrong}, expected some of {dict(units)}")
    elif fixed is not None and tuple(value for value, _ in pairs) != fixed:
        raise EmbodimentError(
            f"{here}: values: got {[value for value, _ in pairs]}, "
            f"expected those of {raw.message}: {list(fixed)}"
        )
    sensor = VectorSensor(
        name, raw.topic, raw.message, pairs, raw.rate_hz, raw.max_age_s, freeze_s, raw.used_by
    )
    return dataclasses.replace(sensor, envelope=_envelope(bands, sensor, f"{here}: envelope"))


def _envelope(section: Any, sensor: VectorSensor, here: str) -> tuple[Band, ...]:
    """Return the bands of a sensor's values, in the order of the values."""
    if not isinstance(section, Mapping):
        raise EmbodimentError(f"{here}: got {shown(section)}, expected a band for some of its values")
    if section and (sensor.is_joints or "gate" not in sensor.used_by):
        expected = "none: joints have limits of their own" if sensor.is_joints else "the gate in used_by"
        raise EmbodimentError(f"{here}: got {list(section)}, expected {expected}")
    if unknown := [name for name in section if name not in sensor.names]:
        raise EmbodimentError(f"{here}: got {unknown}, expected some of its values {list(sensor.names)}")
    bands = []
    for name in sensor.names:
        if name in section:
            if not isinstance(section[name], Mapping):
                raise EmbodimentError(f"{here}.{name}: got {shown(section[name])}, expected band and turn_s")
            raw = load_settings(_BandSection, {"rate": ANY_RATE, **section[name]}, where=f"{here}.{name}")
            low, high = raw.band
            bands.append(Band(name, low, high, raw.turn_s, raw.rate))
    return tuple(bands)


def _without_gate(used_by: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(user for user in used_by if user != "gate")


def _check_used_by(used_by: tuple[str, ...]) -> None:
    if not set(used_by) <= set(USERS):
        raise EmbodimentError(f"used_by: got {list(used_by)}, expected some of {list(USERS)}")
