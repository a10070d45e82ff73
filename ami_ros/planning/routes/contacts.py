# SPDX-License-Identifier: Apache-2.0
"""Walls found by contact: where the robot does not get as far as predicted, something is in the way."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from ami_ros.body.robot_spec import RobotSpec
from ami_ros.model.points import points_of
from ami_ros.model.runtime import ModelRuntime
from ami_ros.planning.control_steps import ControlSteps
from ami_ros.planning.routes.settings import LearnedRouteSettings
from ami_ros.types import FloatArray

MISSING = 0.5  # least share of a predicted motion that is missing where something resists
DEPTH = 0.5  # of `radius`: how far into a wall states may seem to lie
LATE_NS = 200_000_000  # largest delay of an action: plan, gate and actuators take time


@dataclass(frozen=True, eq=False)
class Contact:
    """A wall found by contact.

    Attributes:
        here: the point of contact (P,).
        into: (P,) unit vector from there into the wall: the motion that was predicted and did not happen.
        depth: how far into it states may seem to lie, control steps.
        width: how far it extends to each side, control steps.
    """

    here: Tensor
    into: Tensor
    depth: float
    width: float

    def stops(self, starts: Tensor, ends: Tensor) -> Tensor:
        """Return (N,) bool: which segments from points (N, P) to points (N, P) cross it."""
        return self._crossed(starts, ends) <= self.width

    def _crossed(self, starts: Tensor, ends: Tensor) -> Tensor:
        """Return how far (N,) from the contact segments cross it, control steps; infinite if they do not."""
        before = (starts - self.here) @ self.into - self.depth
        behind = (ends - self.here) @ self.into - self.depth
        share = (-before / (behind - before).clamp_min(1e-6)).clamp(0.0, 1.0)
        where = starts + share.unsqueeze(1) * (ends - starts)
        away = torch.linalg.vector_norm(where - self.here, dim=1)
        return torch.where((before <= 0.0) & (behind > 0.0), away, torch.inf)

    def narrowed(self, width: float) -> Contact | None:
        """Return it with at most this width; None if nothing is left of it."""
        width = min(width, self.width)
        return replace(self, width=width) if width > self.depth else None

    def after(self, start: Tensor, end: Tensor) -> Contact | None:
        """Return what is left of it after the robot moved from one point (P,) to another."""
        return self.narrowed(float(self._crossed(start.unsqueeze(0), end.unsqueeze(0))))

    def is_like(self, other: Contact) -> bool:
        """Return whether both are the same wall at nearly the same place."""
        near = float(torch.linalg.vector_norm(self.here - other.here)) < 0.5 * self.width
        return near and float(self.into @ other.into) > 0.8


class ContactSense:
    """Compares the outcome of the last action blocks, up to a macro-action, with its prediction.

    The outcome of a late start counts as predicted, too: a robot that sets off has not hit a wall. A robot
    that others hold or slow down also feels walls; a wall that it later passes through is removed.

    Args:
        model: predicts, block by block.
        spec: the robot.
        settings: width of walls, and distance from the prediction that counts as a contact.

    Attributes:
        walls: walls found since `restart` and not refuted.
    """

    def __init__(self, model: ModelRuntime, spec: RobotSpec, settings: LearnedRouteSettings) -> None:
        self._model, self._block, self._radius = model, spec.action_block, settings.radius
        self._width, self._felt = settings.wall * settings.radius, settings.felt * settings.radius
        self._steps = ControlSteps(spec.step_ns)
        self._late = math.ceil(LATE_NS / spec.step_ns)
        count = model.contract.macro_blocks * spec.action_block + self._late
        self._past: deque[tuple[Tensor, FloatArray]] = deque(maxlen=count)
        self.restart()

    def restart(self) -> None:
        """Forget the past: the next observation does not follow from it."""
        self._steps.restart()
        self._past.clear()
        self._state: Tensor | None = None
        self.walls: list[Contact] = []

    def observe(self, state: Tensor, stamp_ns: int) -> bool:
        """Return whether the current state (Z,), after the last steps, reveals a new wall."""
        if self._steps.goes_on(stamp_ns):
            return False
        if self._state is not None and self.walls:
            way = points_of(self._model, torch.stack([self._state, state])).cpu()
            self.walls = [left for wall in self.walls if (left := wall.after(way[0], way[1])) is not None]
        action = self._steps.end(stamp_ns)
        if action is None or self._state is None:
            self._past.clear()
        else:
            self._past.append((self._state, action))
        self._state = state
        most = len(self._past) - self._late
        for count in range(self._block, most + 1, self._block):  # a fast hit shows early
            contact = self._compared([*self._past][-count - self._late :], state)
            if contact is not None:
                self._past.clear()  # each wall is found once
                if any(contact.is_like(wall) for wall in self.walls):
                    return False
                self.walls.append(contact)
                return True
        return False

    def narrow(self) -> None:
        """Halve the width of the walls: as they are, they leave no route."""
        halves = [wall.narrowed(0.5 * wall.width) for wall in self.walls]
        self.walls = [wall for wall in halves if wall is not None]

    def act(self, action: FloatArray) -> None:
        """Note the action (A,) in [-1, 1] that is executed until the next observation."""
        self._steps.act(action)

    def _compared(self, past: list[tuple[Tensor, FloatArray]], state: Tensor) -> Contact | None:
        """Return the wall that the last steps reveal, after the first `late` ones of `past`."""
        actions = torch.stack([torch.from_numpy(action).float() for _, action in past])
        count, start = len(past) - self._late, past[self._late][0].unsqueeze(0)
        delayed = actions.unfold(0, count, 1).transpose(1, 2).to(self._model.device)  # (late + 1, count, A)
        predicted = start.expand(len(delayed), -1)
        with torch.inference_mode():
            for block in torch.split(delayed, self._block, dim=1):
                predicted = self._model.world.predict(predicted, block.flatten(1))
        points = points_of(self._model, torch.cat([start, state.unsqueeze(0), predicted])).cpu()
        before, here, promised = points[0], points[1], points[2:]
        missing = promised - here
        lengths = torch.linalg.vector_norm(missing, dim=1)
        expected = MISSING * torch.linalg.vector_norm(promised - before, dim=1)
        if bool((lengths <= expected.clamp_min(self._felt)).any()):
            return None
        least = int(lengths.argmin())
        return Contact(here, missing[least] / lengths[least], DEPTH * self._radius, self._width)
