# SPDX-License-Identifier: Apache-2.0
"""The world model: encoder, predictor and inverse model, joined with normalisation and metric."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ami_ros.model.encoder import Encoder
from ami_ros.model.inverse import InverseModel
from ami_ros.model.predictor import Predictor
from ami_ros.model.settings import ModelSettings


class Jepa(nn.Module):
    """Joint-embedding predictive architecture: predicts in latent space, never pixels.

    Args:
        settings: sizes of the networks.
        joints: number of joints (J).
        action_size: numbers per action block (K A).
    """

    def __init__(self, settings: ModelSettings, joints: int, action_size: int) -> None:
        super().__init__()
        self.image_size = settings.image_size
        self.latent_size = settings.latent_size
        self.encoder = Encoder(settings)
        self.predictor = Predictor(settings, 2 * joints, action_size)
        self.inverse_model = InverseModel(settings, 2 * joints, action_size)
        self.joint_mean: Tensor
        self.register_buffer("joint_mean", torch.zeros(2 * joints))
        self.joint_std: Tensor
        self.register_buffer("joint_std", torch.ones(2 * joints))
        self.metric: Tensor
        self.register_buffer("metric", torch.eye(settings.latent_size))
        self.step_distance: Tensor
        self.register_buffer("step_distance", torch.ones(()))
        self.joint_step_distance: Tensor
        self.register_buffer("joint_step_distance", torch.ones(()))

    def encode(self, images: Tensor) -> Tensor:
        """Encode camera images (B, H, W, 3) uint8 RGB of any size to latents (B, D)."""
        x = images.permute(0, 3, 1, 2).float() / 255.0
        if x.shape[2] != self.image_size or x.shape[3] != self.image_size:
            x = nn.functional.interpolate(x, size=(self.image_size, self.image_size), mode="area")
        return self.encoder(x)

    def normalise_joints(self, joints: Tensor) -> Tensor:
        """Normalise positions and velocities (B, 2 J) in rad and rad/s."""
        return (joints - self.joint_mean) / self.joint_std

    def predict(self, latent: Tensor, joints: Tensor, action: Tensor) -> tuple[Tensor, Tensor]:
        """Predict one action block ahead; see `Predictor.forward`."""
        return self.predictor(latent, joints, action)

    def rollout(self, latent: Tensor, joints: Tensor, actions: Tensor) -> tuple[Tensor, Tensor]:
        """Predict where candidates lead.

        A method, because TorchScript compiles a function that takes a model for one model's sizes only.

        Args:
            latent: (S, D) now, or (1, D) for all candidates.
            joints: (S, 2 J) now, normalised, or (1, 2 J).
            actions: (S, T, K A) in [-1, 1].

        Returns:
            Latents (S, T, D) and joints (S, T, 2 J).
        """
        count = actions.shape[0]
        z, q = latent.expand(count, -1), joints.expand(count, -1)
        latents, positions = [], []
        for step in range(actions.shape[1]):
            z, q = self.predict(z, q, actions[:, step])
            latents.append(z)
            positions.append(q)
        return torch.stack(latents, 1), torch.stack(positions, 1)

    def inverse(self, latent: Tensor, goal: Tensor, joints: Tensor) -> Tensor:
        """Return the action block (B, K A) in [-1, 1] that leads from latent toward goal (B, D)."""
        return self.inverse_model(latent, goal, joints)

    def distance(self, latent: Tensor, goal: Tensor) -> Tensor:
        """Return how far latents (B, D) are from goal (D): 1 is the median change of one control step.

        The metric whitens the latent's change over a few control steps, so directions that change slowly
        count more. Plain L2 in latent space does not plan.
        """
        return torch.linalg.vector_norm((latent - goal) @ self.metric, dim=1) / self.step_distance

    def joint_distance(self, joints: Tensor, goal: Tensor) -> Tensor:
        """Return how far joints (B, 2 J) are from the goal (J), both normalised, in control steps."""
        count = goal.shape[0]
        gap = (joints[:, :count] - goal) * self.joint_std[:count]
        return torch.linalg.vector_norm(gap, dim=1) / self.joint_step_distance
