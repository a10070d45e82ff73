# SPDX-License-Identifier: Apache-2.0
"""Loads and queries model.pt: verified, checked against the robot, and typed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, replace
from functools import reduce
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ami_ros.body.robot_spec import RobotSpec
from ami_ros.errors import GoalError, ImageError, ObservationError
from ami_ros.model.conformity import check_module
from ami_ros.model.contract import Contract
from ami_ros.model.device import pick_device, pick_precision
from ami_ros.model.encoded_goal import EncodedGoal
from ami_ros.model.files import read_verified
from ami_ros.model.known import KnownImage
from ami_ros.model.networks.surprise import SURPRISE_NAMES
from ami_ros.model.scripted import compiled, frozen, is_compiled, load_scripted
from ami_ros.model.world_model import BY_VECTORS, exported
from ami_ros.system.allocator import LARGEST, keep_freed_memory
from ami_ros.types import RARE_SURPRISE, FloatArray, Goal, ImageArray, Observation, checked_image


@dataclass(frozen=True, eq=False)
class Sensed:
    """An observation as the model sees it.

    Attributes:
        state: (Z,).
        oddness: () oddness of the images used.
        left_out: cameras not used: missing, or unlike anything known. The model filled them in.
    """

    state: Tensor
    oddness: Tensor
    left_out: tuple[str, ...] = ()


class ModelRuntime:
    """A loaded world model with its contract. Arrays are in the sensors' units, tensors in the model's.

    Attributes:
        world: the methods of `WorldModel`; its tensors are on `device`.
        contract: contract of the model.
        sha256: hash of its file; empty for a freshly trained model.
        device: device of the computations.
        precision: number type of searches.
    """

    def __init__(
        self,
        module: Any,
        contract: Contract,
        sha256: str,
        device: torch.device,
        precision: torch.dtype = torch.float32,
        optional: Collection[str] = (),
    ) -> None:
        self._module, self.contract, self.sha256 = module, contract, sha256
        methods = exported(contract)
        self.world: Any = frozen(module, methods) if is_compiled(module) else module
        self.device, self.precision = device, precision
        self._optional = set(optional) if len(contract.cameras) > 1 else set()
        self._cameras = {camera.name: index for index, camera in enumerate(contract.cameras)}
        self._sizes = {vector.name: len(vector.units) for vector in contract.vectors}
        self._vectors = {vector.name: index for index, vector in enumerate(contract.vectors)}

    @property
    def sides(self) -> dict[str, int]:
        """Camera -> side of the image that the model sees, px."""
        return {camera.name: camera.size for camera in self.contract.cameras}

    def encode(
        self, image: ImageArray, camera: str, what: str | None = None, squared: bool = False
    ) -> Tensor:
        """Encode one image (H, W, 3) of a camera to a latent (D,).

        Args:
            image: uint8.
            camera: its name in the contract.
            what: name of the image in messages.
            squared: whether it is square, as a model sees it, regardless of the camera's aspect ratio.

        Raises:
            ImageError: wrong type, smaller than the model's image, or another aspect ratio.
        """
        index = self._cameras[camera]
        pixels = self._pixels(image, self.contract.cameras[index], what or f"{camera} image", squared)
        with torch.inference_mode():
            latent: Tensor = self.world.encode(index, pixels)[0]
        return latent

    def sense(self, observation: Observation) -> Sensed:
        """Encode the sensor readings.

        Raises:
            ObservationError: a sensor of the contract is missing, or has another number of values.
            ImageError: as `encode`.
        """
        images = [self._image(observation, camera) for camera in self.contract.cameras]
        measured = [self._numbers(observation, name) for name in self._vectors]
        vectors = self._tensor(measured[0] if len(measured) == 1 else np.concatenate([*measured, []]))
        with torch.inference_mode():
            if self._optional:
                return self._sense_some(images, vectors.unsqueeze(0), set(observation.readings))
            states, oddness = self.world.observe(images, vectors.unsqueeze(0))
        return Sensed(states[0], oddness[0])

    def carried(self, before: Sensed, now: Sensed, blocks: float) -> Sensed:
        """Return `now` with what `before`, some action blocks earlier, kept of earlier readings."""
        if not self.contract.history:
            return now
        with torch.inference_mode():
            states = self.world.carried(before.state.unsqueeze(0), now.state.unsqueeze(0), blocks)
        return replace(now, state=states[0])

    def _image(self, observation: Observation, camera: KnownImage) -> Tensor:
        if camera.name in self._optional and camera.name not in observation.readings:
            return torch.zeros(1, camera.size, camera.size, 3, dtype=torch.uint8, device=self.device)
        image = observation[camera.name].value
        return self._pixels(image, camera, f"{camera.name} image", observation.squared)

    def _sense_some(self, images: list[Tensor], vectors: Tensor, there: set[str]) -> Sensed:
        """Leave out optional cameras that are missing or look unlike anything known."""
        states, oddness, rare = self.world.observe_each(images, vectors)
        odd = dict(zip(self._cameras, (oddness[0] / rare).tolist(), strict=True))
        left_out = {name for name in self._optional if name not in there or odd[name] > RARE_SURPRISE}
        if len(left_out) == len(odd):  # odd cameras are better than none, and report their oddness
            left_out -= there
        if len(left_out) == len(odd):
            raise ObservationError(f"observation: got no image, expected one of {list(self._cameras)}")
        if left_out:
            states = self.world.complete(states, sorted(self._cameras[name] for name in left_out))
        kept = [index for name, index in self._cameras.items() if name not in left_out]
        return Sensed(states[0], oddness[0, kept].amax(), tuple(sorted(left_out)))

    def _numbers(self, observation: Observation, name: str) -> FloatArray:
        values, expected = observation[name].value, self._sizes[name]
        if values.shape != (expected,):  # an observation refuses non-finite numbers
            raise ObservationError(
                f"observation {name}: got shape {values.shape}, expected a vector of {expected} numbers"
            )
        return values

    def _pixels(self, image: ImageArray, camera: KnownImage, what: str, squared: bool) -> Tensor:
        height, width = checked_image(image, what).shape[:2]
        aspect = 1.0 if squared else camera.aspect
        if min(height, width) < camera.size or abs(width / height - aspect) > 0.02 * aspect:
            raise ImageError(
                f"{what}: got {width}x{height}, expected at least {camera.size}x{camera.size} "
                f"with aspect ratio {aspect:.3g}; crop the image, or train a model for this camera"
            )
        return torch.from_numpy(np.require(image, requirements=["C", "W"])).to(self.device).unsqueeze(0)

    def encode_goal(self, goal: Goal, distance: str) -> EncodedGoal:
        """Encode a goal once.

        Args:
            goal: the goal.
            distance: kind of distance to an image goal, see `Jepa.distance`.

        Raises:
            GoalError: the model lacks a sensor, or its image or numbers do not fit.
        """
        what, known = ("images", self._cameras) if goal.images else ("vectors", self._vectors)
        given = dict(goal.images or goal.vectors)
        if unknown := [name for name in given if name not in known]:
            raise GoalError(
                f"goal: got {what} of {unknown}, expected some of {list(known)}, the model's sensors"
            )
        names = sorted(given, key=known.__getitem__)
        parts = [known[name] for name in names]
        if goal.images:
            try:
                latents = [
                    self.encode(goal.images[name], name, f"goal image of {name}", goal.squared)
                    for name in names
                ]
            except ImageError as error:
                raise GoalError(str(error)) from error
            return EncodedGoal(latents, parts, distance)
        targets = []
        for name, part in zip(names, parts, strict=True):
            values, expected = goal.vectors[name], self.contract.vectors[part].values
            if len(values) != len(expected):
                raise GoalError(f"goal {name}: got {len(values)} values, expected one for each of {expected}")
            targets.append(self.world.normalised(part, self._tensor(values)))
        return EncodedGoal(targets, parts, BY_VECTORS)

    def distance(self, state: Tensor, goal: EncodedGoal) -> float:
        """Return the distance of a state (Z,) from the goal, see `distances`."""
        return self.distances(state.unsqueeze(0), goal)[0]

    def distances(self, states: Tensor, goal: EncodedGoal) -> list[float]:
        """Return the distances to the goal in control steps (N,).

        Args:
            states: (N, Z).
            goal: encoded goal.
        """
        with torch.inference_mode():
            parts = [states.to(self.device)]
            return self.world.distances(parts, goal.targets, goal.parts, goal.kind)[:, 0].tolist()

    def surprise(self, before: Sensed, action: FloatArray, after: Sensed) -> dict[str, float]:
        """Return how far the world deviates from the prediction, by component; 1 is rare, see `Surprise`.

        Args:
            before: observation SURPRISE_BLOCKS action blocks (N) before `after`.
            action: (N K A,) in [-1, 1], as executed between the two.
            after: the later observation.
        """
        with torch.inference_mode():
            values = self.world.surprise(before.state, self._tensor(action), after.state, after.oddness)
        return dict(zip(SURPRISE_NAMES, values.tolist(), strict=True))

    def buffer(self, name: str) -> Tensor:
        """Return a buffer that was fitted to the training data, by its name in `Jepa`."""
        fitted: Tensor = reduce(getattr, name.split("."), self._module.model)
        return fitted.float()

    def inverse_action(self, state: Tensor, goal: EncodedGoal) -> Tensor:
        """Return the action block (K A) in [-1, 1] that leads toward a goal, without search.

        Raises:
            GoalError: a model that sees pictures was given another goal.
        """
        if goal.kind == BY_VECTORS:
            goal = self._whole(state, goal)
        with torch.inference_mode():
            block: Tensor = self.world.inverse_action(state, goal.targets, goal.parts).cpu()
        return block

    def _whole(self, state: Tensor, goal: EncodedGoal) -> EncodedGoal:
        """Return a goal of some sensors as one of all, as the inverse model knows it: others stay."""
        if self.contract.cameras:
            raise GoalError("inverse_model: got a joint goal, expected an image goal; use solver cem or mppi")
        sizes = [len(vector.units) for vector in self.contract.vectors]
        there = state[: sum(sizes)].clone()
        for part, target in zip(goal.parts, goal.targets, strict=True):
            start = sum(sizes[:part])
            there[start : start + len(target)] = target
        return EncodedGoal([there], [0], goal.kind)

    def around(self, make: Callable[[Any], nn.Module], methods: Sequence[str]) -> Any:
        """Return a module built around the world model, compiled with it if that was loaded from a file.

        Args:
            make: receives the world model, and must not call it yet.
            methods: methods of the module to keep besides `forward`.
        """
        module = make(self._module).eval()
        return compiled(module, methods) if is_compiled(self._module) else module

    def searching(self) -> AbstractContextManager[Any]:
        """Compute matrix products in `precision`. Only in the search: states and distances stay float32."""
        if self.precision == torch.float32:
            return torch.inference_mode()  # a disabled autocast takes as long as an enabled one
        stack = ExitStack()
        stack.enter_context(torch.inference_mode())
        stack.enter_context(torch.autocast(self.device.type, self.precision))
        return stack

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
    """Verify, check, load and test a model, in that order; the file is read once.

    Args:
        path: model.pt.
        spec: the robot that it drives.
        sha256: expected hash; default: the sidecar file.
        device: cpu, cuda or auto, see `pick_device`.
        precision: float32, bfloat16, float16 or auto, see `pick_precision`.
        task: required task; None accepts a model of any task.

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
    keep_freed_memory(LARGEST)
    module = load_scripted(file, where)
    check_module(module, contract, str(path), where)
    optional = [camera.name for camera in spec.images if not camera.required]
    return ModelRuntime(module, contract, file.sha256, where, numbers, optional)
