# SPDX-License-Identifier: Apache-2.0
"""The contract inside model.pt: what the model was made for, and how good it is."""

from __future__ import annotations

import dataclasses
import json
import sys
import typing
from dataclasses import dataclass
from typing import Any

from ami_ros.body.robot_spec import RobotSpec
from ami_ros.errors import ContractError, shown
from ami_ros.strict_text import parse_json

FORMAT_VERSION = 3
POSITIVE = ("control_hz", "action_block", "max_tip_speed", "image_size", "camera_aspect", "latent_size")


@dataclass(frozen=True)
class Contract:
    """Everything a model promises; checked against the robot before the model may plan.

    Attributes:
        format_version: of this contract.
        task: what the model was trained for.
        robot: name of the RobotSpec.
        joint_names: (J,) in the model's order.
        control_mode: what one action means.
        control_hz: actions per second.
        action_block: control steps per action block (K).
        action_axes: (A,) what each number of an action moves along.
        action_size: numbers per action (A).
        max_tip_speed: action of size 1, m/s.
        image_size: side of the image that the encoder sees, px; larger images are area-averaged.
        camera_aspect: width / height of the images in the data.
        frames_of_context: images per observation.
        latent_size: D.
        joint_mean: (2 J,) rad, rad/s.
        joint_std: (2 J,) rad, rad/s.
        action_range: (2, A) smallest and largest action in the data, m/s.
        data_sha256: of the training episodes.
        weights_sha256: of the weights.
        seed: of the training.
        code_version: of ami_ros.
        gates: the measured quality, see `ami-ros inspect`.
    """

    format_version: int
    task: str
    robot: str
    joint_names: list[str]
    control_mode: str
    control_hz: float
    action_block: int
    action_axes: list[str]
    action_size: int
    max_tip_speed: float
    image_size: int
    camera_aspect: float
    frames_of_context: int
    latent_size: int
    joint_mean: list[float]
    joint_std: list[float]
    action_range: list[list[float]]
    data_sha256: str
    weights_sha256: str
    seed: int
    code_version: str
    gates: dict[str, Any]

    def to_json(self) -> str:
        """Return the contract as JSON text."""
        return json.dumps(dataclasses.asdict(self), indent=1)

    @classmethod
    def from_json(cls, text: str | bytes, where: str) -> Contract:
        """Parse a contract.

        Raises:
            ContractError: not JSON, another format version, missing or unknown keys, values of a wrong type,
                or that contradict each other.
        """
        try:
            values = parse_json(text)
        except ValueError as error:
            raise ContractError(f"{where}: the contract is not JSON: {error}") from error
        names = set(cls.__dataclass_fields__)
        if not isinstance(values, dict) or values.get("format_version") != FORMAT_VERSION:
            got = values.get("format_version") if isinstance(values, dict) else values
            raise ContractError(
                f"{where}: contract format {shown(got)}, expected {FORMAT_VERSION}; export the model again"
            )
        if set(values) != names:
            raise ContractError(
                f"{where}: contract keys differ by {sorted(set(values) ^ names)}; export the model again"
            )
        contract = cls(**values)
        kinds = typing.get_type_hints(cls)
        wrong = {name: value for name, value in values.items() if not _fits(value, kinds[name])}
        if wrong:
            expected = {name: str(cls.__dataclass_fields__[name].type) for name in wrong}
            raise ContractError(
                f"{where}: contract: got {shown(wrong)}, expected {expected}; export the model again"
            )
        lengths = {name: len(getattr(contract, name)) for name in ("joint_mean", "joint_std")}
        if set(lengths.values()) != {2 * len(contract.joint_names)}:
            raise ContractError(
                f"{where}: contract: got lengths {lengths}, expected 2 for each of {contract.joint_names}"
            )
        if contradictions := contract._contradictions():
            raise ContractError(f"{where}: contract: {'; '.join(contradictions)}; export the model again")
        return contract

    def _contradictions(self) -> list[str]:
        found = [
            f"{n}: got {getattr(self, n)}, expected more than 0" for n in POSITIVE if getattr(self, n) <= 0
        ]
        if self.frames_of_context != 1:
            found.append(f"frames_of_context: got {self.frames_of_context}, expected 1")
        if len(set(self.joint_names)) != len(self.joint_names) or not self.joint_names:
            found.append(f"joint_names: got {shown(self.joint_names)}, expected distinct names")
        if self.action_size != len(self.action_axes):
            found.append(
                f"action_size: got {self.action_size}, expected one for each of {shown(self.action_axes)}"
            )
        if min(self.joint_std, default=1.0) <= 0:
            found.append(f"joint_std: got {shown(self.joint_std)}, expected more than 0")
        if [len(bound) for bound in self.action_range] != 2 * [len(self.action_axes)] or any(
            low > high for low, high in zip(*self.action_range, strict=True)
        ):
            expected = f"smallest and largest for each of {shown(self.action_axes)}"
            found.append(f"action_range: got {shown(self.action_range)}, expected {expected}")
        return found

    def check(self, spec: RobotSpec, task: str | None = None) -> None:
        """Refuse a robot that the model was not made for, or (None: any) another task.

        Raises:
            ContractError: names every difference, both sides.
        """
        expected = {
            "robot": spec.name,
            "joint_names": list(spec.joint_names),
            "control_mode": spec.actions.meaning,
            "control_hz": spec.actions.rate_hz,
            "action_block": spec.action_block,
            "action_axes": list(spec.actions.names),
            "action_size": spec.action_size,
            "max_tip_speed": spec.max_tip_speed,
            "camera_aspect": spec.camera.aspect,
        }
        wrong = [
            f"{k}: model {getattr(self, k)}, robot {v}" for k, v in expected.items() if getattr(self, k) != v
        ]
        if self.image_size > min(spec.camera.width, spec.camera.height):
            seen = f"{spec.camera.width}x{spec.camera.height}"
            wrong.append(f"image_size: model {self.image_size}, robot's camera {seen}")
        if wrong:
            raise ContractError(f"model does not fit robot {spec.name!r}: " + "; ".join(wrong))
        if task not in (None, self.task):
            raise ContractError(
                f"model was made for task {shown(self.task)}, expected {task!r}; choose another model or task"
            )


def _fits(value: Any, kind: Any) -> bool:
    if typing.get_origin(kind) is list:
        return isinstance(value, list) and all(_fits(item, typing.get_args(kind)[0]) for item in value)
    if kind is float:
        return type(value) in (int, float) and abs(value) <= sys.float_info.max
    return type(value) is (typing.get_origin(kind) or kind)
