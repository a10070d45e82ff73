# SPDX-License-Identifier: Apache-2.0
"""Encode whole episodes once, for everything that is fitted and measured after training."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor

from ami_ros.model.networks.jepa import Jepa
from ami_ros.training.one_camera import OneCameraEpisodes
from ami_ros.types import ImageArray


def encode_all(model: Jepa, images: ImageArray, joints: Tensor) -> tuple[Tensor, Tensor]:
    """Return latents (E, S + 1, D) and oddness (E, S + 1), in evaluation mode.

    Args:
        model: the world model.
        images: (E, S + 1, H, W, 3) uint8.
        joints: (E, S + 1, 2 J) normalised.
    """
    model.eval()
    # Not inference_mode: what is fitted to these latents needs gradients of its own.
    with torch.no_grad():
        rows = [model.observe(torch.from_numpy(i), j) for i, j in zip(images, joints, strict=True)]
    return torch.stack([latents for latents, _ in rows]), torch.stack([oddness for _, oddness in rows])


@dataclass(frozen=True, eq=False)
class Transitions:
    """N times one action block, or several (M) in a row, with what was before and after.

    Attributes:
        latent: (N, D) before.
        joints: (N, 2 J) before, normalised.
        action: (N, M K A) in [-1, 1].
        next_latent: (N, D) after.
        next_joints: (N, 2 J) after, normalised.
        oddness: (N,) of the image after.
    """

    latent: Tensor
    joints: Tensor
    action: Tensor
    next_latent: Tensor
    next_joints: Tensor
    oddness: Tensor

    def __len__(self) -> int:
        """Number of transitions."""
        return len(self.latent)

    def predicted(self, model: Jepa) -> Tensor:
        """Return what the model expects (N, D) after the blocks, without looking in between."""
        blocks = self.action.view(len(self), -1, model.action_size)
        with torch.no_grad():
            return model.rollout(self.latent, self.joints, blocks)[0][:, -1]


@dataclass(frozen=True, eq=False)
class Encoded:
    """E episodes of S control steps as the model sees them.

    Attributes:
        latents: (E, S + 1, D).
        oddness: (E, S + 1) of the images.
        joints: (E, S + 1, 2 J) normalised.
        actions: (E, S, A) in [-1, 1].
        block: control steps per action block (K).
        truths: what a probe should find in the latents, by name, each (E, S + 1, M); nothing else reads it.
    """

    latents: Tensor
    oddness: Tensor
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

    def transitions(self, blocks: int = 1) -> Transitions:
        """Return all `blocks` action blocks in a row, overlapping ones too, ordered by where they end."""
        ends = range(blocks * self.block, self.actions.shape[1] + 1)
        parts = [self.cut(end - blocks * self.block, blocks) for end in ends]
        latents, joints, actions = (torch.cat(part) for part in zip(*parts, strict=True))
        oddness = torch.cat([self.oddness[:, end] for end in ends])
        action = actions.flatten(1)
        return Transitions(latents[:, 0], joints[:, 0], action, latents[:, -1], joints[:, -1], oddness)


def encode_episodes(model: Jepa, episodes: OneCameraEpisodes, action_scale: float, block: int) -> Encoded:
    """Encode `episodes`; `action_scale` is the action of size 1 in m/s."""
    joints, count = torch.from_numpy(episodes.joints), episodes.joints.shape[2] // 2
    truths = {"joint_position": joints[..., :count], "tip_position": torch.from_numpy(episodes.tip)}
    if episodes.objects.shape[2]:
        truths["object_position"] = torch.from_numpy(episodes.objects).flatten(2)
    actions = torch.from_numpy(episodes.actions) / action_scale
    normalised = model.normalise_joints(joints)
    return Encoded(*encode_all(model, episodes.images, normalised), normalised, actions, block, truths)
