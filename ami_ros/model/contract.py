# SPDX-License-Identifier: Apache-2.0
"""The contract inside model.pt: the model's purpose and its quality."""

from __future__ import annotations

import dataclasses
import json
import sys
import types
import typing
from dataclasses import dataclass
from typing import Any

from ami_ros.body.actions import BESIDE, MEANINGS
from ami_ros.body.robot_spec import RobotSpec
from ami_ros.errors import ContractError, shown
from ami_ros.model.known import KINDS, KnownChannel, KnownImage, KnownSensor, KnownVector, misfits
from ami_ros.model.networks.inputs import Inputs, VectorInput
from ami_ros.settings.strict_text import parse_json

FORMAT_VERSION = 4
POSITIVE = ("rate_hz", "block", "latent_size")
AGAIN = "export the model again"


@dataclass(frozen=True)
class Contract:
    """Everything a model promises; checked against the robot before the model may plan.

    Attributes:
        format_version: format version of this contract.
        task: task that the model was trained for.
        robot: name of the RobotSpec.
        sensors: input sensors: cameras in the order of the latents, then vectors in the order of their
            numbers.
        meaning: meaning of an action.
        rate_hz: actions per second.
        block: control steps per action block (K).
        channels: channel of each number of an action (A).
        latent_size: size of a latent (D).
        action_range: (2, A) smallest and largest action in the data, in the channels' units.
        architecture: settings of the networks, as in config/model.yaml.
        data_sha256: hash of the training episodes.
        weights_sha256: hash of the weights.
        seed: seed of the training.
        code_version: version of ami_ros.
        quality: measured quality, see `ami-ros inspect`.
    """

    format_version: int
    task: str
    robot: str
    sensors: list[KnownSensor]
    meaning: str
    rate_hz: float
    block: int
    channels: list[KnownChannel]
    latent_size: int
    action_range: list[list[float]]
    architecture: dict[str, Any]
    data_sha256: str
    weights_sha256: str
    seed: int
    code_version: str
    quality: dict[str, Any]

    @property
    def cameras(self) -> list[KnownImage]:
        """The cameras, in the order of the latents."""
        return [sensor for sensor in self.sensors if isinstance(sensor, KnownImage)]

    @property
    def vectors(self) -> list[KnownVector]:
        """The other sensors, in the order of their numbers."""
        return [sensor for sensor in self.sensors if isinstance(sensor, KnownVector)]

    @property
    def inputs(self) -> Inputs:
        """Inputs of the networks."""
        return Inputs(
            tuple(camera.name for camera in self.cameras),
            tuple(VectorInput(v.name, len(v.units), len(v.values)) for v in self.vectors),
        )

    @property
    def macro_blocks(self) -> int:
        """Action blocks per macro-action; 0 without macro-actions."""
        return self._number("macro_blocks")

    @property
    def macros(self) -> int:
        """Number of macro-actions."""
        return self._number("macros") if self.macro_blocks else 0

    @property
    def reads_goals(self) -> bool:
        """Whether it reads vectors off goal pictures."""
        return self._number("reading_hidden") > 0 and bool(self.cameras) and bool(self.vectors)

    @property
    def history(self) -> tuple[float, ...]:
        """Time constants of the traces of its vectors, action blocks; none: it needs no earlier readings."""
        value = self.architecture.get("history")
        return tuple(map(float, value)) if isinstance(value, list) else ()

    def _number(self, name: str) -> int:
        """Return a size of the architecture; 0 in older files without it."""
        value = self.architecture.get(name)
        return value if isinstance(value, int) else 0

    @property
    def block_size(self) -> int:
        """Numbers per action block (K A)."""
        return self.block * len(self.channels)

    @property
    def reach(self) -> list[list[float]]:
        """Smallest and largest action block in the data (2, K A): -1 and 1 are the ends of the channels."""

        def share(value: float, channel: KnownChannel) -> float:
            middle, half = 0.5 * (channel.low + channel.high), 0.5 * (channel.high - channel.low)
            return min(1.0, max(-1.0, (value - middle) / half))

        return [self.block * list(map(share, end, self.channels)) for end in self.action_range]

    def to_json(self) -> str:
        """Return the contract as JSON text."""
        return json.dumps(dataclasses.asdict(self), indent=1)

    @classmethod
    def from_json(cls, text: str | bytes, where: str) -> Contract:
        """Parse a contract.

        Raises:
            ContractError: not JSON, another format version, missing or unknown keys, or values that have a
                wrong type or contradict each other.
        """
        try:
            values = parse_json(text)
        except ValueError as error:
            raise ContractError(f"{where}: the contract is not JSON: {error}") from error
        if not isinstance(values, dict) or values.get("format_version") != FORMAT_VERSION:
            raise ContractError(f"{where}: {_of_another_format(values)}")
        contract: Contract = _parsed(values, cls, f"{where}: contract")
        if contradictions := contract._contradictions():
            raise ContractError(f"{where}: contract: {'; '.join(contradictions)}; {AGAIN}")
        return contract

    def _contradictions(self) -> list[str]:
        found = [
            f"{n}: got {getattr(self, n)}, expected more than 0" for n in POSITIVE if getattr(self, n) <= 0
        ]
        if not set(self.meaning.split(BESIDE)) <= set(MEANINGS):
            found.append(f"meaning: got {shown(self.meaning)}, expected one of {list(MEANINGS)}")
        for what, named in (("sensors", self.sensors), ("channels", self.channels)):
            names = [item.name for item in named]
            if len(set(names)) != len(names) or not names:
                found.append(f"{what}: got {shown(names)}, expected distinct names")
        if self.sensors != [*self.cameras, *self.vectors]:
            found.append(f"sensors: got {shown([s.name for s in self.sensors])}, expected the cameras first")
        for camera in self.cameras:
            if camera.size <= 0 or camera.aspect <= 0:
                got = f"size {camera.size} and aspect {camera.aspect}"
                found.append(f"sensor {camera.name}: got {got}, expected more than 0")
        for vector in self.vectors:
            found += _contradictions_of(vector)
        for channel in self.channels:
            if channel.low >= channel.high:
                got = f"{channel.low} to {channel.high}"
                found.append(f"channel {channel.name}: got {got}, expected the smaller number first")
        if [len(bound) for bound in self.action_range] != 2 * [len(self.channels)] or any(
            low > high for low, high in zip(*self.action_range, strict=True)
        ):
            expected = f"smallest and largest for each of {shown([c.name for c in self.channels])}"
            found.append(f"action_range: got {shown(self.action_range)}, expected {expected}")
        return found

    def check(self, spec: RobotSpec, task: str | None = None) -> None:
        """Refuse a robot that the model was not made for, or another task (None accepts any).

        A robot may have sensors that the model does not know.

        Raises:
            ContractError: names every difference, both sides.
        """
        self._check(spec, {"robot": spec.name})
        if task not in (None, self.task):
            raise ContractError(
                f"model was made for task {shown(self.task)}, expected {task!r}; choose another model or task"
            )

    def check_body(self, spec: RobotSpec) -> None:
        """Refuse a robot with other sensors or actions, regardless of its name; the check for fine-tuning.

        Raises:
            ContractError: names every difference, both sides.
        """
        self._check(spec, {})

    def _check(self, spec: RobotSpec, more: dict[str, str]) -> None:
        expected = {
            **more,
            "meaning": spec.actions.meaning,
            "rate_hz": spec.actions.rate_hz,
            "block": spec.actions.block,
        }
        wrong = [
            f"{k}: model {getattr(self, k)}, robot {v}" for k, v in expected.items() if getattr(self, k) != v
        ]
        wrong += misfits(self.sensors, self.channels, spec)
        if wrong:
            raise ContractError(f"model does not fit robot {spec.name!r}: " + "; ".join(wrong))


