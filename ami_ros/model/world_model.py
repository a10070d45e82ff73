# SPDX-License-Identifier: Apache-2.0
"""The interface of model.pt: observation, prediction and distance."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ami_ros.model.contract import Contract
from ami_ros.model.networks.jepa import Jepa
from ami_ros.model.scripted import offered

# The methods that every file offers.
EXPORTED = (
    "observe",
    "encode",
    "normalised",
    "predict",
    "states",
    "steered_states",
    "rollout",
    "inverse_action",
    "distances",
    "disagreement",
    "surprise",
)
# Additional methods with several cameras.
SEVERAL_CAMERAS = ("observe_each", "complete")
# Additional methods with macro-actions.
MACROS = ("imagine",)
# Additional methods with `reading_hidden`.
READINGS = ("goal_readings",)
# Additional methods with `history`.
HISTORY = ("carried",)
# The kind of distance to a goal of vectors.
BY_VECTORS = "vectors"


def exported(contract: Contract) -> tuple[str, ...]:
    """Return the methods that the file of a model with this contract offers."""
    several = SEVERAL_CAMERAS if len(contract.cameras) > 1 else ()
    macros, readings = (MACROS if contract.macro_blocks else ()), (READINGS if contract.reads_goals else ())
    return EXPORTED + several + macros + readings + (HISTORY if contract.history else ())


class WorldModel(nn.Module):
    """Sensors in their own units on one side, states (Z,) on the other; see `Jepa`.

    A goal is a list of targets and their indices: views (`view_size`,) as `encode` returns them, with one of
    DISTANCES; or normalised target readings of some vector sensors, with BY_VECTORS.
    """

    def __init__(self, model: Jepa) -> None:
        super().__init__()
        self.model = model

    def forward(self, state: Tensor, action: Tensor) -> Tensor:
        """Do as `predict`; needed because torch embeds no loaded module without it in another."""
        return self.model.predict(state, action)

    @offered
    def observe(self, images: list[Tensor], vectors: Tensor) -> tuple[Tensor, Tensor]:
        """Return states (B, Z) and the oddness of the images (B,).

        Args:
            images: images (B, H, W, 3) uint8 of each camera.
            vectors: (B, V) readings of all vector sensors, in their units.
        """
        return self.model.observe(images, self.model.normalise(vectors))

    @offered
    def observe_each(self, images: list[Tensor], vectors: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Do as `observe`, with the oddness of each camera's image (B, W), and its rare value ()."""
        states, oddness = self.model.observe_each(images, self.model.normalise(vectors))
        return states, oddness, self.model.surprise_gauge.scale[-1]

    @offered
    def complete(self, state: Tensor, missing: list[int]) -> Tensor:
        """Return states (B, Z) as if the cameras with an index in `missing` were absent."""
        return self.model.complete(state, missing)

    @offered
    def carried(self, before: Tensor, now: Tensor, blocks: float) -> Tensor:
        """Return observed states (B, Z) with the traces of states (B, Z) some action blocks before."""
        return self.model.carried(before, now, blocks)

    @offered
    def encode(self, camera: int, images: Tensor) -> Tensor:
        """Return latents (B, D) of images (B, H, W, 3) uint8 from a camera, by index."""
        return self.model.encode(camera, images)

    @offered
    def normalised(self, sensor: int, values: Tensor) -> Tensor:
        """Return the target of a vector sensor, by index, from values in its units."""
        start, stop = self.model.goals[sensor]
        return (values - self.model.vector_mean[start:stop]) / self.model.vector_std[start:stop]

    @offered
    def predict(self, state: Tensor, action: Tensor) -> Tensor:
        """Return states (B, Z) one action block (B, K A) in [-1, 1] later."""
        return self.model.predict(state, action)

    @offered
    def states(self, state: Tensor, actions: Tensor) -> list[Tensor]:
        """Return the states (S, Z) after each of T blocks (S, T, K A) from (1, Z); see `Jepa.states`."""
        return self.model.states(state, actions)

    @offered
    def steered_states(
        self, state: Tensor, actions: Tensor, goal: list[Tensor], parts: list[int], steered: int
    ) -> list[Tensor]:
        """Do as `states`, and steer one candidate to a goal; see `Jepa.steered_states`."""
        return self.model.steered_states(state, actions, goal, parts, steered)

    @offered
    def imagine(self, state: Tensor) -> Tensor:
        """Return the outcomes of all macro-actions from states (B, Z): states (B, N, Z)."""
        return self.model.imagine(state)

    @offered
    def rollout(self, state: Tensor, actions: Tensor) -> Tensor:
        """Return the states (S, T, Z) after actions (S, T, K A) from one state (Z,)."""
        return self.model.rollout(state.unsqueeze(0), actions)

    @offered
    def inverse_action(self, state: Tensor, goal: list[Tensor], parts: list[int]) -> Tensor:
        """Return the action block (K A) from state (Z,) toward the views of a goal, without search."""
        now = state.unsqueeze(0)
        return self.model.inverse(now, self.model.wanted(now, goal, parts))[0]

    @offered
    def goal_readings(self, now: Tensor, goal: list[Tensor], parts: list[int]) -> list[Tensor]:
        """Return where the views of a goal show each vector sensor, as targets with BY_VECTORS.

        Args:
            now: (1, Z) the current state.
            goal: views.
            parts: index of each view.
        """
        there = self.model.reading(now, self.model.wanted(now, goal, parts))[0]
        targets: list[Tensor] = []
        at = 0
        for start, stop in self.model.goals:
            targets.append(there[at : at + stop - start])
            at += stop - start
        return targets

    @offered
    def distances(self, states: list[Tensor], goal: list[Tensor], parts: list[int], kind: str) -> Tensor:
        """Return the distances (S, T) of states (S, Z) at T times to a goal, in control steps.

        For several targets, it is the root mean square.

        Args:
            states: states of one time after another: one step fits into the cache, all steps do not.
            goal: targets.
            parts: index of each target.
            kind: one of DISTANCES for views, or BY_VECTORS.
        """
        far: list[Tensor] = []
        for state in states:
            first = self._distance(state, goal[0], parts[0], kind)
            if len(parts) > 1:
                squares = first**2
                for index in range(1, len(parts)):
                    squares = squares + self._distance(state, goal[index], parts[index], kind) ** 2
                first = torch.sqrt(squares / len(parts))
            far.append(first)
        return torch.stack(far, 1)

    def _distance(self, state: Tensor, target: Tensor, part: int, kind: str) -> Tensor:
        if kind == "vectors":
            return self.model.vector_distance(state[:, self.model.vectors_at :], target, part)
        return self.model.distance(self.model.view(state, part), target, kind, part)

    @offered
    def disagreement(self, state: Tensor, states: list[Tensor], actions: Tensor) -> Tensor:
        """Return the uncertainty of each step (S, T), 1 is usual.

        Args:
            state: (1, Z) state before.
            states: (S, Z) states after each of T blocks, as `states` predicted them.
            actions: (S, T, K A) in [-1, 1].
        """
        samples, horizon, size = actions.shape[0], actions.shape[1], self.model.core_size
        cores = torch.stack(states, 1)[:, :, :size]
        before = torch.cat([state[:, :size].expand(samples, -1).unsqueeze(1), cores[:, :-1]], dim=1)
        change = (cores - before).flatten(0, 1)
        doubt = self.model.disagreement(before.flatten(0, 1), change, actions.flatten(0, 1))
        return doubt.view(samples, horizon)

    @offered
    def surprise(self, state: Tensor, action: Tensor, next_state: Tensor, oddness: Tensor) -> Tensor:
        """Return the surprise over some blocks (N), by component (4,); see `Surprise.forward`.

        Args:
            state: (Z,) state before.
            action: (N K A,) in [-1, 1], as executed.
            next_state: (Z,) state after.
            oddness: () oddness of the images after.
        """
        now, after = state.unsqueeze(0), next_state.unsqueeze(0)
        return self.model.surprise(now, action.unsqueeze(0), after, oddness.unsqueeze(0))[0]
