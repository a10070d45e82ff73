# SPDX-License-Identifier: Apache-2.0
"""World models small enough to make in a test, and one whose right answers are known."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import torch
from robots import JOINTS, made_up_robot
from torch import Tensor, nn

from ami_ros.body.robot_spec import RobotSpec
from ami_ros.model.contract import FORMAT_VERSION, Contract
from ami_ros.model.known import known_channels, known_sensors
from ami_ros.model.networks.inputs import Inputs, VectorInput
from ami_ros.model.networks.jepa import Jepa
from ami_ros.model.networks.settings import ModelSettings
from ami_ros.model.runtime import ModelRuntime
from ami_ros.model.weights import weights_sha256
from ami_ros.model.world_model import WorldModel

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
    shared_encoder=False,
    predictor_hidden=20,
    predictor_blocks=2,
    vector_hidden=0,
    history=(),
    macro_blocks=0,
    macros=5,
    inverse_hidden=22,
    reading_hidden=0,
    stillness=True,
    appearance_channels=(6, 9),
    appearance_hidden=12,
    disagreement_heads=3,
    disagreement_hidden=9,
    disagreement_size=8,
    temporal_hidden=17,
    temporal_size=10,
)


def one_camera_and_joints(joints: int = JOINTS) -> Inputs:
    """Return the sensors of the made-up robot."""
    return Inputs(("camera",), (VectorInput("joints", 2 * joints, joints),))


def small_jepa(
    seed: int = 0,
    joints: int = JOINTS,
    action: int = ACTION,
    inputs: Inputs | None = None,
    settings: ModelSettings = SETTINGS,
) -> Jepa:
    """Return an untrained model whose every part does something, in evaluation mode."""
    torch.manual_seed(seed)
    model = Jepa(settings, inputs or one_camera_and_joints(joints), action)
    size, numbers = model.view_size, len(model.vector_mean)
    with torch.no_grad():
        nn.init.normal_(model.predictor.leave[1].weight, std=0.05)  # zero otherwise: actions would not matter
        model.vector_mean.copy_(torch.linspace(-0.5, 0.7, numbers))
        model.vector_std.copy_(torch.linspace(0.5, 1.5, numbers))
        model.metric.copy_(torch.eye(size) + 0.1 * torch.randn(model.views, size, size))
        model.step_distance.fill_(0.4)
        model.vector_step_distance.fill_(0.3)
    return model.eval()


class Integrator(nn.Module):
    """A predictor that adds the action to the latent and to the joints: every cost is convex in the actions."""

    def __init__(self, nan_above: float = 1e9) -> None:
        super().__init__()
        self.nan_above = nan_above

    def forward(self, state: Tensor, driven: Tensor) -> Tensor:
        """Add what fits; the latent is NaN where an action's first number is above `nan_above`."""
        change = torch.zeros_like(state)
        change[:, : driven.shape[1]] = driven
        broken = (driven[:, :1] > self.nan_above).expand(-1, LATENT)
        change[:, :LATENT] = torch.where(
            broken, torch.full_like(change[:, :LATENT], float("nan")), change[:, :LATENT]
        )
        change[:, LATENT : LATENT + 4] = driven[:, :4]
        return state + change


class Toward(nn.Module):
    """An inverse model that goes straight to the goal latent, or (`speed` 0) nowhere."""

    def __init__(self, speed: float) -> None:
        super().__init__()
        self.speed = speed

    def forward(self, state: Tensor, goal: Tensor) -> Tensor:
        """Return the step to the goal."""
        return self.speed * (goal - state[:, :LATENT])[:, :6].clamp(-1.0, 1.0)


def convex_jepa(nan_above: float = 1e9, inverse_speed: float = 0.0) -> Jepa:
    """Return a model in which an action moves the latent by itself, in units of one control step."""
    model = small_jepa()
    model.predictor, model.inverse_model = Integrator(nan_above), Toward(inverse_speed)
    with torch.no_grad():
        model.vector_mean.zero_()
        model.vector_std.fill_(1.0)
        model.metric.copy_(torch.eye(LATENT))
        model.step_distance.fill_(1.0)
        model.vector_step_distance.fill_(1.0)
    return model.eval()


def small_contract(model: Jepa, spec: RobotSpec | None = None, **changes: Any) -> Contract:
    """Return a contract that fits `model` and `spec`, or the made-up robot."""
    spec = spec or made_up_robot()
    mean, std = model.vector_mean.tolist(), model.vector_std.tolist()
    architecture = {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(model.settings).items()}
    values: dict[str, Any] = {
        "format_version": FORMAT_VERSION,
        "task": "reach",
        "robot": spec.name,
        "sensors": known_sensors(spec, IMAGE_SIZE, mean, std),
        "meaning": spec.actions.meaning,
        "rate_hz": spec.actions.rate_hz,
        "block": spec.actions.block,
        "channels": known_channels(spec),
        "latent_size": LATENT,
        "action_range": [[c.low for c in spec.actions.channels], [c.high for c in spec.actions.channels]],
        "architecture": architecture,
        "data_sha256": "0" * 64,
        "weights_sha256": weights_sha256(model),
        "seed": 3,
        "code_version": "test",
        # Such that the planner takes it.
        "quality": {"open_loop_error": [0.1], "copy_last_error": [1.0], "shuffled_action_error": [1.0]},
    }
    return Contract(**{**values, **changes})


def in_memory(model: Jepa, contract: Contract) -> ModelRuntime:
    """Wrap a model that is neither scripted nor in a file."""
    return ModelRuntime(WorldModel(model).eval(), contract, "", torch.device("cpu"))
