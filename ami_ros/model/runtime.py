# SPDX-License-Identifier: Apache-2.0
"""Load model.pt and run it: verified, checked against the robot, and typed."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ami_ros.body.robot_spec import RobotSpec
from ami_ros.errors import GoalError, ImageError
from ami_ros.model.allocator import keep_freed_memory
from ami_ros.model.conformity import check_module
from ami_ros.model.contract import Contract
from ami_ros.model.device import pick_device, pick_precision
from ami_ros.model.files import read_verified
from ami_ros.model.networks.surprise import SURPRISE_NAMES
from ami_ros.model.scripted import load_scripted
from ami_ros.planning.search import LatentSearch
from ami_ros.planning.settings import PlannerSettings
from ami_ros.types import FloatArray, Goal, ImageArray, checked_image


@dataclass(frozen=True, eq=False)
class EncodedGoal:
    """A goal as the model sees it: a latent (D,), or joint positions (J,) in rad."""

    value: Tensor
    is_joints: bool


@dataclass(frozen=True, eq=False)
class Sensed:
    """An observation as the model sees it: latent (D,), joints (2 J,) in rad and rad/s, and oddness ()."""

    latent: Tensor
    joints: FloatArray
    oddness: Tensor


@dataclass(frozen=True, eq=False)
class SearchResult:
    """What the scripted search found, on the CPU; actions (T, K A) in [-1, 1].

    Its disagreement is None when nothing was predicted.
    """

    actions: Tensor
    cost_terms: list[float]
    predicted: Tensor
    iterations: int
    source: int
    disagreement: float | None


class ModelRuntime:
    """A loaded world model with its contract. Numpy arrays are in robot units, tensors in the model's."""

    def __init__(
        self,
        module: Any,
        contract: Contract,
        sha256: str,
        device: torch.device,
        precision: torch.dtype = torch.float32,
    ) -> None:
        self._module = module
        self.contract = contract
        self.sha256 = sha256
        self.device = device
        self.precision = precision

    def encode(self, image: ImageArray, what: str = "camera image") -> Tensor:
        """Encode one image (H, W, 3) to a latent (D,).

        Raises:
            ImageError: wrong type, smaller than the model's image, or another aspect ratio.
        """
        with torch.inference_mode():
            return self._module(self._pixels(image, what))[0]

    def sense(self, image: ImageArray, joints: FloatArray) -> Sensed:
        """Return what the camera (H, W, 3) and the joints (2 J,) in rad and rad/s say. Raises as `encode`."""
        with torch.inference_mode():
            pixels = self._pixels(image, "camera image")
            latents, oddness = self._module.observe(pixels, self._tensor(joints).unsqueeze(0))
        return Sensed(latents[0], joints, oddness[0])

    def _pixels(self, image: ImageArray, what: str) -> Tensor:
        height, width = checked_image(image, what).shape[:2]
        side, aspect = self.contract.image_size, self.contract.camera_aspect
        if min(height, width) < side or abs(width / height - aspect) > 0.02 * aspect:
            raise ImageError(
                f"{what}: got {width}x{height}, expected at least {side}x{side} "
                f"with aspect ratio {aspect:.3g}; crop the image, or train a model for this camera"
            )
        return torch.from_numpy(np.require(image, requirements=["C", "W"])).to(self.device).unsqueeze(0)

    def encode_goal(self, goal: Goal) -> EncodedGoal:
        """Encode a goal once.

        Raises:
            GoalError: the image or the joints do not fit the model.
        """
        if goal.images:
            try:
                return EncodedGoal(
                    self.encode(next(iter(goal.images.values())), "goal image"), is_joints=False
                )
            except ImageError as error:
                raise GoalError(str(error)) from error
        joints = next(iter(goal.vectors.values()))
        if len(joints) != len(self.contract.joint_names):
            expected = self.contract.joint_names
            raise GoalError(
                f"goal joint_position: got {len(joints)} values, expected one for each of {expected}"
            )
        return EncodedGoal(self._tensor(joints), is_joints=True)

    def distance(self, latent: Tensor, joints: FloatArray, goal: EncodedGoal, kind: str) -> float:
        """Return the distance to the goal in control steps.

        Args:
            latent: (D,) now.
            joints: (2 J,) now, rad and rad/s.
            goal: encoded.
            kind: how the way to an image goal is measured, see `Jepa.distance`.
        """
        with torch.inference_mode():
            return float(
                self._module.goal_distance(latent, self._tensor(joints), goal.value, goal.is_joints, kind)
            )

    def surprise(self, before: Sensed, action: FloatArray, after: Sensed) -> dict[str, float]:
        """Return how little the world did as predicted, by component; 1 is rare, see `Surprise`.

        Args:
            before: what was sensed SURPRISE_BLOCKS action blocks (N) before `after`.
            action: (N K A,) in [-1, 1], as they were executed between the two.
            after: what was sensed then.
        """
        sensed = (before.latent, self._tensor(before.joints), self._tensor(action))
        with torch.inference_mode():
            values = self._module.surprise(*sensed, after.latent, self._tensor(after.joints), after.oddness)
        return dict(zip(SURPRISE_NAMES, values.tolist(), strict=True))

    def inverse_action(self, latent: Tensor, joints: FloatArray, goal: EncodedGoal) -> Tensor:
        """Return the action block (K A) in [-1, 1] that leads toward an image goal, without search."""
        if goal.is_joints:
            raise GoalError("inverse_model: got a joint goal, expected an image goal; use solver cem or mppi")
        with torch.inference_mode():
            return self._module.inverse_action(latent, goal.value, self._tensor(joints)).cpu()

    def search(
        self,
        latent: Tensor,
        joints: FloatArray,
        goal: EncodedGoal,
        warm_start: Tensor,
        noise: Tensor,
        settings: PlannerSettings,
    ) -> SearchResult:
        """Search for actions; see `LatentSearch.search`."""
        with self._searching():
            actions, terms, predicted, iterations, source, disagreement = self._module.search(
                latent,
                self._tensor(joints),
                goal.value,
                goal.is_joints,
                warm_start.to(self.device),
                noise.to(self.device),
                settings.solver,
                settings.num_elites,
                settings.temperature,
                settings.initial_std,
                settings.minimum_std,
                settings.discount,
                settings.effort_weight,
                settings.disagreement_weight,
                settings.distance,
                settings.inverse_proposal,
                round(settings.deadline_s * 1e9),
            )
        return SearchResult(
            actions.cpu(), terms.tolist(), predicted.cpu(), iterations, source, float(disagreement)
        )

    @contextlib.contextmanager
    def _searching(self) -> Iterator[None]:
        """Compute matrix products in `precision`. Only in the search: states and distances stay float32."""
        half = self.precision != torch.float32
        with torch.inference_mode(), torch.autocast(self.device.type, self.precision, enabled=half):
            yield

    def _tensor(self, values: FloatArray) -> Tensor:
        return torch.as_tensor(values, dtype=torch.float32, device=self.device)


