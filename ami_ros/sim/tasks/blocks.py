# SPDX-License-Identifier: Apache-2.0
"""What stands on the table of a task with a gripper: blocks of any size, mass and colour, and a tray."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ami_ros.body.robot_spec import RobotSpec
from ami_ros.body.simulation import ArmSimulation
from ami_ros.errors import ConfigError, shown
from ami_ros.settings.fields import load_settings, setting
from ami_ros.sim.world.world import Poses, Stage
from ami_ros.types import FloatArray

TINT = 0.1  # change of each part of the colour of other blocks, at most
SUPPORT = "table"  # the box of the scenery that carries everything


@dataclass(frozen=True)
class Block:
    """One block."""

    half_size: tuple[float, ...] = setting(
        "half its sides: x, y between the fingers, z", gt=0.0, le=0.5, unit="m"
    )
    mass: float = setting("its mass", gt=0.0, le=100.0, unit="kg")
    friction: float = setting("its Coulomb friction", gt=0.0, le=10.0)
    colour: tuple[float, ...] = setting("red, green, blue, opacity", ge=0.0, le=1.0)

    def __post_init__(self) -> None:
        for name, count in (("half_size", 3), ("colour", 4)):
            if len(getattr(self, name)) != count:
                raise ConfigError(f"{name}: got {getattr(self, name)}, expected {count} numbers")

    def with_sides(self, half_size: Sequence[float], colour: Sequence[float]) -> Block:
        """Return a block of the same material with other half sides (3,), m, and another colour (4,)."""
        mass = float(self.mass * np.prod(half_size) / np.prod(self.half_size))
        return Block(tuple(half_size), mass, self.friction, tuple(colour))

    @property
    def width(self) -> float:
        """Its size between the fingers, m."""
        return 2.0 * self.half_size[1]

    @property
    def reach(self) -> float:
        """Distance of its corners from its middle, seen from above, m."""
        return float(np.hypot(self.half_size[0], self.half_size[1]))


@dataclass(frozen=True)
class Variety:
    """Other blocks for training data: boxes of many sides and colours, as dense as the block they replace."""

    share: float = setting("share of training episodes with other blocks", ge=0.0, le=1.0)
    half_size: tuple[float, ...] = setting("least and largest half of a side", gt=0.0, le=0.5, unit="m")
    colours: dict = setting("name -> red, green, blue")  # type: ignore[type-arg]

    def __post_init__(self) -> None:
        if len(self.half_size) != 2 or self.half_size[0] > self.half_size[1]:
            raise ConfigError(f"half_size: got {self.half_size}, expected the two ends of a range")
        if not self.colours:
            raise ConfigError("colours: got none, expected at least one by name")
        for name, colour in self.colours.items():
            parts = colour if isinstance(colour, list) else []
            numbers = [part for part in parts if isinstance(part, int | float) and 0.0 <= part <= 1.0]
            if len(parts) != 3 or len(numbers) != 3:
                raise ConfigError(f"colours.{name}: got {shown(colour)}, expected 3 numbers from 0 to 1")

    def draw(self, block: Block, generator: np.random.Generator) -> Block:
        """Return another block in place of `block`."""
        least, largest = self.half_size
        half_size = generator.uniform(least, largest, size=3)
        colour = list(self.colours.values())[int(generator.integers(len(self.colours)))]
        tinted = np.clip(colour + generator.uniform(-TINT, TINT, size=3), 0.0, 1.0)
        return block.with_sides(half_size.tolist(), [*tinted.tolist(), 1.0])


@dataclass(frozen=True)
class Tray:
    """A shallow box without lid that does not move."""

    centre: tuple[float, ...] = setting("its middle, x and y, base frame", unit="m")
    half_size: tuple[float, ...] = setting("half its inner sides, x and y", gt=0.0, le=1.0, unit="m")
    wall: float = setting("height of its rim above the table", gt=0.0, le=0.5, unit="m")
    thickness: float = setting("of floor and rim", gt=0.0, le=0.1, unit="m")
    colour: tuple[float, ...] = setting("red, green, blue, opacity", ge=0.0, le=1.0)

    def __post_init__(self) -> None:
        for name, count in (("centre", 2), ("half_size", 2), ("colour", 4)):
            if len(getattr(self, name)) != count:
                raise ConfigError(f"{name}: got {getattr(self, name)}, expected {count} numbers")

    def covers(self, place: FloatArray, reach: float) -> bool:
        """Return whether something that reaches so far, m, from a place (2,) touches the tray or is in it."""
        return self._is_within(place, self.thickness + reach)

    def contains(self, place: FloatArray, reach: float) -> bool:
        """Return whether something that reaches so far, m, from a place (2,) fits between its walls there."""
        return self._is_within(place, -reach)

    def _is_within(self, place: FloatArray, beyond: float) -> bool:
        return bool((np.abs(place - np.array(self.centre)) < np.array(self.half_size) + beyond).all())

    def parts(self, table: float) -> dict[str, tuple[list[float], FloatArray]]:
        """Return half size (3,) and pose (4,) of its floor and its four sides, by name; m and rad.

        Args:
            table: height of the table's top.
        """
        (x, y), (deep, wide), half = self.centre, self.half_size, 0.5 * self.thickness
        rise = 0.5 * self.wall
        sides = {
            "front": ([half, wide + self.thickness, rise], [x + deep + half, y]),
            "back": ([half, wide + self.thickness, rise], [x - deep - half, y]),
            "left": ([deep, half, rise], [x, y + wide + half]),
            "right": ([deep, half, rise], [x, y - wide - half]),
        }
        parts = {"tray_floor": ([deep, wide, half], np.array([x, y, table + half, 0.0]))}
        for name, (size, place) in sides.items():
            parts[f"tray_{name}"] = (size, np.array([*place, table + rise, 0.0]))
        return parts


def read_blocks(section: Any, where: str) -> dict[str, Block]:
    """Return blocks by name. Raises ConfigError: none, or unknown or missing keys, wrong types."""
    if not isinstance(section, Mapping) or not section:
        raise ConfigError(f"{where}: got {shown(section)}, expected blocks by name, at least one")
    return {str(name): load_settings(Block, own, where=f"{where}.{name}") for name, own in section.items()}


def read_tray(section: Any, where: str) -> Tray | None:
    """Return a tray, None for {}. Raises ConfigError: unknown or missing keys, wrong types."""
    return load_settings(Tray, section, where=where) if section else None


def read_variety(section: Any, where: str) -> Variety | None:
    """Return other blocks, None for {}. Raises ConfigError: unknown or missing keys, wrong types."""
    return load_settings(Variety, section, where=where) if section else None


class Tabletop:
    """Blocks, perhaps with a tray, on the table of a robot.

    Args:
        spec: the robot.
        blocks: by name.
        tray: None for none.

    Attributes:
        top: height of the table, m.
        floor: height on which things in the tray stand, m.
    """

    def __init__(self, spec: RobotSpec, blocks: Mapping[str, Block], tray: Tray | None = None) -> None:
        self.blocks, self._tray = blocks, tray
        scenery = spec.simulation.scenery if isinstance(spec.simulation, ArmSimulation) else {}
        table = scenery.get(SUPPORT)
        self.top = float(table.centre[2] + table.half_size[2]) if table is not None else 0.0
        self.floor = self.top + (0.0 if tray is None else tray.thickness)

    def furnish(self, scene: Stage) -> None:
        """Put everything into a new world."""
        for name, block in self.blocks.items():
            scene.add_block(name, block.half_size, block.mass, block.friction, block.colour)
        if self._tray is not None:
            for name, (size, _) in self._tray.parts(self.top).items():
                scene.add_block(name, size, 0.0, 1.0, self._tray.colour)

    def varied(self, variety: Variety, generator: np.random.Generator) -> Tabletop:
        """Return the same table, in a share of the cases with other blocks of the same names."""
        other = copy.copy(self)
        if generator.random() < variety.share:
            other.blocks = {name: variety.draw(block, generator) for name, block in self.blocks.items()}
        return other

    def reshape(self, scene: Stage) -> None:
        """Give the blocks of a furnished world the sides and colours that they have here."""
        for name, block in self.blocks.items():
            scene.reshape_block(name, block.half_size, block.mass, block.friction, block.colour)

    def has_room(self, place: FloatArray, reach: float, height: float) -> bool:
        """Return whether a block that reaches so far stands free of the tray, or in it, at a height, m."""
        return self._tray is None or height > self.top or not self._tray.covers(place, reach)

    def resting(self, name: str, place: FloatArray) -> FloatArray | None:
        """Return the pose (4,) of a block at rest at a place (2,), m; None on the rim of the tray."""
        reach = self.blocks[name].reach
        if self._tray is None or self.has_room(place, reach, self.top):
            return self.standing(name, place, 0.0)
        return self.standing(name, place, 0.0, self.floor) if self._tray.contains(place, reach) else None

    def poses(self, blocks: Poses) -> Poses:
        """Return the poses of all objects, with those of the blocks."""
        tray = {} if self._tray is None else {n: at for n, (_, at) in self._tray.parts(self.top).items()}
        return {**blocks, **tray}

    def standing(
        self, name: str, place: Sequence[float] | FloatArray, yaw: float, on: float | None = None
    ) -> FloatArray:
        """Return the pose (4,) of a block that stands at a place (2,), m, turned by `yaw` (rad).

        Args:
            name: of the block.
            place: its middle, x and y.
            yaw: about the vertical.
            on: height of what it stands on, m; None: the table.
        """
        below = self.top if on is None else on
        return np.array([*place, below + self.blocks[name].half_size[2], yaw])
