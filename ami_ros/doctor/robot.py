# SPDX-License-Identifier: Apache-2.0
"""Whether a robot's files fit together: limits, workspace, model."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from ami_ros.doctor.finding import Finding
from ami_ros.errors import AmiError, JudgementError

if TYPE_CHECKING:
    from ami_ros.evaluation.experiment import Experiment

    Prepare = Callable[[str | None, str | None, Path | None], Experiment]

GRID = 4  # places along each side of the workspace
CORNERS = 4  # of these places may be out of reach
DIRECTIONS = 3  # in which a tip moves


def limits(robot: str | None, task: str | None) -> Finding:
    """Check that the gate has limits to enforce and settings, and knows where the links are."""
    from ami_ros.configuration import Configuration
    from ami_ros.safety.body_groups import BodyGroups
    from ami_ros.settings.task_file import known_tasks

    try:
        configuration = Configuration.load(robot, task)
        spec = configuration.spec
        BodyGroups.of_robot(spec)
        _ = configuration.safety
    except AmiError as error:
        return Finding("robot", "fail", str(error), "correct its YAML or URDF: see config/robots/panda.yaml")
    what = f"{spec.name}: {', '.join(spec.sensors)}; commanded channels: {len(spec.command_names)}"
    if free := spec.limits.unlimited():
        advice = "the gate cannot check channels without limits: add existing limits to the robot's YAML"
        return Finding("robot", "warn", f"{what}, without limit of {', '.join(free)}", advice)
    unknown = sorted(set(spec.tasks) - {*known_tasks(), configuration.task_name})
    if unknown:
        found = f"{what}; tasks: {', '.join(unknown)}: not in config/tasks"
        advice = f"available tasks: {', '.join(known_tasks())}; name your own by its path: --task PATH"
        return Finding("robot", "warn", found, advice)
    return Finding("robot", "ok", what)


def workspace(robot: str | None, task: str | None) -> Finding:
    """Check that an arm reaches all of its workspace, with the orientation at home unless that is free."""
    import itertools

    import numpy as np

    from ami_ros.body.kinematics import Kinematics
    from ami_ros.configuration import Configuration
    from ami_ros.errors import KinematicsError

    try:
        spec = Configuration.load(robot, task).spec
        if not spec.arms:
            return Finding("workspace", "ok", "no arm")
        kinematics = Kinematics(spec)
    except AmiError as error:
        return Finding("workspace", "fail", str(error), "see robot above")
    corners, beyond = spec.workspace, []
    for share in itertools.product(np.linspace(0.0, 1.0, GRID), repeat=3):
        place = corners[0] + np.array(share) * (corners[1] - corners[0])
        try:
            kinematics.solve(place)
        except KinematicsError:
            beyond.append(np.round(place, 3).tolist())
    if len(beyond) <= CORNERS:  # tasks draw again if a goal is too far out
        return Finding("workspace", "ok", f"{GRID**3 - len(beyond)} of {GRID**3} places in it are reachable")
    advice = "shrink arm.workspace, or change the tip's orientation at arm.home"
    if len(spec.joint_names) < DIRECTIONS:
        advice = f"{spec.tip_frame} needs {DIRECTIONS} joints or more to reach goals: name another tip"
    found = f"{len(beyond)} of {GRID**3} places in it are out of reach, the first {beyond[0]}"
    return Finding("workspace", "warn" if len(beyond) < GRID**3 // 2 else "fail", found, advice)


def shipped(robot: str | None, task: str | None, model: Path | None, prepare: Prepare) -> Finding:
    """Check the model's hash, and its contract against the robot; `prepare` loads all three."""
    from ami_ros.configuration import Configuration, options_of

    make = f"ami-ros model{options_of(robot, task)}"
    try:
        if model is None and not (file := Configuration.load(robot, task).shipped_model).is_file():
            advice = f"to plan, train one: {make}"
            return Finding("model", "warn", f"none yet for this robot and task: {file}", advice)
        experiment = prepare(robot, task, model)
    except JudgementError as error:
        advice = "ami-ros inspect says why; record more data and train longer"
        return Finding("model", "fail", str(error).splitlines()[0], advice)
    except AmiError as error:
        return Finding("model", "fail", str(error), f"name another with --model, or train one: {make}")
    fits = f"fits {experiment.spec.name}"
    return Finding("model", "ok", f"{experiment.model.parent.name}, SHA-256 {experiment.sha256[:12]}, {fits}")
