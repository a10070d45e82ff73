# SPDX-License-Identifier: Apache-2.0
"""The training loop: seeded, resumable, independent of its observers."""

from __future__ import annotations

import dataclasses
import io
import math
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ami_ros.body.actions import ActionSpec
from ami_ros.episodes.dataset import EpisodeSet, Windows
from ami_ros.errors import TrainingError, shown
from ami_ros.model.networks.inputs import Inputs
from ami_ros.model.networks.jepa import TRAINED, Jepa
from ami_ros.model.weights import order_for_images, weights_sha256
from ami_ros.system.whole_file import write_whole
from ami_ros.training.double_exposures import DoubleExposures
from ami_ros.training.jitter import jittered
from ami_ros.training.losses import (
    alike_loss,
    covariance_loss,
    prediction_loss,
    rollout_losses,
    variance_loss,
    within_looks,
)
from ami_ros.training.precision import fast_images
from ami_ros.training.recorded import normalised_actions, side_by_side
from ami_ros.training.settings import TrainingSettings
from ami_ros.training.share import ALONE, Share
from ami_ros.types import ImageArray


def learning_rate(step: int, settings: TrainingSettings) -> float:
    """Return the rate at `step` (0-based).

    Source: Loshchilov and Hutter, "SGDR" (2017), eq. 5 with one period.
    """
    warm = min(1.0, (step + 1) / max(1, settings.warmup_steps))
    done = max(0, step - settings.warmup_steps) / max(1, settings.steps - settings.warmup_steps)
    return settings.learning_rate * warm * 0.5 * (1.0 + math.cos(math.pi * min(1.0, done)))


# Settings that do not affect training itself.
ELSEWHERE = (
    "checkpoint_steps",
    "threads",
    "metric_steps",
    "metric_floor",
    "metric_slowness",
    "appearance_steps",
    "disagreement_steps",
    "temporal_steps",
    "completion_steps",
    "predictor_steps",
    "predictor_horizon",
    "fit_batch",
    "surprise_shrinkage",
)