def load_model(
    path: str | Path,
    spec: RobotSpec,
    sha256: str | None = None,
    device: str = "cpu",
    precision: str = "auto",
    task: str | None = None,
) -> ModelRuntime:
    """Verify, check, load and try out a model, in that order; the file is read once.

    Args:
        path: model.pt.
        spec: the robot it shall drive.
        sha256: expected hash; default: the sidecar file.
        device: cpu, cuda or auto, see `pick_device`.
        precision: float32, bfloat16, float16 or auto, see `pick_precision`.
        task: what it shall do; None takes a model of any task.

    Raises:
        ConfigError: the device is absent, or does not fit the precision.
        ModelFileError: missing, truncated, altered, not loadable, or not a world model.
        ContractError: made for another robot, camera, rate or task, or its contract contradicts its weights.
    """
    path = Path(path)
    where = pick_device(device)
    numbers = pick_precision(precision, where)
    file = read_verified(path, sha256)
    contract = file.contract()
    contract.check(spec, task)
    keep_freed_memory()
    module = load_scripted(file, where)
    check_module(module, contract, str(path), where)
    return ModelRuntime(module, contract, file.sha256, where, numbers)


def in_memory(search: LatentSearch, contract: Contract) -> ModelRuntime:
    """Wrap a model that was just trained, unscripted, to measure it before it is exported."""
    return ModelRuntime(search.eval(), contract, "", torch.device("cpu"))
