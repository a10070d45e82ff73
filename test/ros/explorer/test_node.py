# SPDX-License-Identifier: Apache-2.0
"""The explorer in the planner's place, over real DDS: it moves a plant through the gate, and knows when not to."""

from __future__ import annotations

import json

from bodies.yaml_bodies import process_body, setpoint_task
from diagnostic_msgs.msg import DiagnosticArray
from heard_verdicts import listen_to_gate
from std_msgs.msg import String
from std_srvs.srv import SetBool

from ami_ros.exploration.progress import Progress
from ami_ros.exploration.state_file import read_exploration
from ami_ros.ros.wire.goal_status import GoalState, GoalStatus, status_from_ros
from ami_ros.types import Level


class Watched:
    """What the nodes say of an exploration in lock-step."""

    def __init__(self, probe) -> None:
        self._statuses = probe.listen(DiagnosticArray, "planner/goal_status", 500)
        self._judgements = listen_to_gate(probe)
        self._truths = probe.listen(String, "sim/truth", 100)
        self._probe = probe

    @property
    def status(self) -> GoalStatus | None:
        return status_from_ros(self._statuses[-1]) if self._statuses else None

    @property
    def progress(self) -> Progress:
        return Progress.of_numbers({} if self.status is None else self.status.progress)

    def passed(self) -> int:
        judged = [j for j in self._judgements if j.proposal_stamp_ns is not None]
        return sum(judgement.verdict.level <= Level.LIMITED for judgement in judged)

    def until(self, state: GoalState, says: str) -> GoalStatus:
        def told() -> bool:
            status = self.status
            return status is not None and status.state is state and says in status.reason

        self._probe.until(told, f"{state}: {says}; newest: {self.status}")
        return self.status

    def unsafe(self) -> dict[str, int]:
        return json.loads(self._truths[-1].data)["unsafe_by_kind"]


def test_it_explores_pauses_is_stopped_and_resumes_after_it_was_killed(start, probe, tmp_path):
    robot, task, file = process_body(tmp_path), setpoint_task(tmp_path), tmp_path / "explored.json"
    names, clock = {"robot": str(robot), "task": str(task)}, {"use_sim_time": True}
    how = {"state": str(file), "state_s": 0.2, "least_growth": 0.0, "cells": 6}
    watched = Watched(probe)
    start("sim", **names, lock_step=True, observers=2)
    start("safety", **names, **clock)
    explorer = start("explorer", **names, **clock, **how, autostart=True)
    probe.call(SetBool, "sim/pause", data=False)
    probe.until(lambda: watched.progress.body > 0.15, "a plant that is explored")
    assert watched.status.state is GoalState.MOVING and watched.passed() > 5

    assert probe.call(SetBool, "explorer/pause", data=True).success
    paused = watched.until(GoalState.PAUSED, "~/pause")
    probe.spin(0.3)
    assert watched.progress.moved_s == Progress.of_numbers(paused.progress).moved_s
    probe.call(SetBool, "explorer/pause", data=False)
    watched.until(GoalState.MOVING, "least")

    assert probe.call(SetBool, "safety/estop", data=True).success
    watched.until(GoalState.WAITING, "continues after ~/rearm")
    assert watched.progress.episodes == 1
    probe.call(SetBool, "safety/estop", data=False)
    probe.rearm()
    watched.until(GoalState.MOVING, "least")
    assert watched.progress.episodes == 2

    probe.until(lambda: read_exploration(file)["episodes"] == 2, "a state that is kept")
    explorer.kill()
    kept = read_exploration(file)
    start("explorer", **names, **clock, **how, autostart=True, resume=True, minutes=0.1)
    probe.until(lambda: watched.progress.episodes == 3, "an exploration that goes on")
    assert watched.progress.moved_s >= kept["moved_s"] and watched.progress.body > 0.15
    watched.until(GoalState.ARRIVED, "0.1 minutes are over")
    assert watched.progress.finished and watched.unsafe() == {}


def test_time_counts_only_with_a_gate_that_lets_the_body_move(start, probe, tmp_path):
    names = {"robot": str(process_body(tmp_path)), "task": str(setpoint_task(tmp_path))}
    watched = Watched(probe)
    start("sim", **names, episode_steps=100_000)
    start("explorer", **names, autostart=True, least_growth=0.0)
    probe.call(SetBool, "sim/pause", data=False)
    watched.until(GoalState.MOVING, "least")
    probe.spin(1.0)
    assert watched.progress.moved_s == 0.0
    start("safety", **names)
    probe.until(lambda: watched.progress.moved_s > 0.5, "motion")
