# SPDX-License-Identifier: Apache-2.0
"""From recorded episodes to a finished, measured world model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from ami_ros import __version__
from ami_ros.body.robot_spec import RobotSpec
from ami_ros.data.dataset import EpisodeSet
from ami_ros.data.double_exposure import DOUBLE_EXPOSURE_FILES
from ami_ros.data.event import list_events
from ami_ros.data.oddity import ODDITY_FILES
from ami_ros.data.recorded_body import check_same_body, recorded_body
from ami_ros.errors import TrainingError
from ami_ros.model.allocator import keep_freed_memory
from ami_ros.model.contract import FORMAT_VERSION, Contract
from ami_ros.model.export import weights_sha256
from ami_ros.model.networks.jepa import Jepa
from ami_ros.model.networks.settings import ModelSettings
from ami_ros.model.networks.surprise import SURPRISE_BLOCKS
from ami_ros.training.appearance import fit_appearance, read_oddities
from ami_ros.training.disagreement import fit_disagreement
from ami_ros.training.double_exposures import DoubleExposures, measure_alike, read_double_exposures
from ami_ros.training.events import read_clips
from ami_ros.training.gates import measure_gates
from ami_ros.training.latents import encode_episodes
from ami_ros.training.metric import fit_metric
from ami_ros.training.one_camera import OneCameraEpisodes
from ami_ros.training.settings import TrainingSettings
from ami_ros.training.surprise import fit_surprise
from ami_ros.training.temporal_distance import fit_temporal_distance
from ami_ros.training.trainer import Trainer

GATE_HORIZON = 15  # action blocks


@dataclass(frozen=True, eq=False)
class Split:
    """Episodes and double exposures, to train on and held out; clips of events, held out; and oddities."""

    training: OneCameraEpisodes
    held_out: OneCameraEpisodes
    exposures: DoubleExposures
    held_out_exposures: DoubleExposures
    events: tuple[Path, ...] = ()
    oddities: tuple[Path, ...] = ()


def load_split(paths: Sequence[Path], share: float, on_read: Callable[[], None]) -> Split:
    """Hold out the last `share` of the episodes, and find the data set's events.

    Raises:
        TrainingError: too few episodes to hold any out.
    """
    held = max(2, round(len(paths) * share))
    if len(paths) - held < 2:
        raise TrainingError(f"got {len(paths)} episodes, expected at least 4; run `ami-ros collect`")
    events = tuple(list_events(paths[0].parent))
    oddities = tuple(ODDITY_FILES.finished(paths[0].parent))
    exposures = read_double_exposures(DOUBLE_EXPOSURE_FILES.finished(paths[0].parent), share)
    training, held_out = (
        OneCameraEpisodes(EpisodeSet(part, on_read)) for part in (paths[:-held], paths[-held:])
    )
    return Split(training, held_out, *exposures, events, oddities)


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
    if episodes.actions.shape[2] != spec.action_size:
        raise TrainingError(
            f"episodes have actions of {episodes.actions.shape[2]} numbers, expected {spec.action_size} "
            f"({spec.name}: {', '.join(spec.actions.names)})"
        )
    check_same_body("the episodes", episodes.body, recorded_body(spec), of=spec.name)
    for exposures in (split.exposures, split.held_out_exposures):
        if len(exposures) and exposures.plain.shape[2:] != episodes.images.shape[2:]:
            got, expected = exposures.plain.shape[2:], episodes.images.shape[2:]
            raise TrainingError(f"double exposures have images {got}, expected {expected} as in the episodes")
    keep_freed_memory()
    torch.set_num_threads(training.threads)
    torch.manual_seed(training.seed)
    network = Jepa(model, len(spec.joint_names), spec.action_block * spec.action_size)
    return Trainer(network, episodes, training, spec.max_tip_speed, spec.action_block, split.exposures)


def finish(
    network: Jepa,
    split: Split,
    spec: RobotSpec,
    task: str,
    training: TrainingSettings,
    horizon: int = GATE_HORIZON,
) -> Contract:
    """Fit what rests on finished latents, measure on held-out episodes and events, and write the contract."""
    scale, block = spec.max_tip_speed, spec.action_block
    oddities = read_oddities(split.oddities, training.held_out)
    fit_appearance(network, split.training, oddities.training, training)
    encoded = encode_episodes(network, split.training, scale, block)
    held_out = encode_episodes(network, split.held_out, scale, block)
    joints = torch.from_numpy(split.training.joints)
    fit_metric(
        network,
        encoded.latents,
        joints,
        training.metric_steps,
        training.metric_floor,
        training.metric_slowness,
    )
    usual, unseen = encoded.transitions(), held_out.transitions()
    fit_disagreement(network, usual, unseen, training)
    fit_surprise(
        network, encoded.transitions(SURPRISE_BLOCKS), held_out.transitions(SURPRISE_BLOCKS), training
    )
    fit_temporal_distance(network, encoded.latents, training)
    clips = read_clips(network, split.events, scale, block)
    horizon = min(horizon, split.held_out.steps // block)
    gates = measure_gates(network, encoded, held_out, clips, oddities.held_out, horizon)
    gates["alike"] = measure_alike(network, split.held_out_exposures)
    actions = split.training.actions
    return Contract(
        format_version=FORMAT_VERSION,
        task=task,
        robot=spec.name,
        joint_names=list(spec.joint_names),
        control_mode=spec.actions.meaning,
        control_hz=spec.actions.rate_hz,
        action_block=spec.action_block,
        action_axes=list(spec.actions.names),
        action_size=spec.action_size,
        max_tip_speed=spec.max_tip_speed,
        image_size=network.image_size,
        camera_aspect=spec.camera.aspect,
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
