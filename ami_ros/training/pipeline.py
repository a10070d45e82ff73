# SPDX-License-Identifier: Apache-2.0
"""From recorded episodes to a finished, measured world model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from ami_ros import __version__
from ami_ros.data.dataset import EpisodeSet
from ami_ros.embodiment import RobotSpec
from ami_ros.errors import TrainingError
from ami_ros.model.contract import FORMAT_VERSION, Contract
from ami_ros.model.export import weights_sha256
from ami_ros.model.jepa import Jepa
from ami_ros.model.settings import ModelSettings
from ami_ros.training.gates import measure_gates
from ami_ros.training.latents import encode_all
from ami_ros.training.metric import fit_metric
from ami_ros.training.settings import TrainingSettings
from ami_ros.training.trainer import Trainer

GATE_HORIZON = 10


@dataclass(frozen=True, eq=False)
class Split:
    """Episodes to train on and episodes held out."""

    training: EpisodeSet
    held_out: EpisodeSet


def load_split(paths: Sequence[Path], share: float, on_read: Callable[[], None]) -> Split:
    """Hold out the last `share` of the episodes.

    Raises:
        TrainingError: too few episodes to hold any out.
    """
    held = max(2, round(len(paths) * share))
    if len(paths) - held < 2:
        raise TrainingError(f"got {len(paths)} episodes, expected at least 4; run `ami-ros collect`")
    return Split(EpisodeSet(paths[:-held], on_read), EpisodeSet(paths[-held:], on_read))


def build_trainer(split: Split, spec: RobotSpec, model: ModelSettings, training: TrainingSettings) -> Trainer:
    """Make a freshly initialised model and its trainer; seeds torch.

    Raises:
        TrainingError: the episodes do not fit the robot or the model.
    """
    episodes = split.training
    if episodes.images.shape[2] != model.image_size or episodes.joints.shape[2] != 2 * len(spec.joint_names):
        raise TrainingError(
            f"episodes have {episodes.images.shape[2]} px images and {episodes.joints.shape[2] // 2} joints, "
            f"expected {model.image_size} px (config/model.yaml) and {len(spec.joint_names)} ({spec.name})"
        )
    if spec.action_block != 1:
        raise TrainingError(f"{spec.name}: action_block: got {spec.action_block}, training expects 1")
    torch.set_num_threads(training.threads)
    torch.manual_seed(training.seed)
    network = Jepa(model, len(spec.joint_names), spec.action_block * spec.action_size)
    return Trainer(network, episodes, training, spec.max_tip_speed)


def finish(
    network: Jepa,
    split: Split,
    spec: RobotSpec,
    task: str,
    training: TrainingSettings,
    horizon: int = GATE_HORIZON,
) -> Contract:
    """Fit the metric on the training episodes, measure on the held-out ones, and write the contract."""
    # A third of the episodes fixes a covariance of this size well, and encoding takes a while.
    latents = encode_all(network, split.training.images[::3])
    joints = torch.from_numpy(split.training.joints[::3])
    fit_metric(network, latents, joints, training.metric_steps, training.metric_floor)
    horizon = min(horizon, split.held_out.steps)
    gates = measure_gates(network, split.held_out, spec.max_tip_speed, horizon)
    actions = split.training.actions
    return Contract(
        format_version=FORMAT_VERSION,
        task=task,
        robot=spec.name,
        joint_names=list(spec.joint_names),
        control_mode=spec.control_mode,
        control_hz=spec.control_hz,
        action_block=spec.action_block,
        action_size=spec.action_size,
        max_tip_speed=spec.max_tip_speed,
        image_size=network.image_size,
        camera_aspect=spec.camera.width / spec.camera.height,
        frames_of_context=1,
        latent_size=network.latent_size,
        joint_mean=network.joint_mean.tolist(),
        joint_std=network.joint_std.tolist(),
        action_range=[actions.min(axis=(0, 1)).tolist(), actions.max(axis=(0, 1)).tolist()],
        data_sha256=split.training.sha256,
        weights_sha256=weights_sha256(network),
        seed=training.seed,
        code_version=__version__,
        gates=gates,
    )
