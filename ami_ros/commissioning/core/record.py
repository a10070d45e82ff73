# SPDX-License-Identifier: Apache-2.0
"""The record of commissioning one robot with one model; as plain values it outlives processes."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from ami_ros.commissioning.core.trials import FaultTrial, GoalTrial
from ami_ros.errors import ConfigError, shown

FORMAT = 1
SHADOW, SLOW, FAULTS, MEDIUM, FULL = STEPS = ("shadow", "slow", "faults", "medium", "full")
SPEEDS = (SLOW, MEDIUM, FULL)
# As `full`, with the planner's solver of that name: for comparison, not required of a robot.
BASELINES = ("random", "inverse_model")
KNOWN_STEPS = (*STEPS, *BASELINES)


class StepState(str, Enum):
    """Progress of a step."""

    BEGUN = "begun"
    PASSED = "passed"
    FAILED = "failed"


@dataclass(frozen=True)
class Subject:
    """What is commissioned. A record never carries over to another subject.

    Attributes:
        robot: its name.
        task: its name.
        model_sha256: hash of the model.
        simulated: our simulator stood in for the robot.
    """

    robot: str
    task: str
    model_sha256: str
    simulated: bool


@dataclass(frozen=True)
class StepRecord:
    """What one step showed.

    Attributes:
        state: progress.
        when: readable start time.
        settings: config/commission.yaml at that time.
        figures: what was measured.
        problems: why it did not pass.
        goals: goal trials.
        faults: fault trials.
        cosines: between plans and ways, in the shadow step.
    """

    state: StepState
    when: str
    settings: dict[str, Any] = field(default_factory=dict)
    figures: dict[str, Any] = field(default_factory=dict)
    problems: tuple[str, ...] = ()
    goals: tuple[GoalTrial, ...] = ()
    faults: tuple[FaultTrial, ...] = ()
    cosines: tuple[float, ...] = ()


@dataclass(frozen=True)
class Commissioning:
    """All steps.

    Attributes:
        subject: what is commissioned.
        steps: those that were begun, by name.
    """

    subject: Subject
    steps: Mapping[str, StepRecord] = field(default_factory=dict)

    def with_step(self, name: str, record: StepRecord) -> Commissioning:
        """Return a copy with another record of a step."""
        return dataclasses.replace(self, steps={**self.steps, name: record})

    def is_passed(self, name: str) -> bool:
        """Return whether a step has passed."""
        return name in self.steps and self.steps[name].state is StepState.PASSED

    def missing_before(self, name: str) -> tuple[str, ...]:
        """Return the steps that usually precede this one and have not passed."""
        before = STEPS if name in BASELINES else STEPS[: STEPS.index(name)]
        return tuple(step for step in before if not self.is_passed(step))

    def plain(self) -> dict[str, Any]:
        """Return everything as JSON-compatible values."""
        steps = {name: dataclasses.asdict(record) for name, record in self.steps.items()}
        return {"format": FORMAT, "subject": dataclasses.asdict(self.subject), "steps": steps}


def commissioning_of(plain: Mapping[str, Any], subject: Subject) -> Commissioning:
    """Return the record from the result of `Commissioning.plain`.

    Args:
        plain: the values as read.
        subject: what is commissioned now.

    Raises:
        ConfigError: the record has another format, is damaged, or is not of `subject`.
    """
    if plain.get("format") != FORMAT:
        raise ConfigError(f"format: got {shown(plain.get('format'))}, expected {FORMAT}: use another folder")
    try:
        before = Subject(**plain["subject"])
        steps = {name: _step(record) for name, record in plain["steps"].items()}
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ConfigError(f"damaged ({error!r}): use another folder") from error
    if unknown := sorted(set(steps) - set(KNOWN_STEPS)):
        raise ConfigError(f"steps: got {unknown}, expected some of {', '.join(KNOWN_STEPS)}")
    for name, now in dataclasses.asdict(subject).items():
        if (was := getattr(before, name)) != now:
            raise ConfigError(
                f"{name}: began with {shown(was)}, got {shown(now)}; the results of one say nothing about "
                "the other: use another folder"
            )
    return Commissioning(subject, steps)


def _step(plain: Mapping[str, Any]) -> StepRecord:
    faults = [
        FaultTrial(**{**it, "expected": tuple(it["expected"]), "named": tuple(it["named"])})
        for it in plain["faults"]
    ]
    return StepRecord(
        **{
            **plain,
            "state": StepState(plain["state"]),
            "problems": tuple(plain["problems"]),
            "goals": tuple(GoalTrial(**it) for it in plain["goals"]),
            "faults": tuple(faults),
            "cosines": tuple(plain["cosines"]),
        }
    )


def checked_steps(names: str) -> tuple[str, ...]:
    """Return the steps in a text like ``shadow,slow``, in their order; all but BASELINES for an empty one.

    Raises:
        ConfigError: an unknown one.
    """
    wanted = [name.strip() for name in names.split(",") if name.strip()] or list(STEPS)
    if unknown := [name for name in wanted if name not in KNOWN_STEPS]:
        raise ConfigError(
            f"--steps: got {unknown}, expected some of {', '.join(KNOWN_STEPS)}, joined by commas"
        )
    return tuple(step for step in KNOWN_STEPS if step in wanted)