class Trainer:
    """Trains a Jepa on recorded episodes.

    Args:
        model: trained in place.
        episodes: the training episodes.
        settings: training settings.
        actions: spec of the actions.
        inputs: the sensors of the model.
        exposures: scenes photographed twice; data of a real camera have none.
        start: a finished model that provides the initial weights and the units of `model`.
        share: this process's share of the work.
    """

    def __init__(
        self,
        model: Jepa,
        episodes: EpisodeSet,
        settings: TrainingSettings,
        actions: ActionSpec,
        inputs: Inputs,
        exposures: DoubleExposures | None = None,
        start: Jepa | None = None,
        share: Share = ALONE,
    ) -> None:
        self.model, self._episodes, self._settings = model, episodes, settings
        self._exposures, self._share = exposures, share
        self._data_sha256 = [episodes.sha256, exposures.sha256 if exposures else ""]
        self._start_sha256 = "" if start is None else weights_sha256(start)
        self._actions, self._inputs = actions, inputs
        order_for_images(model.encoders)
        every = (p for name in TRAINED for p in getattr(model, name).parameters())
        self._parameters = [p for p in every if p.requires_grad]
        self._optimizer = torch.optim.AdamW(
            self._parameters, lr=settings.learning_rate, weight_decay=settings.weight_decay
        )
        self.step = 0
        vectors = side_by_side(episodes.vectors, inputs, (len(episodes), episodes.steps + 1))
        flat = torch.from_numpy(vectors).flatten(0, 1)
        if start is not None:
            model.load_state_dict(start.state_dict())
        elif flat.shape[1]:
            model.vector_mean.copy_(flat.mean(0))
            model.vector_std.copy_(flat.std(0).clamp_min(1e-3))

    def run(self, checkpoint: Path | None = None) -> Iterator[dict[str, float]]:
        """Train to the end, yielding the losses of each step; save checkpoints, one after the last step.

        Raises:
            TrainingError: a loss became non-finite.
            OutputError: a checkpoint cannot be written.
        """
        self.model.train()
        with self._share.whole_batches(self.model.encoders):
            while self.step < self._settings.steps:
                losses = self._step()
                self.step += 1
                if not np.isfinite(losses["total"]):
                    raise TrainingError(
                        f"step {self.step}: loss is {losses}; lower learning_rate in config/training.yaml"
                    )
                due = self.step % self._settings.checkpoint_steps == 0 or self.step == self._settings.steps
                if checkpoint is not None and due and self._share.leads:
                    self.save(checkpoint)
                yield losses

    def _step(self) -> dict[str, float]:
        rate = learning_rate(self.step, self._settings)
        for group in self._optimizer.param_groups:
            group["lr"] = rate
        # A batch depends only on the seed and the step, so a resumed run gets the same batches.
        generator = np.random.default_rng([self._settings.seed, self.step])
        windows = self._episodes.windows(
            self._settings.batch_windows,
            self._settings.horizon,
            generator,
            self._actions.block,
            self._settings.windows_per_episode,
            self._settings.inverse_horizon,
        )
        losses = self._losses(windows, generator)
        self._optimizer.zero_grad(set_to_none=True)
        losses["total"].backward()
        self._share.average(self._parameters)
        torch.nn.utils.clip_grad_norm_(self._parameters, 10.0)
        self._optimizer.step()
        return {**{name: float(value.detach()) for name, value in losses.items()}, "learning_rate": rate}

    def _losses(self, windows: Windows, generator: np.random.Generator) -> dict[str, Tensor]:
        model, settings = self.model, self._settings
        count, steps = len(windows.actions), settings.horizon
        shape = (count, steps + 1)
        vectors = model.normalise(torch.from_numpy(side_by_side(windows.vectors, self._inputs, shape)))
        actions = normalised_actions(torch.from_numpy(windows.actions), self._actions)
        seen, exposed = self._encoded(windows, generator)
        if seen is None:
            wanted = side_by_side(windows.goals, self._inputs, (count,))
            goal, states = model.normalise(torch.from_numpy(wanted)), vectors
            seen = torch.cat([vectors, goal[:, None]], dim=1)
        else:
            goal, states = seen[:, -1], torch.cat([seen[:, :-1], vectors], dim=2)
        states = model.remembered(states, 1.0)  # of the window: `fit_predictor` knows whole episodes
        looks = torch.from_numpy(windows.looks).repeat_interleave(seen.shape[1])
        spread = within_looks(seen.flatten(0, 1), looks)
        losses = {
            **rollout_losses(model.predict, states, actions, model.core_size),
            "variance": variance_loss(spread),
            "covariance": covariance_loss(spread),
            "inverse": prediction_loss(model.inverse(states[:, 0], goal), actions[:, 0]),
        }
        if len(model.readings):
            wanted = side_by_side(windows.goals, self._inputs, (count,))
            there = model.positions(model.normalise(torch.from_numpy(wanted)))
            read = model.reading(states[:, 0], goal)
            shown = model.shown(states[..., : model.core_size].flatten(0, 1))
            now = model.positions(vectors.flatten(0, 1))
            losses["reading"] = prediction_loss(read, there) + prediction_loss(shown, now)
        if exposed is not None:
            losses["alike"] = alike_loss(*exposed)
        nothing = torch.zeros(())
        losses["total"] = (
            losses["prediction"]
            + settings.vector_weight * losses.get("vectors", nothing)
            + settings.variance_weight * losses["variance"]
            + settings.covariance_weight * losses["covariance"]
            + settings.inverse_weight * losses["inverse"]
            + settings.reading_weight * losses.get("reading", nothing)
            + settings.alike_weight * losses.get("alike", nothing)
        )
        return losses

    def _encoded(
        self, windows: Windows, generator: np.random.Generator
    ) -> tuple[Tensor | None, tuple[Tensor, Tensor] | None]:
        """Return cores of the windows and their goals (B, T + 2, F), and of scenes photographed twice.

        Both are None without cameras; the second is None without such images.
        """
        twice = self._twice(generator)
        seen, varied, plain = [], [], []
        for camera, name in enumerate(self._inputs.cameras):
            pictures = np.concatenate([windows.images[name], windows.goals[name][:, None]], axis=1)
            if self._settings.shift or self._settings.gain:
                pictures = jittered(pictures, self._settings.shift, self._settings.gain, generator)
            count, steps = pictures.shape[:2]
            images = pictures.reshape(-1, *pictures.shape[2:])
            if twice is not None:
                images = np.concatenate([images, twice[camera].reshape(-1, *pictures.shape[2:])])
            with fast_images():
                encoded = self._share.encoded(partial(self.model.encode, camera), images)
            seen.append(encoded[: count * steps].reshape(count, steps, -1))
            if twice is not None:
                first, second = encoded[count * steps :].reshape(*twice[camera].shape[:3], -1)
                varied.append(first)
                plain.append(second)
        both = (torch.cat(varied, dim=-1), torch.cat(plain, dim=-1)) if varied else None
        return (torch.cat(seen, dim=-1) if seen else None), both

    def _twice(self, generator: np.random.Generator) -> list[ImageArray] | None:
        """Return images (2, L, N, H, W, 3) of each camera of scenes photographed twice, if in use."""
        if not self._settings.alike_looks or not self._exposures:
            return None
        return self._exposures.draw(self._settings.alike_looks, generator)

    def _identity(self) -> dict[str, Any]:
        """Return the settings that determine the result: a run resumed with others would match neither."""
        values = dataclasses.asdict(self._settings)
        return {name: value for name, value in values.items() if name not in ELSEWHERE}

    def save(self, path: Path) -> None:
        """Write a checkpoint, whole or not at all. Raises OutputError: it cannot be written."""
        state: dict[str, Any] = {
            "step": self.step,
            "model": {name: getattr(self.model, name).state_dict() for name in TRAINED},
            "optimizer": self._optimizer.state_dict(),
            "data_sha256": self._data_sha256,
            "settings": self._identity(),
            "start_sha256": self._start_sha256,
        }
        content = io.BytesIO()
        torch.save(state, content)
        write_whole(path, content.getvalue())

    def resume(self, path: Path) -> None:
        """Continue from a checkpoint of the same data and architecture.

        Raises:
            TrainingError: unreadable, of other data, other settings or another architecture, or at an invalid
                step for this run.
        """
        try:
            state = torch.load(path, weights_only=True)
            if state["data_sha256"] != self._data_sha256:
                raise TrainingError(f"{path}: was trained on other data; use another folder or --restart")
            if state.get("start_sha256", "") != self._start_sha256:  # it is not in older checkpoints
                raise TrainingError(
                    f"{path}: started from another model (--from); use another folder or --restart"
                )
            changed = {k: (state["settings"].get(k), v) for k, v in self._identity().items()}
            changed = {name: pair for name, pair in changed.items() if pair[0] != pair[1]}
            if changed:
                raise TrainingError(f"{path}: settings (checkpoint, now) differ: {changed}; use --restart")
            step, last = state["step"], self._settings.steps
            if type(step) is not int or not 0 <= step <= last:
                raise TrainingError(f"{path}: step: got {shown(step)}, expected 0 to {last}; use --restart")
            for name in TRAINED:
                getattr(self.model, name).load_state_dict(state["model"][name])
            self._optimizer.load_state_dict(state["optimizer"])
            self._check_restored()
        except (
            OSError,
            RuntimeError,
            LookupError,
            AttributeError,
            EOFError,
            ValueError,
            TypeError,
            UnpicklingError,
        ) as error:
            what = next(iter(str(error).splitlines()), type(error).__name__)
            raise TrainingError(f"{path}: not a checkpoint of this model ({what}); use --restart") from error
        self.step = step

    def _check_restored(self) -> None:
        """Raise ValueError for values that torch accepts unchecked and fails on later."""
        for weights in self._parameters:
            moments = [value for value in self._optimizer.state[weights].values() if value.ndim]
            if any(value.shape != weights.shape for value in moments):
                raise ValueError("the optimizer's state belongs to other weights")
            if not all(bool(value.isfinite().all()) for value in [weights, *moments]):
                raise ValueError("weights with non-finite numbers")
