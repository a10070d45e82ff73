# SPDX-License-Identifier: Apache-2.0
"""An exploration: explorer, gate and, if it is simulated, the robot as separate processes."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ami_ros.configuration import Configuration
from ami_ros.evaluation.node_group import NodeGroup
from ami_ros.evaluation.ros_episodes import OBSERVERS
from ami_ros.settings.fields import flattened
from ami_ros.system.processes import command_line

if TYPE_CHECKING:
    from ami_ros.ros.clients.exploration import ExplorationClient, Moment


@dataclass(frozen=True)
class Exploration:
    """What is explored, and how.

    Attributes:
        configuration: robot, task, and how it moves.
        state: file that keeps the coverage.
        resume: continue from that file.
        simulated: with our simulator, in lock-step; else on the robot of this shell's ROS domain.
        seed: of the simulated robot's start.
    """

    configuration: Configuration
    state: Path
    resume: bool = False
    simulated: bool = False
    seed: int = 0


class ExplorationRunner(NodeGroup):
    """Context manager that runs the nodes. When it ends, the robot holds.

    Args:
        exploration: what to do.
        log_folder: takes one log file per node.
    """

    def __init__(self, exploration: Exploration, log_folder: Path) -> None:
        super().__init__(log_folder, alone=exploration.simulated)
        self._exploration = exploration
        self._client: ExplorationClient | None = None

    def _join(self) -> None:
        from ami_ros.ros.clients.exploration import ExplorationClient

        simulated = self._exploration.simulated
        client = self._client = ExplorationClient(self._check, simulated, command_line(sys.argv)[1])
        self._open.callback(client.close)
        self._open.callback(client.hold)  # runs first, while gate and robot still run

    def moments(self) -> Iterator[Moment]:
        """Yield a moment now and then, until the exploration is complete.

        Raises:
            ProcessError: a node died or went silent; with the end of its log.
        """
        return iter(()) if self._client is None else self._client.moments()

    @property
    def newest(self) -> Moment | None:
        """The newest progress; None before the explorer's first report."""
        return None if self._client is None else self._client.newest

    def _nodes(self) -> dict[str, tuple[dict[str, Any], dict[str, str]]]:
        wanted = self._exploration
        common = wanted.configuration.node_parameters
        clock = {"use_sim_time": wanted.simulated}
        moving = {it.name: it.value for it in flattened(wanted.configuration.explorer)}
        kept = {"state": str(wanted.state.resolve()), "resume": wanted.resume, "autostart": True}
        nodes: dict[str, tuple[dict[str, Any], dict[str, str]]] = {}
        if wanted.simulated:
            robot = {"lock_step": True, "observers": OBSERVERS, "episode_steps": 0, "seed": wanted.seed}
            nodes["sim"] = ({**common, **robot}, {})
        nodes["safety"] = ({**common, **clock}, {})
        nodes["explorer"] = ({**moving, **common, **clock, **kept}, {})
        return nodes
