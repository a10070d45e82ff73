# SPDX-License-Identifier: Apache-2.0
"""Short episodes with one fault each, over real DDS; surviving processes keep running."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ami_ros.errors import ConfigError
from ami_ros.evaluation.experiment import Experiment
from ami_ros.evaluation.ros_episodes import RosRunner
from ami_ros.launching.environment import without_dds_profile
from ami_ros.planning.routes.settings import OFF
from ami_ros.sim.faults.kinds import ESTOP_FLOODED, OVERSIZED_IMAGE, SECOND_GATE
from ami_ros.system.processes import NODE_PROGRAMS, NodeProcess, command_line

if TYPE_CHECKING:
    from ami_ros.bench.faults import FaultRun
    from ami_ros.ros.attacks.faults import FaultClient
    from ami_ros.sim.tasks.task import Episode

FAR = 0.3  # m, least distance from start to goal: the arm must be in motion when something breaks
FAR_SHARE = 0.2  # least share of a channel's range from rest to goal, for the same reason
SEARCHED = 1000  # seeds tried per far one
# Wall time that the lock-step waits for what a dead process will never send.
LOCK_STEP_PATIENCE = {"verdict_timeout_s": 2.0, "tick_timeout_s": 1.0}
# The explorer replaces the planner: at full speed, as a planner may be, and for as long as it takes.
EXPLORING = {"speed": 1.0, "minutes": 100_000.0, "least_growth": 0.0}
STRANGER = "ami_ros.ros.attacks.stranger"
# Fault -> how many strangers there are, and what they do.
STRANGERS: dict[str, tuple[int, dict[str, Any]]] = {
    ESTOP_FLOODED: (2, {"sends": "releases", "rate_hz": 4000.0}),
    OVERSIZED_IMAGE: (1, {"sends": "images", "rate_hz": 2.0}),
}
VICTIMS = {"planner_killed": "planner", "planner_hung": "planner", "gate_killed": "safety"}


class FaultRunner(RosRunner):
    """Simulator, gate, planner, and the node that spoils its proposals, while the block runs.

    Lock-step runs the same in simulated time, so that a busy machine changes only the wall time.

    Args:
        experiment: what to run.
        log_folder: takes one log file per node.
        real_time: run by the wall clock.
        explores: the explorer moves the body, in the planner's place.
    """

    _client: FaultClient

    def __init__(
        self, experiment: Experiment, log_folder: Path, real_time: bool = True, explores: bool = False
    ) -> None:
        super().__init__(experiment, log_folder, real_time)
        self._explores = explores
        self._victim = ""
        self._others: list[NodeProcess] = []

    def _connect(self) -> FaultClient:
        from ami_ros.ros.attacks.faults import FaultClient

        arguments = command_line(sys.argv)[1]
        spec, task = self._experiment.spec, self._task
        return FaultClient(spec, task, self._check, self._signal, arguments, not self._explores)

    def _nodes(self) -> dict[str, tuple[dict[str, Any], dict[str, str]]]:
        nodes = super()._nodes()
        simulator, _ = nodes["sim"]
        simulator |= LOCK_STEP_PATIENCE
        if self._explores:
            common, clock = self._experiment.configuration.node_parameters, not self._real_time
            nodes["planner"] = ({**EXPLORING, **common, "use_sim_time": clock, "autostart": True}, {})
        _, planner_topics = nodes["planner"]
        planner_topics["planner/proposed"] = "bad_planner/proposed_in"
        nodes["bad_planner"] = ({"use_sim_time": not self._real_time}, {})
        return nodes

    def _program(self, node: str) -> str | Path:
        if node == "planner" and self._explores:
            return NODE_PROGRAMS["explorer"]
        return "ami_ros.ros.attacks.bad_planner" if node == "bad_planner" else super()._program(node)

    def inject(self, name: str, seed: int) -> FaultRun:
        """Run the fault `name` in the episode of `seed`.

        Raises:
            ProcessError: a node died unexpectedly or did not answer, or the body did not move.
        """
        try:
            return self._client.inject(name, seed)
        finally:
            self._restore()

    def _signal(self, name: str) -> None:
        if name == SECOND_GATE:
            parameters, _ = self._nodes()["safety"]
            self._start_other(NODE_PROGRAMS["safety"], SECOND_GATE, parameters, self._environment)
            return
        if name in STRANGERS:
            count, parameters = STRANGERS[name]
            if name == OVERSIZED_IMAGE:
                parameters = {**parameters, "topic": self._experiment.spec.camera.topic}
            environment = without_dds_profile(self._environment)
            for number in range(count):
                self._start_other(STRANGER, f"stranger_{number}", parameters, environment)
            return
        self._victim = VICTIMS[name]
        process = self._processes[self._victim]
        if name == "planner_hung":
            os.kill(process.pid, signal.SIGSTOP)
        else:
            process.kill()

    def _start_other(
        self, program: str | Path, name: str, parameters: dict[str, Any], environment: Mapping[str, str]
    ) -> None:
        log = self._log_folder / f"{name}.log"
        self._others.append(NodeProcess(program, log, environment, parameters, {"__node": name}))

    def _restore(self) -> None:
        while self._others:
            self._others.pop().terminate()
        victim, self._victim = self._victim, ""
        if not victim:
            return
        process = self._processes[victim]
        if process.exit_code is None:
            os.kill(process.pid, signal.SIGCONT)
        else:
            self._launch(victim)

    def _check(self) -> None:
        for node, process in self._processes.items():
            if node != self._victim:
                process.check()


def fault_matrix(runner: FaultRunner, names: Sequence[str], seeds: Sequence[int]) -> Iterator[FaultRun]:
    """Run every fault of `names` with every seed."""
    for name in names:
        for seed in seeds:
            yield runner.inject(name, seed)


def far_seeds(experiment: Experiment, first: int, count: int) -> tuple[int, ...]:
    """Return the first `count` seeds from `first` with a far goal, so that the body moves for a while.

    Raises:
        ConfigError: there are none: the task's goals are all near.
    """
    task, is_far = experiment.load_task(), _farness(experiment)
    found: list[int] = []
    for seed in range(first, first + SEARCHED * count):
        if is_far(task.episode(seed)):
            found.append(seed)
        if len(found) == count:
            return tuple(found)
    raise ConfigError(f"task {experiment.task}: {len(found)} goals are far enough away, expected {count}")


def _farness(experiment: Experiment) -> Callable[[Episode], bool]:
    """Return a predicate: is the goal of an episode far from the body's start?"""
    spec = experiment.spec
    if experiment.planner.route != OFF:
        return lambda episode: True  # the detour is long
    if spec.arms and spec.gripper is not None:
        return lambda episode: True  # with a gripper it goes to an object first
    if spec.arms:
        from ami_ros.body.kinematics import Kinematics

        forward = Kinematics(spec).forward
        return lambda episode: bool(np.linalg.norm(episode.goal_position - forward(episode.start)[0]) >= FAR)
    if spec.standstill is None:  # the channels begin at rest and end at the goal
        least = FAR_SHARE * 2.0 * spec.actions.half_range
        return lambda episode: bool((np.abs(episode.goal - spec.home) >= least).any())
    return lambda episode: True  # a base moves to every goal: a task begins outside its tolerances
