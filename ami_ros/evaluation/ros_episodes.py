# SPDX-License-Identifier: Apache-2.0
"""Episodes through ROS 2: simulator, planner and gate as separate processes over DDS."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ami_ros.body.goals.kinds import goal_remappings
from ami_ros.evaluation.experiment import Experiment
from ami_ros.evaluation.node_group import NodeGroup
from ami_ros.settings.fields import flattened
from ami_ros.system.processes import command_line

if TYPE_CHECKING:
    from ami_ros.report.gate_statistics import GateCounts
    from ami_ros.ros.clients.episodes import EpisodeClient
    from ami_ros.sim.loop.closed_loop import EpisodeResult

OBSERVERS = 2  # subscribers per sensor that the simulator waits for: planner and gate


class RosRunner(NodeGroup):
    """Context manager that runs the three nodes.

    Args:
        experiment: what to run.
        log_folder: takes one log file per node.
        real_time: run by the wall clock; else in lock-step, as fast as the machine allows.
        attach: join nodes that already run in this shell's domain, instead of starting any.
        films: also ask the planner what it expects to see, for a report.

    Attributes:
        faults: unsafe commands and timeouts that the simulator counted.
        gate: what the gate did, per episode.
    """

    def __init__(
        self,
        experiment: Experiment,
        log_folder: Path,
        real_time: bool,
        attach: bool = False,
        films: bool = False,
    ) -> None:
        super().__init__(log_folder, attach=attach)
        self._experiment, self._real_time, self._films = experiment, real_time, films
        self._task = experiment.load_task()
        self.faults: dict[str, int] = {}
        self.gate: list[GateCounts] = []

    def _join(self) -> None:
        self._client = self._connect()
        self._open.callback(self._client.close)

    def _connect(self) -> EpisodeClient:
        from ami_ros.ros.clients.episodes import EpisodeClient

        arguments = command_line(sys.argv)[1]
        spec, task = self._experiment.spec, self._task
        return EpisodeClient(spec, task, self._check, arguments, films=self._films)

    def episodes(self) -> Iterator[EpisodeResult]:
        """Run every episode of the experiment.

        Raises:
            ProcessError: a node died or did not answer; with the end of its log.
        """
        for seed in self._experiment.seeds:
            joints = self._task.episode(seed).goal if self._experiment.by_joints else None
            result = self._client.run(seed, self._task.episode_steps, joints)
            self.faults, self.gate = self._client.faults, self._client.gate
            yield result

    def pids(self) -> dict[str, int]:
        """Return the process ids of robot, gate and planner."""
        return {name: self._processes[name].pid for name in ("sim", "safety", "planner")}

    def _nodes(self) -> dict[str, tuple[dict[str, Any], dict[str, str]]]:
        experiment, lock_step = self._experiment, not self._real_time
        common = experiment.configuration.node_parameters
        clock = {"use_sim_time": lock_step}
        planning = {it.name: it.value for it in flattened(experiment.planner)}
        planner = {"model": str(experiment.model.resolve()), "autostart": True}
        planner |= {"memory": str(experiment.memory)} if experiment.memory else {}
        shown = {} if experiment.by_joints else dict(goal_remappings(experiment.spec, "sim"))
        wanted = experiment.perturbation
        how = {"perturb_scale": wanted.scale, "perturb_exactly": wanted.exactly}
        looks = {"perturb": wanted.name, **how} if wanted.name else {}
        looks |= {"map": experiment.map} if experiment.map else {}
        simulator = {"lock_step": lock_step, "observers": OBSERVERS, **looks}
        return {
            "sim": ({**common, **simulator, "episode_steps": self._task.episode_steps}, {}),
            "safety": ({**common, **clock}, {}),
            "planner": ({**planning, **common, **clock, **planner}, shown),
        }
