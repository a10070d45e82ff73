# SPDX-License-Identifier: Apache-2.0
"""Actions by channel: what one action means, and what each of its numbers does."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Any

import numpy as np

from ami_ros.body.limits import check_ramps
from ami_ros.errors import EmbodimentError, shown
from ami_ros.settings.fields import LARGEST, SMALLEST, load_settings, setting
from ami_ros.types import FloatArray

MEANINGS = ("cartesian_velocity", "joint_velocity", "joint_position", "twist", "setpoint")
BESIDE = "+"  # between the meanings of several groups
AXES = ("x", "y", "z")
COMMANDED = ("twist", "setpoint")  # sent to the controller unconverted
LIMITS = ("velocity", "acceleration", "jerk")
# Not converted. The channel of a twist implies the unit; set points may have any.
UNITS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "cartesian_velocity": ("m/s",),
        "joint_velocity": ("rad/s", "m/s"),
        "joint_position": ("rad", "m"),
    }
)


@dataclass(frozen=True)
class Channel:
    """One number of an action.

    Attributes:
        name: axis, joint or another name of the body.
        unit: of its values.
        low: smallest value that the planner may request.
        high: largest value.
        velocity: of a directly commanded channel: largest change per second; None: not limited.
        acceleration: largest change of that per second; None: not limited.
        jerk: largest change of that per second; None: not limited.
        rest: of a directly commanded channel: the value that commands begin with.
    """

    name: str
    unit: str
    low: float
    high: float
    velocity: float | None = None
    acceleration: float | None = None
    jerk: float | None = None
    rest: float = 0.0


@dataclass(frozen=True)
class ActionSpec:
    """The actions that the planner may request.

    Attributes:
        meaning: what one action is, one of MEANINGS; of several groups theirs, with BESIDE between.
        rate_hz: actions per second.
        block: control steps per action block (K).
        channels: (A) in the order of every action.
    """

    meaning: str
    rate_hz: float
    block: int
    channels: tuple[Channel, ...]

    @classmethod
    def beside(cls, parts: Sequence[ActionSpec]) -> ActionSpec:
        """Return the actions of several groups as one: rate and block are those of the first."""
        if len(parts) == 1:
            return parts[0]
        channels = tuple(channel for part in parts for channel in part.channels)
        meaning = BESIDE.join(part.meaning for part in parts)
        return cls(meaning, parts[0].rate_hz, parts[0].block, channels)

    @property
    def size(self) -> int:
        """Numbers per action (A)."""
        return len(self.channels)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the channels (A)."""
        return tuple(channel.name for channel in self.channels)

    @property
    def step_ns(self) -> int:
        """Duration of one control step."""
        return round(1e9 / self.rate_hz)

    @cached_property
    def low(self) -> FloatArray:
        """Smallest value of each channel (A,), read-only."""
        return _constant([channel.low for channel in self.channels])

    @cached_property
    def high(self) -> FloatArray:
        """Largest value of each channel (A,), read-only."""
        return _constant([channel.high for channel in self.channels])

    @cached_property
    def largest(self) -> FloatArray:
        """Largest magnitude of each channel (A,), read-only."""
        return _constant([max(abs(channel.low), abs(channel.high)) for channel in self.channels])

    @cached_property
    def centre(self) -> FloatArray:
        """Middle of each channel's range (A,), read-only."""
        return _constant([0.5 * (channel.low + channel.high) for channel in self.channels])

    @cached_property
    def half_range(self) -> FloatArray:
        """Half of each channel's range (A,), read-only."""
        return _constant([0.5 * (channel.high - channel.low) for channel in self.channels])

    def normalised(self, actions: FloatArray) -> FloatArray:
        """Map actions (..., A) in the channels' units to [-1, 1], the range that a model sees."""
        result: FloatArray = (actions - self.centre) / self.half_range
        return result

    def in_units(self, normalised: FloatArray) -> FloatArray:
        """Map actions (..., A) in [-1, 1] to the channels' units."""
        result: FloatArray = self.centre + self.half_range * normalised
        return result


