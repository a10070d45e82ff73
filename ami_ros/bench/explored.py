# SPDX-License-Identifier: Apache-2.0
"""What an exploration covers, and whether it is safe, compared with undirected random motion."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import numpy as np

from ami_ros.body.robot_spec import RobotSpec
from ami_ros.body.survey.home import random_postures
from ami_ros.body.survey.self_contact import SelfContact
from ami_ros.configuration import Configuration
from ami_ros.exploration.planner import ExploringPlanner
from ami_ros.sim.loop.exploring_loop import ExploringLoop
from ami_ros.sim.tasks.by_name import load_task
from ami_ros.sim.world.open_world import open_world

EXPLORER, PLAIN = WAYS = ("explorer", "plain random motion")
POSTURES = 500  # random ones, to find the parts of an arm that always touch
CURVE_S = 60.0  # of motion between two points of the curve


class ExploredBody:
    """One exploration in process.

    Args:
        configuration: robot, task, and how it explores.
        way: one of WAYS; plain random motion has the same speeds and the same gate.

    Attributes:
        planner: reports the progress.
    """

    def __init__(self, configuration: Configuration, way: str) -> None:
        settings = configuration.explorer
        if way == PLAIN:
            settings = dataclasses.replace(settings, pull=0.0)
        self.planner = ExploringPlanner(configuration.spec, settings)
        self._configuration = configuration
        self._contact = _self_contact(configuration.spec)
        self._world = open_world(configuration.spec, configuration.sim.physics_hz)
        self._loop = ExploringLoop(self._world, configuration.spec, configuration.safety)
        self._steps = self._self_touched = 0
        self._curve: list[tuple[float, float]] = []

    def run(self) -> Iterator[None]:
        """Explore until done; yield after each control step."""
        configuration, planner = self._configuration, self.planner
        task = load_task(configuration.task, configuration.spec)
        task.furnish(self._world)
        for _ in self._loop.run(planner, task.episode(configuration.explorer.seed)):
            self._steps += 1
            joints = self._world.body().get("joints")
            if self._contact is not None and joints is not None:
                self._self_touched += bool(self._contact.touching(joints))
            moved_s = planner.progress.moved_s
            if moved_s >= CURVE_S * (len(self._curve) + 1):
                self._curve.append((round(moved_s / 60.0, 2), planner.coverage.cells.share))
            yield

    def figures(self) -> dict[str, Any]:
        """Return the results, ready for JSON; touch is None for a body without arm."""
        come, coverage, oracle = self.planner.progress, self.planner.coverage, self._loop.oracle
        is_arm = self._contact is not None
        return {
            "minutes": come.moved_s / 60.0,
            "ended": self.planner.finished or "the gate stopped the robot",
            "cells": coverage.cells.share,
            "cells_fast": coverage.fast.share,
            "views": come.views,
            "held_back": come.contacts,
            "steps": self._steps,
            "unsafe_commands": oracle.unsafe,
            "unsafe_by_kind": oracle.counts,
            "moved_after_stop": oracle.moved_after_stop,
            "touched_steps": self._loop.touched if is_arm else None,
            "self_touched_steps": self._self_touched if is_arm else None,
            "levels": self._loop.levels,
            "cells_by_minute": self._curve,
        }

    def close(self) -> None:
        """Free the simulator."""
        self._world.close()


def _self_contact(spec: RobotSpec) -> SelfContact | None:
    if not spec.arms:
        return None
    contact = SelfContact(spec, random_postures(spec, POSTURES, np.random.default_rng(0)))
    contact.allow(spec.home)  # hulls are larger than the parts they enclose
    return contact
