# SPDX-License-Identifier: Apache-2.0
"""Encode whole episodes once, for everything that is fitted and measured after training."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor

from ami_ros.data.dataset import EpisodeSet
from ami_ros.model.jepa import Jepa
from ami_ros.types import ImageArray


def encode_all(model: Jepa, images: ImageArray) -> Tensor:
    """Return latents (E, S + 1, D) of frames (E, S + 1, H, W, 3), in evaluation mode."""
    model.eval()
    # Not inference_mode: what is fitted to these latents needs gradients of its own.
    with torch.no_grad():
        rows = [model.encode(torch.from_numpy(episode)) for episode in images]
    return torch.stack(rows)


@dataclass(frozen=True, eq=False)
class Transitions:
    """N times one action block, with what was before and after it.

    Attributes:
        latent: (N, D) before.
        joints: (N, 2 J) before, normalised.
        action: (N, K A) in [-1, 1].
        next_latent: (N, D) after.
        next_joints: (N, 2 J) after, normalised.
    """

    latent: Tensor
    joints: Tensor
    action: Tensor
    next_latent: Tensor
    next_joints: Tensor

    def __len__(self) -> int:
        """Number of transitions."""
        return len(self.latent)

    def predicted(self, model: Jepa) -> Tensor:
        """Return what the model expects (N, D) after each block."""
        with torch.no_grad():
            return model.predict(self.latent, self.joints, self.action)[0]


@dataclass(frozen=True, eq=False)
class Encoded:
    """E episodes of S control steps as the model sees them.

    Attributes:
        latents: (E, S + 1, D).
        joints: (E, S + 1, 2 J) normalised.
        actions: (E, S, A) in [-1, 1].
        block: control steps per action block (K).
        truths: what a probe should find in the latents, by name, each (E, S + 1, M); nothing else reads it.
    """

    latents: Tensor
    joints: Tensor
    actions: Tensor
    block: int
    truths: dict[str, Tensor] = field(default_factory=dict)

    def cut(self, start: int, blocks: int) -> tuple[Tensor, Tensor, Tensor]:
        """Return T blocks from step `start` on: latents, joints (E, T + 1, ...), actions (E, T, K A)."""
        end = start + blocks * self.block
        frames = slice(start, end + 1, self.block)
        actions = self.actions[:, start:end].reshape(len(self.actions), blocks, -1)
        return self.latents[:, frames], self.joints[:, frames], actions

    def transitions(self, first: int = 0, last: int | None = None) -> Transitions:
        """Return all action blocks, also overlapping ones, that end at control steps `first` to `last`."""
        steps = self.actions.shape[1]
        ends = range(max(first, self.block), (steps if last is None else min(last, steps)) + 1)
        parts = [self.cut(end - self.block, 1) for end in ends]
        latents, joints, actions = (torch.cat(part) for part in zip(*parts, strict=True))
        return Transitions(latents[:, 0], joints[:, 0], actions[:, 0], latents[:, 1], joints[:, 1])


def encode_episodes(model: Jepa, episodes: EpisodeSet, action_scale: float, block: int) -> Encoded:
    """Encode `episodes`; `action_scale` is the action of size 1 in m/s."""
    joints, count = torch.from_numpy(episodes.joints), episodes.joints.shape[2] // 2
    truths = {"joint_position": joints[..., :count], "tip_position": torch.from_numpy(episodes.tip)}
    if episodes.objects.shape[2]:
        truths["object_position"] = torch.from_numpy(episodes.objects).flatten(2)
    actions = torch.from_numpy(episodes.actions) / action_scale
    return Encoded(encode_all(model, episodes.images), model.normalise_joints(joints), actions, block, truths)
