# SPDX-License-Identifier: Apache-2.0
"""World models small enough to make in a test, and one whose right answers are known."""

from __future__ import annotations

from typing import Any

import torch
from robots import JOINTS, made_up_robot
from torch import Tensor, nn

from ami_ros.model.contract import FORMAT_VERSION, Contract
from ami_ros.model.export import weights_sha256
from ami_ros.model.networks.jepa import Jepa
from ami_ros.model.networks.settings import ModelSettings

IMAGE_SIZE, LATENT, ACTION = 32, 11, 6  # ACTION is K A = 2 * 3 of the made-up robot
SETTINGS = ModelSettings(
    encoder="convolutional",
    backbone_file="",
    backbone_sha256="",
    image_size=IMAGE_SIZE,
    latent_size=LATENT,
    channels=(4, 5, 7),
    keypoints=3,
    encoder_hidden=18,
    predictor_hidden=20,
    predictor_blocks=2,
    inverse_hidden=22,
    appearance_channels=(6, 9),
    appearance_hidden=12,
    disagreement_heads=3,
    disagreement_hidden=9,
    disagreement_size=8,
    temporal_hidden=17,
    temporal_size=10,
)


def small_jepa(seed: int = 0, joints: int = JOINTS, action: int = ACTION) -> Jepa:
    """Return an untrained model whose every part does something, in evaluation mode."""
    torch.manual_seed(seed)
    model = Jepa(SETTINGS, joints, action)
    with torch.no_grad():
        nn.init.normal_(model.predictor.leave[1].weight, std=0.05)  # zero otherwise: actions would not matter
        model.joint_mean.copy_(torch.linspace(-0.5, 0.7, 2 * joints))
        model.joint_std.copy_(torch.linspace(0.5, 1.5, 2 * joints))
        model.metric.copy_(torch.eye(LATENT) + 0.1 * torch.randn(LATENT, LATENT))
        model.step_distance.fill_(0.4)
        model.joint_step_distance.fill_(0.3)
    return model.eval()


class Integrator(nn.Module):
    """A predictor that adds the action to the latent and to the joints: every cost is convex in the actions."""

    def __init__(self, nan_above: float = 1e9) -> None:
        super().__init__()
        self.nan_above = nan_above

    def drive(self, actions: Tensor) -> Tensor:
        """Pass actions (..., K A) on."""
        return actions

    def step(self, state: Tensor, driven: Tensor) -> Tensor:
        """Add what fits; the latent is NaN where an action's first number is above `nan_above`."""
        change = torch.zeros_like(state)
        change[:, : driven.shape[1]] = driven
        broken = (driven[:, :1] > self.nan_above).expand(-1, LATENT)
        change[:, :LATENT] = torch.where(
            broken, torch.full_like(change[:, :LATENT], float("nan")), change[:, :LATENT]
        )
        change[:, LATENT : LATENT + 4] = driven[:, :4]
        return state + change

    def forward(self, latent: Tensor, joints: Tensor, action: Tensor) -> tuple[Tensor, Tensor]:
        """Predict one block, as `Predictor.forward`."""
        state = self.step(torch.cat([latent, joints], dim=1), action)
        return state[:, :LATENT], state[:, LATENT:]


class Toward(nn.Module):
    """An inverse model that goes straight to the goal latent, or (`speed` 0) nowhere."""

    def __init__(self, speed: float) -> None:
        super().__init__()
        self.speed = speed

    def forward(self, latent: Tensor, goal: Tensor, joints: Tensor) -> Tensor:
        """Return the step to the goal."""
        return self.speed * (goal - latent)[:, :6].clamp(-1.0, 1.0)


def convex_jepa(nan_above: float = 1e9, inverse_speed: float = 0.0) -> Jepa:
    """Return a model in which an action moves the latent by itself, in units of one control step."""
    model = small_jepa()
    model.predictor, model.inverse_model = Integrator(nan_above), Toward(inverse_speed)
    with torch.no_grad():
        model.joint_mean.zero_()
        model.joint_std.fill_(1.0)
        model.metric.copy_(torch.eye(LATENT))
        model.step_distance.fill_(1.0)
        model.joint_step_distance.fill_(1.0)
    return model.eval()


def small_contract(model: Jepa, **changes: Any) -> Contract:
    """Return a contract that fits `model` and the made-up robot."""
    spec = made_up_robot()
    values: dict[str, Any] = {
        "format_version": FORMAT_VERSION,
        "task": "reach",
        "robot": spec.name,
        "joint_names": list(spec.joint_names),
        "control_mode": spec.actions.meaning,
        "control_hz": spec.actions.rate_hz,
        "action_block": spec.action_block,
        "action_axes": list(spec.actions.names),
        "action_size": spec.action_size,
        "max_tip_speed": spec.max_tip_speed,
        "image_size": IMAGE_SIZE,
        "camera_aspect": spec.camera.aspect,
        "frames_of_context": 1,
        "latent_size": LATENT,
        "joint_mean": model.joint_mean.tolist(),
        "joint_std": model.joint_std.tolist(),
        "action_range": [[-0.4] * 3, [0.4] * 3],
        "data_sha256": "0" * 64,
        "weights_sha256": weights_sha256(model),
        "seed": 3,
        "code_version": "test",
        "gates": {"open_loop_error": [0.1]},
    }
    return Contract(**{**values, **changes})
