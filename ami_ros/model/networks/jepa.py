# SPDX-License-Identifier: Apache-2.0
"""The world model: encoder, predictor and inverse model, and what is fitted to them afterwards."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ami_ros.model.networks.appearance import Appearance
from ami_ros.model.networks.backbone import BackboneEncoder
from ami_ros.model.networks.disagreement import Disagreement
from ami_ros.model.networks.encoder import Encoder
from ami_ros.model.networks.inverse import InverseModel
from ami_ros.model.networks.predictor import Predictor
from ami_ros.model.networks.settings import ModelSettings
from ami_ros.model.networks.surprise import Surprise
from ami_ros.model.networks.temporal_distance import TemporalDistance

# What gradient descent on episodes trains; the rest is fitted afterwards, on latents that no longer change.
TRAINED = ("encoder", "predictor", "inverse_model")


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
        self.action_size = action_size
        self.encoder = BackboneEncoder(settings) if settings.encoder == "backbone" else Encoder(settings)
        self.predictor = Predictor(settings, 2 * joints, action_size)
        self.inverse_model = InverseModel(settings, 2 * joints, action_size)
        self.appearance = Appearance(settings, joints)
        self.disagreement_heads = Disagreement(settings, action_size)
        self.surprise_gauge = Surprise(settings.latent_size, joints)
        self.temporal_distance = TemporalDistance(settings)
        self.joint_mean: Tensor
        self.register_buffer("joint_mean", torch.zeros(2 * joints))
        self.joint_std: Tensor
        self.register_buffer("joint_std", torch.ones(2 * joints))
        self.metric: Tensor
        self.register_buffer("metric", torch.eye(settings.latent_size))
        self.step_distance: Tensor
        self.register_buffer("step_distance", torch.ones(()))
        self.l2_step_distance: Tensor
        self.register_buffer("l2_step_distance", torch.ones(()))
        self.joint_step_distance: Tensor
        self.register_buffer("joint_step_distance", torch.ones(()))

    def encode(self, images: Tensor) -> Tensor:
        """Encode camera images (B, H, W, 3) uint8 RGB of any size to latents (B, D)."""
        return self.encoder(self.fitted(images))

    def observe(self, images: Tensor, joints: Tensor) -> tuple[Tensor, Tensor]:
        """Return what `encode` does, and how odd the images look (B,), see `Appearance.forward`.

        Joints (B, 2 J) are normalised.
        """
        x = self.fitted(images)
        latent = self.encoder(x)
        return latent, self.appearance(x, latent, joints[:, : joints.shape[1] // 2])

    def fitted(self, images: Tensor) -> Tensor:
        """Return camera images (B, H, W, 3) uint8 in the encoder's size and order, (B, 3, S, S) in [0, 1]."""
        side, shrink = self.image_size, images.shape[1] // self.image_size
        if shrink > 1 and images.shape[1] == side * shrink and images.shape[2] == side * shrink:
            # Whole squares of pixels: the same mean as below, five times as fast.
            x = images.view(-1, side, shrink, side, shrink, 3).float()
            rows = x[:, :, 0]
            for i in range(1, shrink):
                rows = rows + x[:, :, i]
            squares = rows[:, :, :, 0]
            for i in range(1, shrink):
                squares = squares + rows[:, :, :, i]
            return squares.permute(0, 3, 1, 2) * (1.0 / (255.0 * shrink * shrink))
        x = images.permute(0, 3, 1, 2).float() / 255.0
        if x.shape[2] != side or x.shape[3] != side:
            x = nn.functional.interpolate(x, size=(side, side), mode="area")
        return x

    def normalise_joints(self, joints: Tensor) -> Tensor:
        """Normalise positions and velocities (B, 2 J) in rad and rad/s."""
        return (joints - self.joint_mean) / self.joint_std

    def predict(self, latent: Tensor, joints: Tensor, action: Tensor) -> tuple[Tensor, Tensor]:
        """Predict one action block ahead; see `Predictor.forward`."""
        return self.predictor(latent, joints, action)

    def rollout(self, latent: Tensor, joints: Tensor, actions: Tensor) -> tuple[Tensor, Tensor]:
        """Predict where candidates lead: latents (S, T, D) and joints (S, T, 2 J); see `states`."""
        rolled = torch.stack(self.states(latent, joints, actions), 1)
        return rolled[:, :, : self.latent_size], rolled[:, :, self.latent_size :]

    def states(
        self, latent: Tensor, joints: Tensor, actions: Tensor, goal: Tensor | None = None, steered: int = 0
    ) -> list[Tensor]:
        """Predict where candidates lead, step by step.

        A method, because TorchScript compiles a function that takes a model for one model's sizes only.

        Args:
            latent: (S, D) now, or (1, D) for all candidates.
            joints: (S, 2 J) now, normalised, or (1, 2 J).
            actions: (S, T, K A) in [-1, 1].
            goal: (D,) steer one candidate there with the inverse model and write its actions into `actions`:
                alone it would cost as many steps of the predictor again.
            steered: index of that candidate.

        Returns:
            After each of T action blocks latent and joints side by side, (S, D + 2 J).
        """
        state = torch.cat([latent, joints], dim=1).expand(actions.shape[0], -1)
        states: list[Tensor] = []
        for step in range(actions.shape[1]):
            if goal is not None:
                now = state[steered : steered + 1]
                action = self.inverse(
                    now[:, : self.latent_size], goal.unsqueeze(0), now[:, self.latent_size :]
                )
                actions[steered, step] = action[0]
            state = self.predictor.step(state, actions[:, step])
            states.append(state)
        return states

    def inverse(self, latent: Tensor, goal: Tensor, joints: Tensor) -> Tensor:
        """Return the action block (B, K A) in [-1, 1] that leads from latent toward goal (B, D)."""
        return self.inverse_model(latent, goal, joints)

    def disagreement(self, latent: Tensor, change: Tensor, action: Tensor) -> Tensor:
        """Return how unsure a predicted change is (B,), 1 is usual; see `Disagreement.forward`."""
        return self.disagreement_heads(latent, change, action)

    def surprise(
        self,
        latent: Tensor,
        joints: Tensor,
        action: Tensor,
        next_latent: Tensor,
        next_joints: Tensor,
        oddness: Tensor,
    ) -> Tensor:
        """Return how little the world did as predicted (B, 4), 1 is rare; see `Surprise.forward`.

        Args:
            latent: (B, D) some action blocks (N) ago.
            joints: (B, 2 J) then, normalised.
            action: (B, N K A) in [-1, 1], as they were executed.
            next_latent: (B, D) now.
            next_joints: (B, 2 J) now, normalised.
            oddness: (B,) of the image now.
        """
        blocks = action.view(action.shape[0], -1, self.action_size)
        predicted, doubt = latent, torch.zeros_like(oddness)
        for block, state in enumerate(self.states(latent, joints, blocks)):
            before, predicted = predicted, state[:, : self.latent_size]
            doubt = doubt + self.disagreement(before, predicted - before, blocks[:, block])
        return self.surprise_gauge(predicted, doubt / blocks.shape[1], next_latent, next_joints, oddness)

    def distance(self, latent: Tensor, goal: Tensor, kind: str) -> Tensor:
        """Return how far latents (B, D) are from goal (D), in control steps.

        "temporal": the learned number of steps. "slow": in the metric that whitens the latent's change over a
        few control steps, so directions that change slowly count more. "l2": as the latents lie. In the last
        two, 1 is the median change of one control step.
        """
        if kind == "temporal":
            return self.temporal_distance(latent, goal)
        if kind == "slow":
            return torch.linalg.vector_norm((latent - goal) @ self.metric, dim=1) / self.step_distance
        return torch.linalg.vector_norm(latent - goal, dim=1) / self.l2_step_distance

    def joint_distance(self, joints: Tensor, goal: Tensor) -> Tensor:
        """Return how far joints (B, 2 J) are from the goal (J), both normalised, in control steps."""
        count = goal.shape[0]
        gap = (joints[:, :count] - goal) * self.joint_std[:count]
        return torch.linalg.vector_norm(gap, dim=1) / self.joint_step_distance