def _of_another_format(values: Any) -> str:
    got, task = values, None
    if isinstance(values, dict):
        got, task = values.get("format_version"), values.get("task")
    which = task if isinstance(task, str) and task.isidentifier() and len(task) < 100 else "TASK"
    return (
        f"contract format {shown(got)}, expected {FORMAT_VERSION}; files of other versions of "
        f"ami_ros are not read: train the model again with `ami-ros model --task {which}`, or write it from "
        "its "
        "checkpoint with `ami-ros export`"
    )


def _contradictions_of(vector: KnownVector) -> list[str]:
    found, size = [], len(vector.units)
    lengths = {name: len(getattr(vector, name)) for name in ("values", "units", "mean", "std")}
    if len(vector.values) not in (size, size / 2) or not size == len(vector.mean) == len(vector.std):
        expected = "as many, or for joints half as many values"
        found.append(f"sensor {vector.name}: got lengths {lengths}, expected {expected}")
    if len(set(vector.values)) != len(vector.values) or not vector.values:
        found.append(f"sensor {vector.name}: values: got {shown(vector.values)}, expected distinct names")
    if min(vector.std, default=1.0) <= 0:
        found.append(f"sensor {vector.name}: std: got {shown(vector.std)}, expected more than 0")
    return found


def _parsed(value: Any, kind: Any, where: str) -> Any:
    """Return a value of JSON as `kind`: a dataclass, a list of something, a known sensor, or plain."""
    origin = typing.get_origin(kind)
    if origin is types.UnionType:
        name = value.get("kind") if isinstance(value, dict) else value
        if not isinstance(name, str) or name not in KINDS:
            raise ContractError(f"{where}: got kind {shown(name)}, expected one of {list(KINDS)}; {AGAIN}")
        return _parsed(value, KINDS[name], where)
    if dataclasses.is_dataclass(kind):
        hints = typing.get_type_hints(kind)
        if not isinstance(value, dict) or set(value) != set(hints):
            got = sorted(set(value) ^ set(hints)) if isinstance(value, dict) else list(hints)
            raise ContractError(f"{where}: keys differ by {shown(got)}; {AGAIN}")
        return kind(**{name: _parsed(value[name], hint, f"{where}: {name}") for name, hint in hints.items()})  # type: ignore[operator]
    if origin is list and isinstance(value, list):
        return [_parsed(item, typing.get_args(kind)[0], f"{where}[{i}]") for i, item in enumerate(value)]
    if not _fits(value, kind):
        expected = getattr(origin or kind, "__name__", kind)
        raise ContractError(f"{where}: got {shown(value)}, expected {expected}; {AGAIN}")
    return value


def _fits(value: Any, kind: Any) -> bool:
    if kind is float:
        return type(value) in (int, float) and abs(value) <= sys.float_info.max
    return type(value) is (typing.get_origin(kind) or kind)
