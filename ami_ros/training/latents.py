# SPDX-License-Identifier: Apache-2.0
"""Encodes whole episodes once, for all fitting and measuring after training."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor

from ami_ros.body.actions import ActionSpec
from ami_ros.model.networks.jepa import Jepa
from ami_ros.training.fitting.descent import OnStep, unwatched
from ami_ros.training.recorded import Recorded, normalised_actions


def encode_all(model: Jepa, recorded: Recorded, on_step: OnStep = unwatched) -> tuple[Tensor, Tensor]:
    """Return states (E, S + 1, Z) and oddness (E, S + 1), in evaluation mode; `on_step` runs per episode."""
    model.eval()
    vectors = model.normalise(torch.from_numpy(recorded.vectors))
    # Not inference_mode: the parts fitted to these latents need gradients of their own.
    with torch.no_grad():
        rows = []
        for episode in range(len(vectors)):
            images = [torch.from_numpy(images[episode]) for images in recorded.images]
            rows.append(model.observe(images, vectors[episode]))
            on_step("encode")
    return torch.stack([states for states, _ in rows]), torch.stack([oddness for _, oddness in rows])


@dataclass(frozen=True, eq=False)
class Transitions:
    """N transitions over one action block, or several (M) in a row.

    Attributes:
        state: (N, Z) states before.
        action: (N, M K A) in [-1, 1].
        next_state: (N, Z) states after.
        oddness: (N,) oddness of the images after.
    """

    state: Tensor
    action: Tensor
    next_state: Tensor
    oddness: Tensor

    def __len__(self) -> int:
        """Number of transitions."""
        return len(self.state)

    def core(self, model: Jepa) -> Tensor:
        """Return the core (N, F) of the states before."""
        return self.state[:, : model.core_size].contiguous()

    def next_core(self, model: Jepa) -> Tensor:
        """Return the core (N, F) of the states after."""
        return self.next_state[:, : model.core_size].contiguous()

    def predicted(self, model: Jepa) -> Tensor:
        """Return the predicted core (N, F) after the blocks, without observations in between."""
        blocks = self.action.view(len(self), -1, model.action_size)
        with torch.no_grad():
            return model.rollout(self.state, blocks)[:, -1, : model.core_size]


@dataclass(frozen=True, eq=False)
class Encoded:
    """E encoded episodes of S control steps.

    Attributes:
        states: (E, S + 1, Z).
        oddness: (E, S + 1) oddness of the images.
        core_size: F, size of the core of a state.
        actions: (E, S, A) in [-1, 1].
        block: control steps per action block (K).
        truths: targets of probes of the cores, by name, each (E, S + 1, M); nothing else reads them.
        intended: (E, S, A) in [-1, 1], the actions that were meant; None: those that were done.
    """

    states: Tensor
    oddness: Tensor
    core_size: int
    actions: Tensor
    block: int
    truths: dict[str, Tensor] = field(default_factory=dict)
    intended: Tensor | None = None

    @property
    def cores(self) -> Tensor:
        """Cores (E, S + 1, F) of the states."""
        return self.states[..., : self.core_size].contiguous()

    def cut(self, start: int, blocks: int) -> tuple[Tensor, Tensor]:
        """Return T blocks from step `start` on: states (E, T + 1, Z) and actions (E, T, K A)."""
        end = start + blocks * self.block
        frames = slice(start, end + 1, self.block)
        actions = self.actions[:, start:end].reshape(len(self.actions), blocks, -1)
        return self.states[:, frames], actions

    def draw(self, count: int, blocks: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Return `count` (B) random windows of T blocks: states (B, T + 1, Z) and actions (B, T, K A)."""
        span, steps = blocks * self.block, self.actions.shape[1]
        episode = torch.randint(len(self.actions), (count, 1), generator=generator)
        start = torch.randint(steps - span + 1, (count, 1), generator=generator)
        frames, moves = start + torch.arange(0, span + 1, self.block), start + torch.arange(span)
        return self.states[episode, frames], self.actions[episode, moves].reshape(count, blocks, -1)

    def transitions(self, blocks: int = 1) -> Transitions:
        """Return all sequences of `blocks` action blocks, overlapping ones too, ordered by their end."""
        ends = range(blocks * self.block, self.actions.shape[1] + 1)
        parts = [self.cut(end - blocks * self.block, blocks) for end in ends]
        states, actions = (torch.cat(part) for part in zip(*parts, strict=True))
        oddness = torch.cat([self.oddness[:, end] for end in ends])
        return Transitions(states[:, 0], actions.flatten(1), states[:, -1], oddness)


def encode_episodes(
    model: Jepa, recorded: Recorded, spec: ActionSpec, on_step: OnStep = unwatched
) -> Encoded:
    """Encode episodes with actions as in `spec`; `on_step` runs per episode."""
    states, oddness = encode_all(model, recorded, on_step)
    states = model.remembered(states, 1.0 / spec.block)
    chosen = recorded.actions if recorded.intended is None else recorded.intended
    done, intended = (
        normalised_actions(torch.from_numpy(actions), spec) for actions in (recorded.actions, chosen)
    )
    truths = {name: torch.from_numpy(values) for name, values in recorded.truths.items()}
    return Encoded(states, oddness, model.core_size, done, spec.block, truths, intended)
