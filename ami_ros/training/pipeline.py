# SPDX-License-Identifier: Apache-2.0
"""Turns recorded episodes into a finished, measured world model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch
from torch import nn

from ami_ros import __version__
from ami_ros.body.robot_spec import RobotSpec
from ami_ros.episodes.dataset import EpisodeSet
from ami_ros.episodes.double_exposure import DOUBLE_EXPOSURE_FILES
from ami_ros.episodes.event import list_events
from ami_ros.episodes.oddity import ODDITY_FILES
from ami_ros.episodes.recorded_body import check_same_body, recorded_body
from ami_ros.errors import TrainingError
from ami_ros.model.contract import FORMAT_VERSION, Contract
from ami_ros.model.known import inputs_of, known_channels, known_sensors
from ami_ros.model.networks.inputs import Inputs
from ami_ros.model.networks.jepa import Jepa
from ami_ros.model.networks.settings import ModelSettings
from ami_ros.model.networks.surprise import SURPRISE_BLOCKS
from ami_ros.model.weights import round_to_half, weights_sha256
from ami_ros.system.allocator import keep_freed_memory
from ami_ros.training.double_exposures import DoubleExposures, measure_alike, read_double_exposures
from ami_ros.training.events import read_clips
from ami_ros.training.fitting.appearance import fit_appearance, read_oddities
from ami_ros.training.fitting.coarse import fit_coarse
from ami_ros.training.fitting.completion import completion_errors, fit_completion
from ami_ros.training.fitting.descent import OnStep, unwatched
from ami_ros.training.fitting.disagreement import fit_disagreement
from ami_ros.training.fitting.inverse import fit_inverse
from ami_ros.training.fitting.metric import controlled_changes, fit_metric, slow_changes
from ami_ros.training.fitting.predictor import fit_predictor
from ami_ros.training.fitting.surprise import fit_surprise
from ami_ros.training.fitting.temporal_distance import fit_temporal_distance
from ami_ros.training.history_choice import HistoryChoice, choose_history
from ami_ros.training.latents import encode_episodes
from ami_ros.training.quality import measure_quality, shown_in_pictures
from ami_ros.training.recorded import of_sensor, recorded
from ami_ros.training.runs import whole_runs
from ami_ros.training.settings import TrainingSettings
from ami_ros.training.share import ALONE, Share
from ami_ros.training.trainer import Trainer

QUALITY_HORIZON = 15  # action blocks


@dataclass(frozen=True, eq=False)
class Split:
    """Episodes and double exposures, for training and held out; held-out clips of events; and oddities."""

    training: EpisodeSet
    held_out: EpisodeSet
    exposures: DoubleExposures
    held_out_exposures: DoubleExposures
    events: tuple[Path, ...] = ()
    oddities: tuple[Path, ...] = ()


def load_split(paths: Sequence[Path], share: float, on_read: Callable[[], None], inputs: Inputs) -> Split:
    """Hold out about the last `share` of the episodes, whole runs of them, and find the data set's events.

    Raises:
        TrainingError: too few episodes to hold any out.
    """
    held = max(2, round(len(paths) * share))
    if len(paths) - held < 2:
        raise TrainingError(f"got {len(paths)} episodes, expected at least 4; run `ami-ros collect`")
    held = whole_runs(paths, held)
    events = tuple(list_events(paths[0].parent))
    oddities = tuple(ODDITY_FILES.finished(paths[0].parent))
    exposures = read_double_exposures(DOUBLE_EXPOSURE_FILES.finished(paths[0].parent), share, inputs)
    training, held_out = EpisodeSet(paths[:-held], on_read), EpisodeSet(paths[-held:], on_read)
    return Split(training, held_out, *exposures, events, oddities)


def build_trainer(
    split: Split,
    spec: RobotSpec,
    model: ModelSettings,
    training: TrainingSettings,
    start: Jepa | None = None,
    share: Share = ALONE,
    encoders: nn.ModuleList | None = None,
) -> Trainer:
    """Make a model and its trainer; seeds torch.

    Args:
        split: training data.
        spec: the robot.
        model: sizes of the networks.
        training: training settings.
        start: a finished model of these sizes and sensors to continue from; None starts from random weights.
        share: this process's share of the work.
        encoders: of another model, to begin with; None begins with random ones.

    Raises:
        TrainingError: the episodes do not fit the robot or the model, or the encoders do not fit the model.
    """
    episodes, inputs = split.training, inputs_of(spec)
    check_same_body("the episodes", episodes.body, recorded_body(spec), of=spec.name)
    sides = {camera: of_sensor(episodes.images, camera).shape[2:4] for camera in inputs.cameras}
    if wrong := {name: shape for name, shape in sides.items() if set(shape) != {model.image_size}}:
        raise TrainingError(
            f"episodes have images of {wrong} px (height, width), "
            f"expected {model.image_size} px (config/model.yaml)"
        )
    for exposures in (split.exposures, split.held_out_exposures):
        for camera, images in zip(inputs.cameras, exposures.plain, strict=bool(exposures)):
            got, expected = images.shape[2:], episodes.images[camera].shape[2:]
            if got != expected:
                raise TrainingError(
                    f"double exposures have images {got}, expected {expected} as in the episodes"
                )
    if start is None and not model.history and (found := _history(split, spec, training)):
        model = replace(model, history=found.history)
    _check_length(split, spec.action_block, model, training)
    keep_freed_memory()
    torch.set_num_threads(training.threads)
    torch.manual_seed(training.seed)
    network = Jepa(model, inputs, spec.action_block * spec.action_size)
    if encoders is not None:
        try:
            network.encoders.load_state_dict(encoders.state_dict())
        except RuntimeError as error:
            raise TrainingError(
                f"encoders: got those of a model with {len(encoders)} cameras or other sizes, expected "
                f"{len(inputs.cameras)} cameras and the sizes of config/model.yaml"
            ) from error
    return Trainer(network, episodes, training, spec.actions, inputs, split.exposures, start, share)


def _history(split: Split, spec: RobotSpec, training: TrainingSettings) -> HistoryChoice | None:
    """Return how much of the past a state should keep; None with cameras, whose latents say it."""
    inputs = inputs_of(spec)
    if inputs.cameras:
        return None
    usual, unseen = recorded(split.training, inputs), recorded(split.held_out, inputs)
    return choose_history(usual, unseen, inputs, spec.actions, training.history_gain)


def _check_length(split: Split, block: int, model: ModelSettings, training: TrainingSettings) -> None:
    """Raise TrainingError, before hours of training, if `finish` needs longer episodes."""
    learned, shortest = split.training.steps, min(split.training.steps, split.held_out.steps)
    wrong = []
    if model.macro_blocks * block > learned:
        wrong.append(f"macro_blocks: got {model.macro_blocks}, expected at most {learned // block}")
    if training.metric_steps > learned and not training.metric_controlled:
        wrong.append(f"metric_steps: got {training.metric_steps}, expected at most {learned}")
    if SURPRISE_BLOCKS * block > shortest:
        longest = shortest // SURPRISE_BLOCKS
        wrong.append(f"got action blocks of {block} control steps, expected at most {longest}")
    if wrong:
        raise TrainingError(f"episodes are too short ({shortest} control steps): {'; '.join(wrong)}")


def steps_to_finish(network: Jepa, split: Split, training: TrainingSettings) -> int:
    """Return the number of steps that `finish` reports."""
    return (
        len(split.training)
        + len(split.held_out)
        + training.predictor_steps * (1 + len(network.coarse))
        + training.inverse_steps
        + training.disagreement_steps
        + training.temporal_steps * len(network.temporal_distances)
        + training.completion_steps * len(network.completions)
        + (training.appearance_steps * len(network.appearances) if split.oddities else 0)
    )


def finish(
    network: Jepa,
    split: Split,
    spec: RobotSpec,
    task: str,
    training: TrainingSettings,
    horizon: int = QUALITY_HORIZON,
    on_step: OnStep = unwatched,
) -> Contract:
    """Fit the rest to finished latents, measure on held-out episodes and events, and write the contract.

    Args:
        network: the trained network.
        split: data for fitting and measuring.
        spec: the robot.
        task: name of the task.
        training: training settings.
        horizon: action blocks of open-loop prediction to measure.
        on_step: called with the name of the stage, `steps_to_finish` times.
    """
    inputs = inputs_of(spec)
    usual_episodes = recorded(split.training, inputs)
    oddities = read_oddities(split.oddities, training.held_out, inputs)
    for camera in range(len(inputs.cameras)):
        fit_appearance(network, usual_episodes, oddities.training, training, camera, on_step)
    encoded = encode_episodes(network, usual_episodes, spec.actions, on_step)
    held_out = encode_episodes(network, recorded(split.held_out, inputs), spec.actions, on_step)
    fit_predictor(network, encoded, training, on_step)
    fit_coarse(network, encoded, training, on_step)
    fit_inverse(network, encoded, training, on_step)
    if training.metric_controlled:
        changes = controlled_changes(network, encoded, training.horizon, training.seed)
    else:
        changes = slow_changes(encoded.cores, training.metric_steps)
    vectors = torch.from_numpy(usual_episodes.vectors)
    fit_metric(network, encoded.cores, vectors, changes, training.metric_floor, training.metric_slowness)
    usual, unseen = encoded.transitions(), held_out.transitions()
    fit_disagreement(network, usual, unseen, training, on_step)
    fit_surprise(
        network, encoded.transitions(SURPRISE_BLOCKS), held_out.transitions(SURPRISE_BLOCKS), training
    )
    fit_temporal_distance(network, encoded.cores, training, on_step)
    fit_completion(network, encoded, training, on_step)
    round_to_half(network)  # here, so that the measured model is the shipped one
    clips = read_clips(network, split.events, inputs, spec.actions)
    horizon = min(horizon, split.held_out.steps // spec.action_block)
    quality = measure_quality(network, encoded, held_out, clips, oddities.held_out, horizon)
    quality["completion"] = completion_errors(network, held_out, inputs.cameras)
    quality["shown"] = shown_in_pictures(network, encoded, held_out, inputs)
    found = _history(split, spec, training)
    if found is not None and found.history == network.settings.history:
        quality["history"] = {"blocks": list(network.settings.history), "error": found.error}
    quality["alike"] = measure_alike(network, split.held_out_exposures)
    actions = split.training.actions
    return Contract(
        format_version=FORMAT_VERSION,
        task=task,
        robot=spec.name,
        sensors=known_sensors(
            spec, network.image_size, network.vector_mean.tolist(), network.vector_std.tolist()
        ),
        meaning=spec.actions.meaning,
        rate_hz=spec.actions.rate_hz,
        block=spec.action_block,
        channels=known_channels(spec),
        latent_size=network.latent_size,
        action_range=[actions.min(axis=(0, 1)).tolist(), actions.max(axis=(0, 1)).tolist()],
        architecture={k: list(v) if isinstance(v, tuple) else v for k, v in asdict(network.settings).items()},
        data_sha256=split.training.sha256,
        weights_sha256=weights_sha256(network),
        seed=training.seed,
        code_version=__version__,
        quality=quality,
    )
