# SPDX-License-Identifier: Apache-2.0
"""The two rooms of stable-worldmodel, one episode after another."""

from __future__ import annotations

import warnings
from typing import Any, cast

import cv2
import numpy as np

from ami_ros.types import FloatArray, ImageArray
from benchmarks.two_room.rules import BUDGET, Rules
from benchmarks.two_room.walls import Walls, wall_with_doors

NAME = "swm/TwoRoom-v1"
VERTICAL = 1  # the wall's axis, as the environment counts them


class World:
    """The environment as it comes: one wall, one door, an agent of 7 px, 5 px per step and axis at most.

    Args:
        side: of the pictures, px.
        rules: how an episode is judged; None: it is recorded, and ends only where the environment ends it.

    Attributes:
        walls: as an audit sees them.
        place: (2,) px, where the agent is.
        goal: (2,) px.
        step: steps of the episode.
        reached: whether the agent counts as at the goal.
        ends: whether the episode is over.
    """

    place: FloatArray
    goal: FloatArray
    step: int
    reached: bool
    ends: bool

    def __init__(self, side: int, rules: Rules | None = None) -> None:
        self._side, self._rules = side, rules
        self._env: Any = _environment()
        self._inner = cast(Any, self._env.unwrapped)
        self._env.reset(seed=0)
        self.walls = _walls(self._inner)
        if rules is not None and rules.audited:
            self._inner._apply_collisions = self._swept

    def begin(self, start: FloatArray, goal: FloatArray) -> None:
        """Begin an episode from one place (2,) to another."""
        self._inner._set_state(start)
        self._inner._set_goal_state(goal)
        self._start(goal)

    def begin_anywhere(self, seed: int) -> dict[str, Any]:
        """Begin an episode from a random place to another, as the environment does; return what it says."""
        _, info = self._env.reset(seed=seed)
        self._start(info["goal_state"])
        return cast("dict[str, Any]", info)

    def act(self, action: FloatArray) -> dict[str, Any]:
        """Take a step with an action (2,) in [-1, 1]; return what the environment says."""
        _, _, near, _, info = self._env.step(np.asarray(action, dtype=np.float32))
        self.place = np.array(info["state"], dtype=np.float64)
        self.step += 1
        if self._rules is None:
            self.reached = self.ends = bool(near)
        else:
            self.reached = self._arrived(self._rules)
            self.ends = self.reached or self.step == BUDGET
        return cast("dict[str, Any]", info)

    def picture(self, place: FloatArray | None = None) -> ImageArray:
        """Return a picture (side, side, 3) of the agent where it is, or at a place (2,)."""
        drawn = self._inner._render_frame(agent_pos=self.place if place is None else place)
        full = np.ascontiguousarray(drawn.numpy().transpose(1, 2, 0))
        return np.asarray(cv2.resize(full, (self._side, self._side), interpolation=cv2.INTER_AREA))

    def crosses(self, start: FloatArray, goal: FloatArray) -> bool:
        """Return whether two places (2,) are in different rooms."""
        middle = self._inner.WALL_CENTER
        return bool((start[0] - middle) * (goal[0] - middle) < 0.0)

    @property
    def expert_sees(self) -> Any:
        """The environment, which the yardstick's expert looks into."""
        return self._env

    def _start(self, goal: FloatArray) -> None:
        self.place = np.array(self._inner.agent_position, dtype=np.float64)
        self.goal = np.array(goal, dtype=np.float64)
        self.step, self.reached, self.ends = 0, False, False

    def _arrived(self, rules: Rules) -> bool:
        near = float(np.hypot(*(self.place - self.goal))) < rules.near
        return near and not (rules.audited and self.crosses(self.place, self.goal))

    def _swept(self, start: Any, end: Any) -> Any:
        moved = self.walls.moved(np.array(start, dtype=np.float64), np.array(end, dtype=np.float64))
        return start.new_tensor(moved)


def _environment() -> Any:
    """Return the environment; its package warns of other environments, which are not installed."""
    import gymnasium

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import stable_worldmodel.envs  # noqa: F401  (registers it)
    return gymnasium.make(NAME, disable_env_checker=True)


def _walls(inner: Any) -> Walls:
    varied = inner.variation_space
    if inner.wall_axis != VERTICAL:
        raise NotImplementedError(f"{NAME}: got a wall along axis {inner.wall_axis}, expected {VERTICAL}")
    doors = zip(inner.door_positions.tolist(), inner.door_sizes.tolist(), strict=True)
    radius = float(varied["agent"]["radius"].value.item())
    half = float(inner.wall_thickness // 2)
    return wall_with_doors(inner.IMG_SIZE, inner.BORDER_SIZE, radius, inner.WALL_CENTER, half, sorted(doors))
