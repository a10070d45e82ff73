# SPDX-License-Identifier: Apache-2.0
"""Views remembered by name, and requested after every process was replaced."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ami_ros.evaluation.experiment import Experiment
from ami_ros.evaluation.ros_episodes import RosRunner
from ami_ros.system.processes import command_line

if TYPE_CHECKING:
    from ami_ros.ros.clients.named_goals import NamedGoals
    from ami_ros.sim.loop.closed_loop import EpisodeResult


class NamedRunner(RosRunner):
    """The three nodes, in lock-step.

    Args:
        experiment: one episode per view, which is the image at its goal; with memory on.
        log_folder: takes one log file per node.
        asks: True requests the names that another runner gave.
    """

    def __init__(self, experiment: Experiment, log_folder: Path, asks: bool) -> None:
        super().__init__(experiment, log_folder, real_time=False)
        self._asks = asks

    def _connect(self) -> NamedGoals:
        from ami_ros.ros.clients.named_goals import NamedGoals

        client = NamedGoals(self._experiment.spec, self._task, self._check, command_line(sys.argv)[1])
        client.asks = self._asks
        return client

    def _nodes(self) -> dict[str, tuple[dict[str, Any], dict[str, str]]]:
        nodes = super()._nodes()
        parameters, shown = nodes["planner"]
        # A planner that gets a name must not receive the simulator's goal.
        nodes["planner"] = (parameters, {} if self._asks else shown)
        return nodes

    def episodes(self) -> Iterator[EpisodeResult]:
        """Run every episode; each view is named after its seed. Raises ProcessError as `RosRunner`."""
        for seed in self._experiment.seeds:
            self._client.name = f"view {seed}"  # type: ignore[attr-defined]
            yield self._client.run(seed, self._task.episode_steps)
