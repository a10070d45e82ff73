# SPDX-License-Identifier: Apache-2.0
"""The contract inside model.pt: what the model was made for, and how good it is."""

from __future__ import annotations

import dataclasses
import json
import math
import typing
from dataclasses import dataclass
from typing import Any

from ami_ros.embodiment import RobotSpec
from ami_ros.errors import ContractError

FORMAT_VERSION = 3


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
            ContractError: not JSON, another format version, missing or unknown keys, values of a wrong type.
        """
        try:
            values = json.loads(text)
        except (ValueError, UnicodeDecodeError) as error:
            raise ContractError(f"{where}: the contract is not JSON: {error}") from error
        names = set(cls.__dataclass_fields__)
        if not isinstance(values, dict) or values.get("format_version") != FORMAT_VERSION:
            got = values.get("format_version") if isinstance(values, dict) else values
            raise ContractError(
                f"{where}: contract format {got!r}, expected {FORMAT_VERSION}; export the model again"
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
                f"{where}: contract: got {wrong}, expected {expected}; export the model again"
            )
        lengths = {name: len(getattr(contract, name)) for name in ("joint_mean", "joint_std")}
        if set(lengths.values()) != {2 * len(contract.joint_names)}:
            raise ContractError(
                f"{where}: contract: got lengths {lengths}, expected 2 for each of {contract.joint_names}"
            )
        return contract

    def check(self, spec: RobotSpec) -> None:
        """Refuse a robot that the model was not made for.

        Raises:
            ContractError: names every difference, both sides.
        """
        expected = {
            "robot": spec.name,
            "joint_names": list(spec.joint_names),
            "control_mode": spec.control_mode,
            "control_hz": spec.control_hz,
            "action_block": spec.action_block,
            "action_axes": list(spec.action_axes),
            "action_size": spec.action_size,
            "max_tip_speed": spec.max_tip_speed,
            "camera_aspect": spec.camera.width / spec.camera.height,
        }
        wrong = [
            f"{k}: model {getattr(self, k)}, robot {v}" for k, v in expected.items() if getattr(self, k) != v
        ]
        if wrong:
            raise ContractError(f"model does not fit robot {spec.name!r}: " + "; ".join(wrong))


def _fits(value: Any, kind: Any) -> bool:
    if typing.get_origin(kind) is list:
        return isinstance(value, list) and all(_fits(item, typing.get_args(kind)[0]) for item in value)
    if kind is float:
        return type(value) in (int, float) and math.isfinite(value)
    return type(value) is (typing.get_origin(kind) or kind)
