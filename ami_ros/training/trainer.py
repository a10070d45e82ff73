# SPDX-License-Identifier: Apache-2.0
"""The training loop: seeded, resumable, indifferent to who watches it."""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Iterator
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ami_ros.body.actions import ActionSpec
from ami_ros.data.dataset import EpisodeSet, Windows
from ami_ros.errors import TrainingError, shown
from ami_ros.model.networks.jepa import TRAINED, Jepa
from ami_ros.system.whole_file import write_whole
from ami_ros.training.double_exposures import DoubleExposures
from ami_ros.training.losses import alike_loss, covariance_loss, prediction_loss, variance_loss, within_looks
from ami_ros.training.recorded import normalised_actions
from ami_ros.training.schedule import learning_rate
from ami_ros.training.settings import TrainingSettings
from ami_ros.types import ImageArray

# The encoder trains twice as fast in bfloat16 where the processor knows it, and many times slower elsewhere.
BFLOAT16 = torch.backends.cpu.get_cpu_capability() == "AVX512"

# Settings that change nothing in training itself.
ELSEWHERE = (
    "checkpoint_steps",
    "threads",
    "metric_steps",
    "metric_floor",
    "metric_slowness",
    "appearance_steps",
    "disagreement_steps",
    "temporal_steps",
    "fit_batch",
    "surprise_shrinkage",
)


class Trainer:
    """Trains a Jepa on an EpisodeSet.

    Args:
        model: trained in place.
        episodes: the training episodes.
        settings: how.
        actions: what they are.
        exposures: scenes photographed twice; data of a real camera have none.
    """

    def __init__(
        self,
        model: Jepa,
        episodes: EpisodeSet,
        settings: TrainingSettings,
        actions: ActionSpec,
        exposures: DoubleExposures | None = None,
    ) -> None:
        self.model, self._episodes, self._settings = model, episodes, settings
        self._exposures = exposures
        self._data_sha256 = [episodes.sha256, exposures.sha256 if exposures else ""]
        self._actions = actions
        # The order that is fast in bfloat16.
        model.encoders.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        every = (p for name in TRAINED for p in getattr(model, name).parameters())
        self._parameters = [p for p in every if p.requires_grad]
        self._optimizer = torch.optim.AdamW(
            self._parameters, lr=settings.learning_rate, weight_decay=settings.weight_decay
        )
        self.step = 0
        joints = torch.from_numpy(episodes.joints.reshape(-1, episodes.joints.shape[2]))
        model.vector_mean.copy_(joints.mean(0))
        model.vector_std.copy_(joints.std(0).clamp_min(1e-3))

    def run(self, checkpoint: Path | None = None) -> Iterator[dict[str, float]]:
        """Train to the end, yielding the losses of each step; save checkpoints, one after the last step.

        Raises:
            TrainingError: a loss became non-finite.
            OutputError: a checkpoint cannot be written.
        """
        self.model.train()
        while self.step < self._settings.steps:
            losses = self._step()
            self.step += 1
            if not np.isfinite(losses["total"]):
                raise TrainingError(
                    f"step {self.step}: loss is {losses}; lower learning_rate in config/training.yaml"
                )
            due = self.step % self._settings.checkpoint_steps == 0 or self.step == self._settings.steps
            if checkpoint is not None and due:
                self.save(checkpoint)
            yield losses

    def _step(self) -> dict[str, float]:
        rate = learning_rate(self.step, self._settings)
        for group in self._optimizer.param_groups:
            group["lr"] = rate
        # A batch depends on the seed and the step alone, so a resumed run sees the same batches.
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
        torch.nn.utils.clip_grad_norm_(self._parameters, 10.0)
        self._optimizer.step()
        return {**{name: float(value.detach()) for name, value in losses.items()}, "learning_rate": rate}

    def _losses(self, windows: Windows, generator: np.random.Generator) -> dict[str, Tensor]:
        model, settings = self.model, self._settings
        count, steps = len(windows.images), settings.horizon
        vectors = model.normalise(torch.from_numpy(windows.joints))
        actions = normalised_actions(torch.from_numpy(windows.actions), self._actions)
        seen = np.concatenate([windows.images, windows.goals[:, None]], axis=1)
        shape = windows.goals.shape[1:]
        images = seen.reshape(-1, *shape)
        twice = self._twice(generator)
        if twice is not None:
            images = np.concatenate([images, twice.reshape(-1, *shape)])
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=BFLOAT16):
            encoded = model.encode(0, torch.from_numpy(images)).float()
        everything = encoded[: count * (steps + 2)].reshape(count, steps + 2, -1)
        latents, goal, size = everything[:, :-1], everything[:, -1], model.core_size
        latent, vector = latents[:, 0], vectors[:, 0]
        predicted, predicted_vectors = [], []
        for step in range(steps):
            state = model.predict(torch.cat([latent, vector], dim=1), actions[:, step])
            latent, vector = state[:, :size], state[:, size:]
            predicted.append(latent)
            predicted_vectors.append(vector)
        start = torch.cat([latents[:, 0], vectors[:, 0]], dim=1)
        looks = torch.from_numpy(windows.looks).repeat_interleave(everything.shape[1])
        spread = within_looks(everything.flatten(0, 1), looks)
        losses = {
            "prediction": prediction_loss(torch.stack(predicted, 1), latents[:, 1:]),
            "joints": prediction_loss(torch.stack(predicted_vectors, 1), vectors[:, 1:]),
            "variance": variance_loss(spread),
            "covariance": covariance_loss(spread),
            "inverse": prediction_loss(model.inverse(start, goal), actions[:, 0]),
        }
        if twice is not None:
            varied, plain = encoded[count * (steps + 2) :].reshape(*twice.shape[:3], -1)
            losses["alike"] = alike_loss(varied, plain)
        losses["total"] = (
            losses["prediction"]
            + settings.joint_weight * losses["joints"]
            + settings.variance_weight * losses["variance"]
            + settings.covariance_weight * losses["covariance"]
            + settings.inverse_weight * losses["inverse"]
            + settings.alike_weight * losses.get("alike", torch.zeros(()))
        )
        return losses

    def _twice(self, generator: np.random.Generator) -> ImageArray | None:
        """Return images (2, L, N, H, W, 3) of scenes photographed twice, if there are and shall be any."""
        if not self._settings.alike_looks or not self._exposures:
            return None
        return self._exposures.draw(self._settings.alike_looks, generator)

    def _identity(self) -> dict[str, Any]:
        """Return the settings that decide what comes out: a run resumed with others would be neither run."""
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
        }
        content = io.BytesIO()
        torch.save(state, content)
        write_whole(path, content.getvalue())

    def resume(self, path: Path) -> None:
        """Continue from a checkpoint of the same data and architecture.

        Raises:
            TrainingError: unreadable, of other data, other settings or another architecture, or at a step
                that is none of this run's.
        """
        try:
            state = torch.load(path, weights_only=True)
            if state["data_sha256"] != self._data_sha256:
                raise TrainingError(f"{path}: trained on other data; use another folder or --restart")
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
        """Raise ValueError for what torch takes without a look, and stumbles over later."""
        for weights in self._parameters:
            moments = [value for value in self._optimizer.state[weights].values() if value.ndim]
            if any(value.shape != weights.shape for value in moments):
                raise ValueError("the optimizer's state is of other weights")
            if not all(bool(value.isfinite().all()) for value in [weights, *moments]):
                raise ValueError("weights that are no finite numbers")