@dataclass(frozen=True)
class _ActionSection:
    """The keys of the section, before they are checked against each other."""

    meaning: str = setting("meaning of an action", choices=MEANINGS)
    rate_hz: float = setting("actions per second", gt=0.0, le=1000.0, unit="Hz")
    block: int = setting("control steps per action block", ge=1, le=50)
    channels: dict = setting("channel name -> unit and range; null: unused")  # type: ignore[type-arg]


def read_actions(section: Any, here: str) -> ActionSpec:
    """Return the actions of a section of a robot's YAML, which messages name as `here`.

    Raises:
        ConfigError: unknown or missing keys, wrong types.
        EmbodimentError: a range or a unit is missing or makes no sense, or a channel is impossible.
    """
    if not isinstance(section, Mapping):
        raise EmbodimentError(f"{here}: got {shown(section)}, expected a mapping of settings")
    raw = load_settings(_ActionSection, section, where=here)
    here = f"{here}.channels"
    channels = tuple(
        _channel(str(name), values, f"{here}.{name}")
        for name, values in raw.channels.items()
        if values is not None
    )
    if not channels:
        raise EmbodimentError(f"{here}: got {shown(raw.channels)}, expected at least one channel")
    names = [channel.name for channel in channels]
    nothing = (None, None, None, 0.0)
    commanded = [c.name for c in channels if (c.velocity, c.acceleration, c.jerk, c.rest) != nothing]
    if commanded and raw.meaning not in COMMANDED:
        raise EmbodimentError(
            f"{here}: got {list(LIMITS)} or rest for {commanded}, which {raw.meaning} does not command; "
            "expected these in arm.limits and arm.home"
        )
    if raw.meaning == "cartesian_velocity" and not set(names) <= set(AXES):
        raise EmbodimentError(f"{here}: got {names}, expected some of {list(AXES)} for {raw.meaning}")
    for channel in channels:
        units = _units(raw.meaning, channel.name)
        if units and channel.unit not in units:
            raise EmbodimentError(
                f"{here}.{channel.name}: unit: got {channel.unit!r}, expected {' or '.join(units)} for "
                f"{raw.meaning}, and the numbers in that unit"
            )
    return ActionSpec(raw.meaning, raw.rate_hz, raw.block, channels)


def _units(meaning: str, channel: str) -> tuple[str, ...]:
    """Return the units that a channel may have; empty: any."""
    if meaning == "twist":
        return ("rad/s",) if channel.startswith("w") else ("m/s",)
    return UNITS.get(meaning, ())


def _channel(name: str, values: Any, here: str) -> Channel:
    needed, possible = {"unit", "range"}, {"unit", "range", "rest", *LIMITS}
    if not isinstance(values, Mapping) or not needed <= set(values) <= possible:
        raise EmbodimentError(
            f"{here}: got {shown(values)}, expected {sorted(needed)}, and any of {sorted(possible - needed)}"
        )
    unit, span = values["unit"], values["range"]
    if not isinstance(unit, str):
        raise EmbodimentError(f"{here}: unit: got {shown(unit)}, expected a text")
    ends = [-span, span] if _is_number(span) else span
    is_pair = isinstance(ends, (list, tuple)) and len(ends) == 2 and all(map(_is_number, ends))
    if not is_pair or not ends[1] - ends[0] >= SMALLEST:
        raise EmbodimentError(
            f"{here}: range: got {shown(span)}, expected [smallest, largest], or one number for both "
            "directions"
        )
    limits = {key: values.get(key) for key in LIMITS}
    for key, limit in limits.items():
        if limit is not None and not (_is_number(limit) and limit >= SMALLEST):
            raise EmbodimentError(f"{here}: {key}: got {shown(limit)}, expected a positive number, or null")
    check_ramps([math.inf if limit is None else limit for limit in limits.values()], here)
    low, high = float(ends[0]), float(ends[1])
    rest = values.get("rest", 0.0)
    if not _is_number(rest) or ("rest" in values and not low <= rest <= high):
        raise EmbodimentError(f"{here}: rest: got {shown(rest)}, expected a number from {low} to {high}")
    return Channel(name, unit, low, high, **limits, rest=float(rest))


def _constant(values: list[float]) -> FloatArray:
    result: FloatArray = np.array(values)
    result.flags.writeable = False
    return result


def _is_number(value: Any) -> bool:
    return type(value) in (int, float) and abs(value) <= LARGEST
