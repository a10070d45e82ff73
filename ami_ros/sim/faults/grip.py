# SPDX-License-Identifier: Apache-2.0
"""Breaks a simulated hand, or takes away what it holds or is about to hold."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ami_ros.sim.tasks.block_task import BlockTask
from ami_ros.sim.tasks.task import Task
from ami_ros.sim.world.arm_stage import ArmStage, SimulatedHand
from ami_ros.sim.world.tricks import AWAY

FAR = (0.06, 0.12)  # m, how far a block leaps
IN_HAND = 0.02  # m: a block is in the hand when its middle is so near to the tip
WEAK = 0.01  # share of its force that a hand is left with
TURNS = 36  # directions that are tried for a leap


class GripFaults:
    """The faults of the part `grip`.

    Args:
        stage: has the hand.
        hand: that breaks.
        task: knows the blocks, if there are any.
    """

    def __init__(self, stage: ArmStage, hand: SimulatedHand, task: Task) -> None:
        self._stage, self._hand = stage, hand
        self._task = task if isinstance(task, BlockTask) else None
        self._faults: dict[str, Callable[[np.random.Generator], bool]] = {
            "gripper_stuck": self._jam,
            "gripper_slips": self._weaken,
            "object_dropped": self._drop,
            "object_moved": self._move,
            "object_removed": self._remove,
        }

    def begin(self, kind: str, generator: np.random.Generator) -> bool:
        """Let something break; return whether it has: only a block that is in the hand can be dropped."""
        return self._faults[kind](generator)

    def mend(self) -> None:
        """Repair the hand. Blocks stay where they are until the next episode."""
        self._hand.jammed, self._hand.strength = False, 1.0

    def _jam(self, generator: np.random.Generator) -> bool:
        del generator
        self._hand.jammed = True
        return True

    def _weaken(self, generator: np.random.Generator) -> bool:
        del generator
        self._hand.strength = WEAK
        return True

    def _drop(self, generator: np.random.Generator) -> bool:
        return self._nearest()[1] < IN_HAND and self._move(generator)

    def _move(self, generator: np.random.Generator) -> bool:
        """Put the nearest block somewhere else on the table or in the tray, inside the workspace."""
        name, _ = self._nearest()
        if self._task is None:
            return False
        here, (lower, upper) = self._stage.objects()[name][:2], self._stage.area
        angles = generator.uniform(0.0, 2.0 * np.pi) + 2.0 * np.pi * np.arange(TURNS) / TURNS
        places = here + generator.uniform(*FAR) * np.stack([np.cos(angles), np.sin(angles)], axis=1)
        inside = places[((lower < places) & (places < upper)).all(axis=1)]
        poses = (self._task.table.resting(name, place) for place in inside)
        pose = next((pose for pose in poses if pose is not None), None)
        if pose is not None:
            self._stage.place(name, pose)
        return pose is not None

    def _remove(self, generator: np.random.Generator) -> bool:
        del generator
        name, _ = self._nearest()
        if name:
            self._stage.place(name, AWAY)
        return bool(name)

    def _nearest(self) -> tuple[str, float]:
        """Return the block nearest to the tip, and its distance, m; "" where there are none."""
        if self._task is None:
            return "", np.inf
        places, tip = self._stage.objects(), self._stage.tip()
        away = {name: float(np.linalg.norm(places[name] - tip)) for name in self._task.blocks}
        name = min(away, key=lambda block: away[block])
        return name, away[name]
