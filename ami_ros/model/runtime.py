# SPDX-License-Identifier: Apache-2.0
"""Load model.pt and run it: verified, checked against the robot, and typed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ami_ros.embodiment import RobotSpec
from ami_ros.errors import GoalError, ImageError, ModelFileError
from ami_ros.model.contract import Contract
from ami_ros.model.deprecation import torchscript_deprecation_ignored
from ami_ros.model.files import read_contract, verify
from ami_ros.planning.search import LatentSearch
from ami_ros.planning.settings import PlannerSettings
from ami_ros.types import FloatArray, Goal, ImageArray, checked_image


@dataclass(frozen=True, eq=False)
class EncodedGoal:
    """A goal as the model sees it: a latent (D,), or joint positions (J,) in rad."""

    value: Tensor
    is_joints: bool


@dataclass(frozen=True, eq=False)
class SearchResult:
    """What the scripted search found, on the CPU; actions (T, K A) in [-1, 1]."""

    actions: Tensor
    cost_terms: list[float]
    predicted: Tensor
    iterations: int
    source: int


class ModelRuntime:
    """A loaded world model with its contract. Numpy arrays are in robot units, tensors in the model's."""

    def __init__(self, module: Any, contract: Contract, sha256: str, device: torch.device) -> None:
        self._module = module
        self.contract = contract
        self.sha256 = sha256
        self.device = device

    def encode(self, image: ImageArray, what: str = "camera image") -> Tensor:
        """Encode one image (H, W, 3) to a latent (D,).

        Raises:
            ImageError: wrong type, smaller than the model's image, or another aspect ratio.
        """
        height, width = checked_image(image, what).shape[:2]
        side, aspect = self.contract.image_size, self.contract.camera_aspect
        if min(height, width) < side or abs(width / height - aspect) > 0.02 * aspect:
            raise ImageError(
                f"{what}: got {width}x{height}, expected at least {side}x{side} "
                f"with aspect ratio {aspect:.3g}; crop the image, or train a model for this camera"
            )
        pixels = torch.from_numpy(np.require(image, requirements=["C", "W"])).to(self.device)
        with torch.inference_mode():
            return self._module(pixels.unsqueeze(0))[0]

    def encode_goal(self, goal: Goal) -> EncodedGoal:
        """Encode a goal once.

        Raises:
            GoalError: the image or the joints do not fit the model.
        """
        if goal.image is not None:
            try:
                return EncodedGoal(self.encode(goal.image, "goal image"), is_joints=False)
            except ImageError as error:
                raise GoalError(str(error)) from error
        joints = np.asarray(goal.joint_position, dtype=np.float64)
        if len(joints) != len(self.contract.joint_names):
            expected = self.contract.joint_names
            raise GoalError(
                f"goal joint_position: got {len(joints)} values, expected one for each of {expected}"
            )
        return EncodedGoal(self._tensor(joints), is_joints=True)

    def distance(self, latent: Tensor, joints: FloatArray, goal: EncodedGoal) -> float:
        """Return the distance to the goal in control steps.

        Args:
            latent: (D,) now.
            joints: (2 J,) now, rad and rad/s.
            goal: encoded.
        """
        with torch.inference_mode():
            return float(self._module.goal_distance(latent, self._tensor(joints), goal.value, goal.is_joints))

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
        with torch.inference_mode():
            actions, terms, predicted, iterations, source = self._module.search(
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
                round(settings.deadline_s * 1e9),
            )
        return SearchResult(actions.cpu(), terms.tolist(), predicted.cpu(), iterations, source)

    def _tensor(self, values: FloatArray) -> Tensor:
        return torch.as_tensor(values, dtype=torch.float32, device=self.device)


def load_model(
    path: str | Path, spec: RobotSpec, sha256: str | None = None, device: str = "cpu"
) -> ModelRuntime:
    """Verify, check and load a model, in that order.

    Args:
        path: model.pt.
        spec: the robot it shall drive.
        sha256: expected hash; default: the sidecar file.
        device: torch device.

    Raises:
        ModelFileError: missing, truncated, altered, or not loadable.
        ContractError: made for another robot, camera or rate.
    """
    path = Path(path)
    digest = verify(path, sha256)
    contract = read_contract(path)
    contract.check(spec)
    try:
        with torchscript_deprecation_ignored():
            module = torch.jit.load(str(path), map_location=device)
    except (RuntimeError, ValueError) as error:
        raise ModelFileError(f"{path}: torch cannot load it: {error}") from error
    return ModelRuntime(module.eval(), contract, digest, torch.device(device))


def in_memory(search: LatentSearch, contract: Contract) -> ModelRuntime:
    """Wrap a model that was just trained, unscripted, to measure it before it is exported."""
    return ModelRuntime(search.eval(), contract, "", torch.device("cpu"))
